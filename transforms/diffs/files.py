"""The parts of a diff: files, hunks and the data of binary patches, as ranges of line numbers counted from 0.

Reads what git (`diff`, `show`, `log -p`, `format-patch`, combined diffs of merges), `diff -u`, svn and hg write.
Lines are told by the counts of their hunk header, so a deleted line `-- x` is not taken for a file header.
Contract: pure, linear, never raises; what is no diff gives no files.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

_HUNK = re.compile(r"(?P<ats>@@+) (?P<ranges>(?:[-+]\d{1,9}(?:,\d{1,9})? )+)(?P=ats)")
_RANGE = re.compile(r"([-+])\d+(?:,(\d+))?")
_GIT = re.compile(r'diff --git "?a/(?P<old>.*?)"? "?b/(?P<new>.*?)"?\r?')
_OTHER = re.compile(r"(?:diff --(?:cc|combined) |Index: |diff (?:-\S+ )+)(?P<path>[^\r]*)")
_NAME = re.compile(r"^(?:---|\+\+\+) (?:[ab]/)?([^\t\r]*)")


@dataclass(slots=True)
class Hunk:
    """A hunk, or the data of a binary patch."""

    head: int
    """The line of the header: `@@ ... @@`, or `GIT binary patch`."""
    last: int
    """The last line that belongs to it; `head` when it has no lines."""
    width: int
    """Columns of marks before each line: 1, in a combined diff one for each parent; 0 for binary data."""


@dataclass(slots=True)
class DiffFile:
    """One file of a diff."""

    path: str
    """Its name after the change, without `a/` and `b/`; of a deleted file the name it had."""
    deleted: bool = False
    hunks: list[Hunk] = field(default_factory=list)


def diff_files(lines: Sequence[str]) -> list[DiffFile]:
    """The files in `lines`, in their order."""
    files: list[DiffFile] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if (path := _opened(line)) is not None:
            files.append(DiffFile(path))
        elif line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
            _name(files, line, lines[at + 1])
            at += 1
        elif files and (hunk := _hunk(lines, at)) is not None:
            files[-1].hunks.append(hunk)
            at = hunk.last
        elif files:
            files[-1].deleted |= line.startswith("deleted file mode ")
        at += 1
    return [file for file in files if file.hunks]


def context_runs(lines: Sequence[str], hunk: Hunk) -> list[tuple[int, int]]:
    """The runs of unchanged lines between two changes, or between a change and an end of the hunk."""
    changes = [at for at in range(hunk.head + 1, hunk.last + 1) if mark(lines[at], hunk.width) != " "]
    bounds = [hunk.head, *changes, hunk.last + 1]
    return [(low + 1, high - 1) for low, high in pairwise(bounds) if high - low > 1]


def mark(line: str, width: int) -> str:
    """What a line of a hunk is: `+` added, `-` removed, a space for unchanged, a backslash for a remark."""
    return _sign(line[:width])


@lru_cache(maxsize=256)
def _sign(marks: str) -> str:
    return next((sign for sign in "-+\\" if sign in marks), " ")


def _opened(line: str) -> str | None:
    """The path in a line that opens a file's part of a diff."""
    if not line.startswith(("diff ", "Index: ")):
        return None
    found = _GIT.fullmatch(line)
    if found is None:
        other = _OTHER.match(line)
        return other["path"].rpartition(" ")[2] if other is not None else None
    # "a/X b/X" is halved where both names are the same, which also holds for names with " b/" in them
    halves = line.removeprefix("diff --git a/").rstrip("\r")
    half = halves[: (len(halves) - 3) // 2]
    return half if halves == f"{half} b/{half}" else found["new"]


def _name(files: list[DiffFile], old: str, new: str) -> None:
    """Take the names of a `---` and a `+++` line; without a line that opened the file, they open it."""
    (before,), (after,) = _NAME.findall(old), _NAME.findall(new)
    gone = after == "/dev/null"
    path = before if gone else after
    if not files or files[-1].hunks:
        files.append(DiffFile(path))
    files[-1].path = path or files[-1].path
    files[-1].deleted |= gone


def _hunk(lines: Sequence[str], at: int) -> Hunk | None:
    if lines[at].startswith("GIT binary patch"):
        return _binary(lines, at)
    head = _HUNK.match(lines[at]) if lines[at].startswith("@@") else None
    if head is None:
        return None
    counts = [(sign, int(count or 1)) for sign, count in _RANGE.findall(head["ranges"])]
    width = len(head["ats"]) - 1
    if [sign for sign, _ in counts] != ["-"] * width + ["+"]:
        return None
    return Hunk(at, _last(lines, at, [count for _, count in counts]), width)


def _last(lines: Sequence[str], head: int, left: list[int]) -> int:
    """The last line of the hunk at `head`; `left` are the lines of each parent, then those of the result."""
    width, at = len(left) - 1, head
    while at + 1 < len(lines):
        line = lines[at + 1]
        if not line.startswith("\\"):
            taken = _taken(line[:width], width)
            if taken is None or max(left) <= 0 or (not line and at + 2 == len(lines)):
                break
            left = [count - own for count, own in zip(left, taken, strict=True)]
        at += 1
    return at


@lru_cache(maxsize=256)
def _taken(marks: str, width: int) -> tuple[int, ...] | None:
    """How many lines of each parent, and of the result, a line with these marks is; None: it is in no hunk."""
    marks = marks.rstrip("\r").ljust(width)
    if marks.strip(" +-"):
        return None
    own = "-" if "-" in marks else " "
    return (*(int(sign == own) for sign in marks), int(own == " "))


def _binary(lines: Sequence[str], at: int) -> Hunk:
    """`GIT binary patch`: paragraphs that start with `literal N` or `delta N`."""
    last = at
    while last + 1 < len(lines) and lines[last + 1].startswith(("literal ", "delta ")):
        last += 1
        while last + 1 < len(lines) and lines[last + 1].strip("\r"):
            last += 1
        last += last + 1 < len(lines)
    return Hunk(at, min(last, len(lines) - 1), 0)
