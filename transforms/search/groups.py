"""The grouped form of search results: a heading `path:` and below it the lines without their paths; and back.

Contract: pure, linear in the lines, never raises. `ungrouped` undoes what `grouped` wrote; text in between that would
be read as a line of the file above it is fenced off by the heading `(no file):`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby, pairwise
from operator import lt

from transforms.search.paths import Place

_NO_FILE = "(no file)"
_LEGEND = re.compile(
    r'\[grouped by file(?:(?P<indented>, indented)|; lines with ":" came without (?P<root>/[^\n]*/))?\]'
)
_NUMBERED = re.compile(r"\d{1,9}(?:,\d{1,9})*+[:-]|\(\d{1,9}(?:,\d{1,9}){0,3}+\): ")
_ROW = re.compile(r"^(?:(\d{1,9}(?:,\d{1,9})*+)([:-])|\((\d{1,9}))(.*+)$", re.MULTILINE)
_MARKER = re.compile(r"\[lines? \d{1,12}(?:-\d{1,12})? omitted")
_FAR = 6000
"""Characters below one heading after which it is said again, so that a reader in the middle sees the file."""


@dataclass(frozen=True, slots=True)
class Form:
    """How the lines of one text are written below their headings."""

    indented: bool = False
    """The search wrote no line numbers: matches start with a blank, context lines with `-`."""
    root: str = ""
    """The folder that Claude Code's Grep cuts off: it makes the path of a line relative up to the first `:`, so
    matches (and context with a colon) lose it and other context keeps it. Headings then hold the whole path."""

    @property
    def legend(self) -> str:
        """The first line of a grouped text."""
        if self.root:
            return f'[grouped by file; lines with ":" came without {self.root}]'
        return "[grouped by file, indented]" if self.indented else "[grouped by file]"

    @classmethod
    def named(cls, legend: str) -> "Form | None":
        """The form that a text's first line declares, or None."""
        found = _LEGEND.fullmatch(legend)
        return cls(found["indented"] is not None, found["root"] or "") if found else None

    @classmethod
    def of(cls, found: Sequence[Place | None]) -> "Form":
        """The form for these lines."""
        spots = [place for place in found if place]
        return cls(indented=not any(place.number for place in spots), root=_root(spots))

    def headings(self, found: Sequence[Place | None]) -> list[str | None]:
        """For each line the path to say above it; None where it cannot stand below one."""
        if not self.root:
            paths = {path: self._heading(path, False, frozenset()) for path in {place.path for place in found if place}}
            return [place and paths[place.path] for place in found]
        whole = frozenset(place.path for place in found if place and place.path.startswith(self.root))
        known: dict[tuple[str, bool], str | None] = {}
        out: list[str | None] = []
        for place in found:
            if place is None:
                out.append(None)
                continue
            key = (place.path, place.mark == ":" or ":" in place.rest)
            if key not in known:
                known[key] = self._heading(*key, whole)
            out.append(known[key])
        return out

    def _heading(self, path: str, bare: bool, whole: frozenset[str]) -> str | None:
        if self.root and bare and self.root + path in whole:
            path = self.root + path
        elif self.root and bare and path.startswith(self.root):
            return None
        return None if self.is_row(path + ":") or path == _NO_FILE else path

    def is_row(self, line: str) -> bool:
        """Whether `line` reads as a line below a heading."""
        if self.indented:
            return line.startswith((" ", "-")) and line != "--"
        return _NUMBERED.match(line) is not None

    def stays_inside(self, line: str) -> bool:
        """Whether the lines before and after `line` may share a heading: a separator, the marker of a gap, or what a
        compiler indents below its message."""
        if line == "--" or (line.startswith("[line") and _MARKER.match(line) is not None):
            return True
        return not self.indented and line[:1] in (" ", "\t")

    def rows(self, spots: Sequence[Place]) -> list[str]:
        """The lines to write for matches of one file; those with the same text become one, if order allows."""
        if self.indented:
            return [(" " if place.mark == ":" else "-") + place.rest for place in spots]
        numbers = [int(place.number) for place in spots]
        rises = all(map(lt, numbers, numbers[1:])) and all(place.mark == ":" for place in spots)
        if not rises or len({place.rest for place in spots}) == len(spots):
            return [place.below for place in spots]
        same: dict[str, list[str]] = {}
        for place in spots:
            same.setdefault(place.rest, []).append(place.number)
        return [f"{','.join(where)}:{rest}" for rest, where in same.items()]

    def lines(self, heading: str, rows: Sequence[str]) -> list[str]:
        """The inverse of `rows`: the lines as the search wrote them."""
        if heading == _NO_FILE:
            return list(rows)
        if self.indented:
            return [f"{heading}{':' if row[0] == ' ' else '-'}{row[1:]}" for row in rows]
        found = _ROW.findall("\n".join(rows))
        if not self.root and not any("," in numbers or not mark for numbers, mark, _, _ in found):
            return [f"{heading}{mark}{number}{mark}{rest}" for number, mark, _, rest in found]
        places = [
            Place(self._path(heading, bare=mark == ":" or ":" in rest), mark or "(", number, rest)
            for numbers, mark, compiled, rest in found
            for number in (numbers or compiled).split(",")
        ]
        if len(places) > len(rows):
            places.sort(key=lambda place: int(place.number))
        return [place.line for place in places]

    def _path(self, heading: str, *, bare: bool) -> str:
        """The inverse of `_heading`."""
        return heading[len(self.root) :] if self.root and bare and heading.startswith(self.root) else heading


