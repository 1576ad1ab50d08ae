"""Places in search results: which lines say "this file, this line", in the forms grep and ripgrep write.

Forms: `path:12:text`, `path:12:5:text`, `path-12-text` (context), `path(12,5): text` as tsc and MSBuild write it, and
without numbers `path:text`, `path-text`.
Contract: pure, linear in the lines, never raises. A place put together again is its line, character by character.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_LINE = re.compile(
    r"^(?:((?:[A-Za-z]:(?=[\\/]))?[^:\n]{1,512}+(?::[^\s:\d][^\s:]{0,200}+){0,3}?):(\d{1,9}+):)?+(.*+)$", re.MULTILINE
)
"""Any line, and what stands before its text: a path and a line number, or nothing. A Windows drive may lead the path,
and a name may hold colons."""
_CONTEXT = re.compile(r"-(\d{1,9})-")
_COMPILED = re.compile(r"((?:[A-Za-z]:(?=[\\/]))?[^:()\n]{1,512}+(?<=\w))\((\d{1,9})((?:,\d{1,9}){0,3}+\): .*+)")
"""A place that a compiler named."""
_NAMED = re.compile(r"((?:[A-Za-z]:(?=[\\/]))?[^\s:]{1,512}+):")
"""A path without a line number behind it: no blanks, because nothing else tells it from a sentence."""
_FILE_NAME = re.compile(r"[^\s.][^\s]{0,200}\.\w{1,12}|\.[\w.-]+|[A-Z]\w+file")
_ENDING = re.compile(r"\.\w{1,10}$")
_LETTER = re.compile(r"[^\W\d_]")
_CLOCK = re.compile(r"\d\d[T ]\d\d$")
"""What stands before the minutes of a time stamp, which would else look like a path before a line number."""
_LONGEST_PATH = 512
_SEPARATORS_TRIED = 12


class Place(NamedTuple):
    """One line of search results, taken apart."""

    path: str
    """The file, spelled as on the line."""
    mark: str
    """`:` behind the path of a match, `-` behind that of a context line; `(` for a compiler's `path(12,5): text`."""
    number: str
    """Line number in the file; empty where the search wrote none."""
    rest: str
    """All behind the second mark (behind the only one, without a number): column and text."""

    @property
    def line(self) -> str:
        """The line as it was."""
        return f"{self.path}{self.mark}{self.below}" if self.mark != "(" else f"{self.path}{self.below}"

    @property
    def below(self) -> str:
        """What tells the line where its path is known: number, mark and text."""
        if self.mark == "(":
            return f"({self.number}{self.rest}"
        return f"{self.number}{self.mark}{self.rest}" if self.number else self.rest


def places(lines: Sequence[str]) -> list[Place | None]:
    """For each line its place, or None for a line that is none.

    Context lines are told by the paths of the matches around them where that is possible, because a path may
    hold `-12-` itself. Lines without numbers are places only where one path stands on several lines in a row.
    """
    found = _matches(lines)
    known = {place.path for place in found if place}
    for at, line in enumerate(lines):
        if found[at] is None and "): " in line:
            found[at] = _compiled(line)
        if found[at] is None and "-" in line:
            found[at] = _context(line, known)
    if not any(found):
        _find_unnumbered(lines, found)
    return found


def match_of(line: str) -> Place | None:
    """The place of a single match with a line number, read without the lines around it; or None."""
    return _matches((line,))[0]


def _matches(lines: Sequence[str]) -> list[Place | None]:
    """The places of matches with line numbers."""
    found = _LINE.findall("\n".join(lines))
    paths = {path for path in {parts[0] for parts in found} if path and _is_path(path)}
    return [Place(path, ":", number, rest) if path in paths else None for path, number, rest in found]


def _compiled(line: str) -> Place | None:
    found = _COMPILED.match(line)
    return (
        Place(found[1], "(", found[2], found[3]) if found and _ENDING.search(found[1]) and _is_path(found[1]) else None
    )


def _is_path(text: str) -> bool:
    """Whether `text` may name a file: letters in it, no time stamp, and blanks only beside a separator or a dot.

    With a colon in it, it must end as a file does: `src/a.py:f(x)` is a path and the beginning of a text. Behind an
    indentation no blank may stand in it: most that is set in so is a sentence, or a frame of a stack.
    """
    if ":" in text[2:] and (not _ENDING.search(text) or any(map(str.isspace, text))):
        return False
    name = text.lstrip(" ")
    if not _LETTER.search(text) or _CLOCK.search(text) or name != text.strip():
        return False
    return not any(map(str.isspace, name)) or (name == text and any(mark in text for mark in "/\\."))


def _names_file(path: str) -> bool:
    """Whether `path` ends as a file's name does."""
    name = path[max(path.rfind("/"), path.rfind("\\")) + 1 :]
    return _FILE_NAME.fullmatch(name) is not None or (name != path and name != "" and not any(map(str.isspace, name)))


def _context(line: str, known: set[str]) -> Place | None:
    """The place of a context line: the path is a known one, else the first that ends as a file's name does."""
    likely: Place | None = None
    for tried, found in enumerate(_CONTEXT.finditer(line, 1, _LONGEST_PATH)):
        path = line[: found.start()]
        if path in known:
            return Place(path, "-", found[1], line[found.end() :])
        if likely is None and _names_file(path) and _is_path(path):
            likely = Place(path, "-", found[1], line[found.end() :])
        if tried == _SEPARATORS_TRIED:
            break
    if likely is not None:
        known.add(likely.path)
    return likely


def _find_unnumbered(lines: Sequence[str], found: list[Place | None]) -> None:
    """Fill in the places of lines without numbers: the same path on at least two lines in a row."""
    heads = [_unnumbered(line) for line in lines]
    around = ["", *lines, ""]
    for at, path in enumerate(heads):
        if path and (_leads(path, around[at]) or _leads(path, around[at + 2])):
            found[at] = Place(path, ":", "", lines[at][len(path) + 1 :])
    if not any(found):
        return
    for order in (range(len(lines)), reversed(range(len(lines)))):
        path = ""
        for at in order:
            place = found[at]
            if place is not None:
                path = place.path
            elif path and lines[at].startswith(path + "-"):
                found[at] = Place(path, "-", "", lines[at][len(path) + 1 :])


def _leads(path: str, line: str) -> bool:
    return line.startswith(path) and line[len(path) : len(path) + 1] in (":", "-")


def _unnumbered(line: str) -> str:
    """The path before the first colon, if it has the form of a file's; else an empty string."""
    found = _NAMED.match(line)
    if found is None:
        return ""
    path = found[1]
    plausible = _names_file(path) and _LETTER.search(path) and not line.startswith("//", found.end())
    return path if plausible else ""
