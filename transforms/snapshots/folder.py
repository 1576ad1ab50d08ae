"""Page snapshots of browser tools with what follows from the lines around said once.

    - listitem [ref=e76]:
      - link "Rules" [ref=e78] [cursor=pointer]:    →    - listitem > link "Rules" [ref=e78]: /url: "#rules"
        - /url: "#rules"

What an agent acts on (links, buttons, fields, whatever has a name) keeps its reference verbatim. Contract: lossless,
`decode(encode(text))` is `text` to the character.
"""

from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.snapshots import devtools, playwright

_DIALECTS = (playwright, devtools)


class SnapshotFolder:
    """Folds the trees of Playwright MCP and Chrome DevTools MCP.

    Known limitation: a snapshot that was cut into pages in the middle of a line is left alone from there on.
    """

    name = "snapshot_folder"
    kinds = frozenset({Kind.SNAPSHOT})
    loss = Loss.LOSSLESS
    lines_stand_alone = True  # the legend tells only what went; a line's names, refs and addresses are its own

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The folded form of `block.text`, or None where it is no snapshot, or is folded already."""
        text = encode(block.text)
        return None if text is None else Rewrite(text)

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether the snapshot written out again is `original`."""
        return decode(rewritten) == original


def encode(text: str) -> str | None:
    """The folded form; None if `text` is no snapshot, or reads as a folded one."""
    if decode(text) != text:
        return None
    return next((folded for dialect in _DIALECTS if (folded := dialect.encode(text)) is not None), None)


def decode(text: str) -> str:
    """The inverse of `encode`."""
    return next((plain for dialect in _DIALECTS if (plain := dialect.decode(text)) is not None), text)
