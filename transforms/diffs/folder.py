"""Git diffs without the `---` and `+++` lines that only repeat the names of the `diff --git` line.

In commit logs, also the authors' addresses are said once (`transforms.diffs.authors`).

    diff --git a/src/app.py b/src/app.py
    index 83db48f..bf269f4 100644
    --- a/src/app.py
    +++ b/src/app.py
    @@ -1,3 +1,4 @@

becomes, below a legend of one line,

    diff --git a/src/app.py b/src/app.py
    index 83db48f..bf269f4 100644
    @@ -1,3 +1,4 @@

Contract: lossless to the character. Renamed files, quoted names and other prefixes than `a/` and `b/` keep their
lines. Returns None for a diff that is folded already, or where the legend costs more than it saves.
"""

import re

from transforms.contract import Block, Kind
from transforms.diffs.authors import fold_authors, unfold_authors
from transforms.folding import Folding

_LEGEND = '[diff folded: "--- a/F" and "+++ b/F" (new or deleted: /dev/null) go after each "index"]\n'
_HEAD = (
    r"^(?P<kept>diff --git a/(?P<name>[^\n]{1,1000}) b/(?P=name)\n"
    r"(?P<modes>(?:(?:old mode|new mode|new file mode|deleted file mode|index) [^\n]*\n)*))"
)
_WHOLE = re.compile(
    _HEAD + r"--- (?P<old>a/(?P=name)|/dev/null)\n\+\+\+ (?P<new>b/(?P=name)|/dev/null)\n(?=@@ )", re.MULTILINE
)
_FOLDED = re.compile(_HEAD + r"(?=@@ )", re.MULTILINE)


class DiffFolder(Folding):
    """Says each file's name once."""

    name = "diff_folder"
    kinds = frozenset({Kind.DIFF})
    lines_stand_alone = True

    def fold(self, block: Block) -> str | None:
        """The diff below its legends, or None when that is no shorter."""
        if self.unfold(block.text) is not None:
            return None
        text = fold_authors(block.text)
        folded = _LEGEND + _WHOLE.sub(_without_names, text)
        text = folded if len(folded) < len(text) else text
        return text if text != block.text else None

    def unfold(self, text: str) -> str | None:
        """None for a text without our legends."""
        log = text
        if text.startswith(_LEGEND):
            log = _FOLDED.sub(lambda head: head["kept"] + _names(head), text.removeprefix(_LEGEND))
        plain = unfold_authors(log)
        return None if plain == text else plain


def _without_names(head: re.Match[str]) -> str:
    told = f"--- {head['old']}\n+++ {head['new']}\n"
    return head["kept"] if told == _names(head) else head[0]


def _names(head: re.Match[str]) -> str:
    """The two lines that the `diff --git` line and the modes imply."""
    modes = head["modes"]
    old = "/dev/null" if "new file mode" in modes else f"a/{head['name']}"
    new = "/dev/null" if "deleted file mode" in modes else f"b/{head['name']}"
    return f"--- {old}\n+++ {new}\n"
