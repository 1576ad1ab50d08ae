"""Diffs with less of what nobody reviews line by line: lock files, generated code, far context, bulk bodies.

Lossy. What goes first, as far as the budget needs: addresses and checksums in lock files and binary data; all
hunks of files that a program wrote; unchanged lines more than three from a change; the middles of files of 400
lines and more that are wholly deleted. What is new stays: nobody has read it yet. Every gap says what it held, with
the counts of added and removed lines. Headers, modes, renames, hunk headers (but those of wholly omitted hunks),
commit messages, diffstats and every other changed line stay as they are, and so does each line that names what the
question or the call named.

    @@ -1,4 +1,4 @@
     name = "httpx"
    -version = "0.27.0"
    +version = "0.28.1"
    [lines 12-90 omitted: checksums and addresses in uv.lock, +40 -39; full text: /var/lib/headroom/o/1a2b]

Known limitation: diffs without `@@` headers (`diff` without `-u`, `git diff --word-diff`) are left alone.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transforms.contract import Block, Kind
from transforms.diffs.files import DiffFile, Hunk, context_runs, diff_files, mark
from transforms.diffs.origin import is_hash, is_lock, is_made
from transforms.lossy.focus import named_lines, names_file
from transforms.lossy.line_sampler import LineSampler, Ranked

_DATA, _MADE, _CONTEXT, _DELETED = range(1, 5)
"""The ranks, in the order in which lines go."""
_WHAT = {
    _DATA: "checksums and addresses in {path}",
    _MADE: "hunks of {path}",
    _CONTEXT: "unchanged lines",
    _DELETED: "deleted content of {path}",
}
_NEAR = 3
"""Unchanged lines kept beside a change: what diff and git show by default."""
_BULK = 400
"""Lines from which on a wholly deleted file is bulk, whose middle may go."""
_BULK_HEAD, _BULK_TAIL = 60, 20
"""Lines of it that are kept at its top and at its end."""
_OUTLINE = re.compile(
    r"-\s{0,8}(?:export |default |public |private |protected |static |abstract |async |pub(?:\(\w+\))? |unsafe )*+"
    r"(?:def|class|func|fn|function|interface|type|struct|enum|trait|impl|module|const|CREATE|import|from|use|#+) ",
)
"""Lines of such a file that say what is in it and what it needs."""


@dataclass(slots=True)
class _Plan:
    """The ranks of all lines, and whose they are."""

    lines: Sequence[str]
    ranks: list[int]
    owners: dict[int, tuple[DiffFile, Hunk]]
    """File and hunk of each line that has a rank."""

    def rank(self, file: DiffFile, hunk: Hunk, first: int, last: int, rank: int) -> None:
        """Let the lines from `first` to `last` go at `rank`, unless they go earlier."""
        self.ranks[first : last + 1] = [min(known or rank, rank) for known in self.ranks[first : last + 1]]
        self.owners.update(dict.fromkeys(range(first, last + 1), (file, hunk)))


class DiffTrimmer(LineSampler):
    """Leaves out what nobody reviews line by line."""

    name = "diff_trimmer"
    kinds = frozenset({Kind.DIFF})

    def ranked(self, block: Block, lines: Sequence[str]) -> Ranked | None:
        """The least read parts of the diff."""
        plan = _Plan(lines, [0] * len(lines), {})
        for file in diff_files(lines):
            _rank_file(plan, file, named=_is_named(file.path, block))
        if not plan.owners:
            return None
        for at in named_lines(block, lines):
            _keep(plan, at)
        return Ranked(plan.ranks, _describer(plan))


def _is_named(path: str, block: Block) -> bool:
    """Whether the question or the call names the file."""
    return names_file(block.question, path) or names_file(block.call.arguments, path)


def _rank_file(plan: _Plan, file: DiffFile, *, named: bool) -> None:
    top = plan.lines[file.hunks[0].head + 1 : file.hunks[0].last + 1]
    made, lock = is_made(file.path, top), is_lock(file.path)
    for hunk in file.hunks:
        if hunk.width == 0:
            plan.rank(file, hunk, hunk.head + 1, hunk.last, _DATA)
            continue
        if lock:
            _rank_data(plan, file, hunk)
        if not named:
            _rank_hunk(plan, file, hunk, made=made)


def _rank_data(plan: _Plan, file: DiffFile, hunk: Hunk) -> None:
    for at in range(hunk.head + 1, hunk.last + 1):
        if is_hash(plan.lines[at]):
            plan.rank(file, hunk, at, at, _DATA)


def _rank_hunk(plan: _Plan, file: DiffFile, hunk: Hunk, *, made: bool) -> None:
    first, last = hunk.head + 1, hunk.last
    if made:
        plan.rank(file, hunk, hunk.head, last, _MADE)
    for low, high in context_runs(plan.lines, hunk):
        below = low + (_NEAR if low > first else 0)
        above = high - (_NEAR if high < last else 0)
        plan.rank(file, hunk, below, above, _CONTEXT)
    if file.deleted and last - hunk.head >= _BULK:
        for at in range(first + _BULK_HEAD, last + 1 - _BULK_TAIL):
            if not _OUTLINE.match(plan.lines[at]):
                plan.rank(file, hunk, at, at, _DELETED)


def _keep(plan: _Plan, at: int) -> None:
    """Keep a line that is asked about, with its neighbours in the hunk and the hunk's header."""
    if at not in plan.owners:
        return
    _, hunk = plan.owners[at]
    for near in (hunk.head, *range(max(at - 1, hunk.head), min(at + 1, hunk.last) + 1)):
        plan.ranks[near] = 0


def _describer(plan: _Plan) -> Callable[[int, int], str]:
    """Says what stood between two lines of one file, with the number of lines added and removed there."""

    def describe(first: int, last: int) -> str:
        file, _ = plan.owners[first]
        rank = max(plan.ranks[first : last + 1])
        path = file.path if ";" not in file.path else "a file"  # a name must not pass for the marker's own words
        what = _WHAT[rank].format(path=path) if rank != _DATA or plan.owners[first][1].width else "binary data"
        counts = _counts(plan, first, last)
        if rank == _CONTEXT and not counts:
            return f"{last - first + 1} {what}"
        return f"{what}, {counts}" if counts else what

    return describe


def _counts(plan: _Plan, first: int, last: int) -> str:
    signs = [
        mark(plan.lines[at], hunk.width)
        for at in range(first, last + 1)
        if (hunk := plan.owners[at][1]).width and at != hunk.head
    ]
    added, removed = signs.count("+"), signs.count("-")
    return f"+{added} -{removed}" if added or removed else ""