@dataclass(slots=True)
class _Position:
    """Where in a grouped text a reader is: the writer follows it to know what would be misread."""

    form: Form
    heading: str | None = None
    """The heading above, if lines may follow it."""
    inside: bool = False
    """Whether a line of it was read; before that, the heading may just be text that ends with a colon."""

    def takes(self, line: str) -> bool:
        """Whether `line` is read as a line below the heading; if so, that is now told to be one."""
        if self.heading is None or not self.form.is_row(line):
            return False
        self.inside = True
        return True

    def passes(self, line: str) -> bool:
        """Whether `line`, which is no row, leaves the heading in force: what `stays_inside`."""
        if self.heading is not None and self.inside and self.form.stays_inside(line):
            return True
        self.heading = line[:-1] if len(line) > 1 and line.endswith(":") else None
        self.inside = False
        return False


@dataclass(slots=True)
class _Writer:
    """Writes a grouped text."""

    form: Form
    out: list[str] = field(default_factory=list)
    """The lines so far, without the legend."""
    _at: _Position = field(init=False)

    def __post_init__(self) -> None:
        self._at = _Position(self.form)

    def other(self, line: str) -> None:
        """A line that stands as it is."""
        at = self._at
        if at.heading is not None and at.heading != _NO_FILE and self.form.is_row(line):
            self._head(_NO_FILE)
        if not at.takes(line):
            at.passes(line)
        self.out.append(line)

    def group(self, heading: str, lines: Sequence[str], found: Sequence[Place | None]) -> None:
        """Lines of one file; where `found` has None, a line that `stays_inside`."""
        self._head(heading)
        self._at.inside = True
        spots = [place for place in found if place]
        if len(spots) == len(found) and sum(len(place.rest) for place in spots) <= _FAR:
            self.out += self.form.rows(spots)
            return
        spots = []
        size = 0
        for line, place in zip(lines, found, strict=True):
            if place is None or size > _FAR:
                self.out += self.form.rows(spots)
                spots = []
            if place is None:
                self.out.append(line)
                continue
            if size > _FAR:
                self._head(heading)
                self._at.inside = True
                size = 0
            spots.append(place)
            size += len(place.rest)
        self.out += self.form.rows(spots)

    def _head(self, heading: str) -> None:
        self.out.append(heading + ":")
        self._at.heading = heading
        self._at.inside = False


def grouped(lines: Sequence[str], found: Sequence[Place | None], *, always: bool = False) -> str | None:
    """The grouped form of `lines`, with its legend; None if no path repeats, unless `always`."""
    form = Form.of(found)
    groups, folding = _in_groups(form, lines, found)
    return "\n".join([form.legend, *groups]) if always or folding else None


def ungrouped(text: str) -> list[str] | None:
    """The inverse of `grouped`; None for a text without its legend."""
    legend, _, body = text.partition("\n")
    form = Form.named(legend)
    return None if form is None else _read(form, body.split("\n"))


def _in_groups(form: Form, lines: Sequence[str], found: Sequence[Place | None]) -> tuple[list[str], bool]:
    """The lines in groups, and whether there is any group."""
    headings = form.headings(found)
    writer = _Writer(form)
    folding = False
    for first, end in _runs(form, headings, lines):
        heading = headings[first]
        if heading is not None and end > first + 1:
            writer.group(heading, lines[first:end], found[first:end])
            folding = True
            continue
        for line in lines[first:end]:
            writer.other(line)
    return writer.out, folding


def _runs(form: Form, headings: Sequence[str | None], lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Lines with the same heading, or none, as ranges; what may stand between lines of one heading belongs to them."""
    bounds = [0, *accumulate(len(list(run)) for _, run in groupby(headings))]
    runs = list(pairwise(bounds))
    at = 0
    while at < len(runs):
        first, end = runs[at]
        at += 1
        while (
            at + 1 < len(runs)
            and headings[first] is not None
            and headings[runs[at + 1][0]] == headings[first]
            and headings[runs[at][0]] is None
            and all(map(form.stays_inside, lines[runs[at][0] : runs[at][1]]))
        ):
            end = runs[at + 1][1]
            at += 2
        yield first, end


def _read(form: Form, lines: Iterable[str]) -> list[str]:
    """The lines as the search wrote them."""
    out: list[str] = []
    rows: list[str] = []
    at = _Position(form)
    for are_rows, run in groupby(lines, form.is_row):
        if are_rows and at.heading is not None:
            at.inside = True
            rows += run
            continue
        for line in run:
            if at.takes(line):
                rows.append(line)
                continue
            _close(form, at, rows, out)
            if at.passes(line) or at.heading is None:
                out.append(line)
    _close(form, at, rows, out)
    return out


def _close(form: Form, at: _Position, rows: list[str], out: list[str]) -> None:
    """Write out the rows below the heading; a heading without any was text."""
    if at.heading is None:
        return
    if not at.inside:
        out.append(at.heading + ":")
    out += form.lines(at.heading, rows)
    rows.clear()


def _root(spots: Sequence[Place]) -> str:
    """The folder with which the paths of context lines go beyond those of the matches; empty if there is none."""
    bare = {place.path for place in spots if place.mark == ":"}
    whole = {
        place.path for place in spots if place.mark == "-" and place.path.startswith("/") and ":" not in place.rest
    }
    for path in sorted(whole):
        cut = path.find("/", 1)
        while cut > 0:
            if path[cut + 1 :] in bare:
                return path[: cut + 1]
            cut = path.find("/", cut + 1)
    return ""
