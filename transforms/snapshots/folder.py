"""Page snapshots of browser tools with what follows from the lines around said once.

    - listitem [ref=e76]:
      - link "Rules" [ref=e78] [cursor=pointer]:    →    - listitem > link "Rules" [ref=e78]: /url: "#rules"
        - /url: "#rules"

What an agent acts on (links, buttons, fields, whatever has a name) keeps its reference verbatim. Contract: lossless to
the character.
"""

from transforms.contract import Block, Kind
from transforms.folding import Folding
from transforms.snapshots import devtools, playwright

_DIALECTS = (playwright, devtools)


class SnapshotFolder(Folding):
    """Folds the trees of Playwright MCP and Chrome DevTools MCP.

    Known limitation: a snapshot that was cut into pages in the middle of a line is left alone from there on.
    """

    name = "snapshot_folder"
    kinds = frozenset({Kind.SNAPSHOT})
    lines_stand_alone = True  # the legend tells only what went; a line's names, refs and addresses are its own

    def fold(self, block: Block) -> str | None:
        """The snapshot below a legend; None if the text is none, or reads as a folded one."""
        text = block.text
        if self.unfold(text) is not None:
            return None
        return next((folded for dialect in _DIALECTS if (folded := dialect.encode(text)) is not None), None)

    def unfold(self, text: str) -> str | None:
        """None for a text without a legend."""
        return next((plain for dialect in _DIALECTS if (plain := dialect.decode(text)) is not None), None)
