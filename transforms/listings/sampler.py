"""Huge listings with what nobody looks for left out: installed packages, caches, object stores, numbered files.

What stays: every path outside such folders, the first and last ones inside each, all that the user or the call
names, and every line with a status of version control. A gap says how many paths were there and how they end.
Contract: returns the original's lines with markers between them, at most `budget.tokens` dropped, or None.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from transforms.contract import Block, Kind
from transforms.lossy.focus import named_lines
from transforms.lossy.line_sampler import LineSampler, Ranked

_MADE_FOLDERS = re.findall(
    r"\S+",
    """node_modules bower_components site-packages dist-packages __pycache__ .git .hg .svn .venv venv .tox .nox .cache
    .mypy_cache .pytest_cache .ruff_cache .gradle .m2 .terraform .next .nuxt .turbo .parcel-cache .yarn .pnpm-store
    DerivedData Pods vendor/bundle target/debug target/release .build .dart_tool .eggs .idea .vs""",
)
"""Folders that tools fill and empty; nobody edits what is in them."""
_VARYING = re.compile(r"\b[0-9a-f]{7,64}\b|\d++|[ \t]++")
_ENDING = re.compile(r"[^/\\.\s](\.[A-Za-z0-9]{1,8})/?\s*$")
_STATUS = re.compile(
    r"(?! {3})[ MADRCUT?!]{2} \S|[MADRCUTI?!~]\d{0,3}[ \t]+\S|"
    r"[ \t]+(?:modified|new file|deleted|renamed|copied|typechange|(?:both|added|deleted) [\w ]{2,12}):\s"
)
"""What version control says of a file: git, Mercurial, Subversion. Each such line is somebody's change."""
_LEAST = 60
"""Lines of a listing that a reader takes in whole."""
_ENDS = 3
_SERIES = 12
"""Names in a row that differ in their numbers only, from which they are a series."""
_ENDINGS_TOLD = 3


class ListingSampler(LineSampler):
    """Leaves out the inside of generated folders and the middle of numbered series.

    Known limitation: only a path tells that an entry is inside a folder, so `tree` and `ls -R` are sampled by
    their numbered series alone.
    """

    name = "listing_sampler"
    kinds = frozenset({Kind.LISTING})

    def ranked(self, block: Block, lines: Sequence[str]) -> Ranked | None:
        """What stands in generated folders, then the series; not their ends."""
        if len(lines) < _LEAST:
            return None
        ranks = [0] * len(lines)
        for rank, run in (*_series(lines), *_inside(lines, _unasked(block))):
            for at in run[_ENDS:-_ENDS]:
                ranks[at] = rank
        changed = (at for at, line in enumerate(lines) if _STATUS.match(line))
        for at in (*named_lines(block, lines), *changed):
            ranks[at] = 0
        return Ranked(ranks, lambda first, last: _told(lines[first : last + 1]))


def _unasked(block: Block) -> re.Pattern[str] | None:
    """What a path in a generated folder has in it; folders that the user or the call names are left out."""
    said = f"{block.question}\n{block.call.arguments}"
    folders = [folder for folder in _MADE_FOLDERS if not _is_asked_for(folder, said)]
    return re.compile(rf"(?:^|[/\\\s])(?:{'|'.join(map(re.escape, folders))})[/\\]") if folders else None


def _is_asked_for(folder: str, said: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(folder)}(?![\w-])", said) is not None


def _inside(lines: Sequence[str], made: re.Pattern[str] | None) -> Iterator[tuple[int, Sequence[int]]]:
    """The runs of lines below the same generated folder, to go first."""
    if made is None:
        return
    folders = [line[: found.end()] if (found := made.search(line)) else "" for line in lines]
    for folder, run in groupby(range(len(lines)), key=folders.__getitem__):
        if folder:
            yield 1, list(run)


def _series(lines: Sequence[str]) -> Iterator[tuple[int, Sequence[int]]]:
    """The runs of lines that differ in numbers only, to go after that."""
    forms = [_VARYING.sub("0", line) for line in lines]
    for form, run in groupby(range(len(lines)), key=forms.__getitem__):
        own = list(run)
        if len(own) >= _SERIES and form.strip("0"):
            yield 2, own


def _told(lines: Sequence[str]) -> str:
    """What stood in a gap: `361 paths, 200 .js, 161 .d.ts`."""
    endings = Counter(found[1] for line in lines if (found := _ENDING.search(line)))
    told = [f"{number} {ending}" for ending, number in endings.most_common(_ENDINGS_TOLD)]
    return ", ".join([f"{len(lines)} path{'s' if len(lines) > 1 else ''}", *told])
