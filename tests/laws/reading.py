"""Reads a rewritten text as whoever gets it does: by the words at its top, and never by the transforms' own inverses.

`untraced` gives the lines that stand for nothing in the text before: that are no line of it, do not decode to one, are
not the text of one, and are no marker. It is what a proof cannot be, a second opinion.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from transforms.contract import Block, Budget, Rewrite, Transform

_MARKER = re.compile(r"\[(?:lines?|rows?) \d+(?:-\d+)? omitted(?:: .*|; full text: .*)?\]")
_INLINE_MARKER = re.compile(r"\[[\w ,-]+ omitted(?:[:;][^\]\n]*)?\]")
_ATOM = re.compile(r"\w(?:[\w./:@+-]*\w)?")
"""A number, a path, an address, an identifier, a word."""
_CODES = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[^\n]\x08")


@dataclass(frozen=True, slots=True)
class Step:
    """What a transform made of a text, and that was used."""

    name: str
    before: str
    after: str


class Watched:
    """A transform whose results are written down once they are proven, which is the last that is asked of them."""

    def __init__(self, transform: Transform) -> None:
        self.name, self.kinds, self.loss = transform.name, transform.kinds, transform.loss
        self.lines_stand_alone = transform.lines_stand_alone
        self.transform = transform
        self.steps: list[Step] = []

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        return self.transform.rewrite(block, budget)

    def proof(self, original: str, rewritten: str) -> bool:
        proven = self.transform.proof(original, rewritten)
        if proven:
            self.steps.append(Step(self.name, original, rewritten))
        return proven


def untraced(step: Step) -> list[str]:
    """The lines of `step.after` that stand for nothing in `step.before`."""
    return list(_READERS.get(step.name, _cut_lines)(step.before, step.after))


def atoms(text: str) -> set[str]:
    """The numbers, paths, addresses, identifiers and words of a text, and what these are made of."""
    whole = set(_ATOM.findall(text))
    return whole | {part for atom in whole for part in re.findall(r"\w+", atom)}


def _verbatim(before: str, after: str) -> Iterator[str]:
    known = set(before.split("\n"))
    yield from (line for line in after.split("\n") if line not in known and not _MARKER.fullmatch(line.rstrip("\r")))


def _of_atoms(known: set[str], lines: list[str]) -> Iterator[str]:
    """The lines that hold an atom which is not known."""
    for line in lines:
        if not all(atom in known or set(re.findall(r"\w+", atom)) <= known for atom in _ATOM.findall(line)):
            yield line


def _cut_lines(before: str, after: str) -> Iterator[str]:
    """Lines out of which a piece was taken, named where it stood."""
    for line in _verbatim(before, after):
        if not all(piece in before for piece in _INLINE_MARKER.split(line)) or not _INLINE_MARKER.search(line):
            yield line


def _shown(before: str, after: str) -> Iterator[str]:
    """What a terminal shows of a line: without codes, and the frames that were written over one another."""
    frames = {frame.rstrip() for frame in re.split(r"[\r\n]", _CODES.sub("", before))}
    for line in _verbatim(before, after):
        if not {part.rstrip() for part in line.split("\r")} <= frames:
            yield from _of_atoms(atoms(" ".join(frames)), [line])


def _page(before: str, after: str) -> Iterator[str]:
    """The text of a page: its words, addresses and form fields."""
    text = html.unescape(html.unescape(before))
    known = atoms(text) | atoms(re.sub(r"<[^>]*>", "", text)) | atoms(re.sub(r"\\[nrtu\"/]", " ", text))
    yield from _of_atoms(known | {"JSON", "LD"}, after.split("\n")[1:])


def _json(before: str, after: str) -> Iterator[str]:
    """Tables, lines and plain JSON: what stands in their cells, keys and strings, whatever is around it."""
    text = _unescaped(before)
    known = atoms(text) | atoms(re.sub(r'\\[nrtbf"\\/]', " ", text)) | atoms(text.replace("\\/", "/"))
    own = re.compile(
        r"[\[{]\d+ rows$|^#(?:every|some) rows?: |^#\(key\)|(?:(?<=[\t+])|(?<=^)|(?<=rows: )|(?<=row: ))\d+:|:str\b|"
        r"(?:(?<=\t)|(?<==)|(?<=^)|(?<=#))\*\d+|\"{3}\w+|\"\((?:before|line)\)\"",
    )
    for line in _unescaped(after).split("\n"):
        if line.startswith("(cut off here"):
            line = line.partition("; then began: ")[2].removesuffix(")")
        if not line.startswith(("(JSON", "(YAML", "(records")) and not _MARKER.fullmatch(line):
            yield from _of_atoms(known, [own.sub(" ", line)])


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)


def _grouped(before: str, after: str) -> Iterator[str]:
    """Matches below the path of their file: `12,40:text` stands for a line with that path before each number."""
    places: dict[str, set[str]] = {}
    for line in before.split("\n"):
        for place in re.finditer(r"(?:^|[:-])(?=\d+[:-])|(?=\(\d+[,)])", line):
            places.setdefault(line[place.end() :], set()).add(line[: place.start()])
    path, known = "", set(before.split("\n"))
    cells = {" ".join(line.split()) for line in known}
    for line in after.split("\n")[1:]:
        found_at, _, told = " ".join(line.split()).partition(" ")
        if told and all(f"{place} {told}" in cells for place in found_at.split(",")):
            continue
        match = re.fullmatch(r"([\d,]+|(?=\())([:-].*|\(\d.*)", line, re.DOTALL)
        if match is not None and path:
            found = [places.get(number + match[2], set()) for number in match[1].split(",")]
            if all(any(path.endswith(own) or own.endswith(path) for own in owners) for owners in found):
                continue
        if line not in known and not _MARKER.fullmatch(line):
            path = line.removesuffix(":")
            if not line.endswith(":") or (path not in before and path != "(no file)"):
                yield line


def _listed(before: str, after: str) -> Iterator[str]:
    """Names behind their folder, rows without what all share, and trees drawn by indentation."""
    known, root = before.split("\n"), ""
    ends = {end for line in known for end in (line, line.lstrip(), re.sub(r"^[│├└─┬|`\s\xa0+\\-]+", "", line))}
    rows = {re.sub(r"^\S+\s+\S+\s+\S+\s+(?:\S+\s+)?", "", line) for line in known}
    rows |= {re.sub(r" [A-Z][a-z]{2} [ \d]\d [ \d:]{5} ", " ", line) for line in (*known, *rows)}
    for line in after.split("\n"):
        if declared := re.fullmatch(r"\[paths are under (.+)\]", line):
            root = declared[1]
        elif line in ends or line.strip() in ends or line in rows or _MARKER.fullmatch(line) or line.startswith("["):
            continue
        else:
            folder, _, names = line.partition(": ")
            said = [root + ("" if folder == "./" and root else folder) + name for name in names.split(", ")]
            if not names or not set(said) <= set(known):
                yield line


def _gutterless(before: str, after: str) -> Iterator[str]:
    """The lines of a file, below a header that tells their numbers."""
    known = {re.sub(r"^\s*\d+[→\t|:]?\s?", "", line).strip() for line in before.split("\n")}
    for line in _verbatim(before, after):
        if line.strip() not in known and not re.fullmatch(r"\[lines \d+-\d+; numbers \(.*\).*\]", line):
            yield line


def _snapshot(before: str, after: str) -> Iterator[str]:
    """The tree of a page, below the words that tell how to read it."""
    yield from _of_atoms(atoms(before) | {"no", "ref", "uid", "pointer"}, after.split("\n")[1:])


def _blame(before: str, after: str) -> Iterator[str]:
    """A line of code behind its number, and behind the hash of its commit or not."""
    known = {re.sub(r"^(\^?[0-9a-f]+) [^()]*\([^()]*?(\d+\).*)$", r"\1 \2", line) for line in before.split("\n")}
    known |= {line.partition(" ")[2] for line in known}
    yield from (line for line in after.split("\n")[1:] if line not in known and line not in before.split("\n"))


def _tabled(before: str, after: str) -> Iterator[str]:
    rules = {"column", "is", "in", "every", "row", "shown"}
    yield from _of_atoms(atoms(before) | rules | {str(n) for n in range(100)}, after.split("\n"))


def _diff(before: str, after: str) -> Iterator[str]:
    """The names of files and the addresses of authors are said once."""
    authors = {line.partition(" <")[0] for line in before.split("\n") if line.startswith("Author: ")}
    for line in _verbatim(before, after):
        if said := re.fullmatch(r"\[addresses of authors, said once: (.*)\]", line):
            yield from _of_atoms(atoms(before), [said[1]])
        elif line not in authors and not line.startswith("[diff folded: "):
            yield line


@dataclass(slots=True)
class _LogReader:
    """Reads a folded log from the top, beside the lines it stands for."""

    lines: list[str]
    letters: dict[str, str]
    at: int = 0
    time: str = ""

    def read(self, row: str) -> bool:
        """Whether `row` stands for the next line, or lines."""
        if same := re.fullmatch(r"\[the line above (\d+) more times\]", row):
            return self._take(int(same[1]), lambda own: set(own) == {self.lines[self.at - 1]})
        if again := re.fullmatch(r"\[then the same (\d+) lines as followed it above\]", row):
            return self._take(int(again[1]), self._stood_above)
        return self._take(1, lambda own: own[0] in (row, row.removeprefix("= ")) or self._stands_for(row, own[0]))

    def _take(self, count: int, fits: Callable[[list[str]], bool]) -> bool:
        own = self.lines[self.at : self.at + count]
        fitting = len(own) == count and fits(own)
        self.at += count
        return fitting

    def _stood_above(self, own: list[str]) -> bool:
        count = len(own)
        return any(self.lines[n : n + count] == own for n in range(self.at - count, -1, -1))

    def _stands_for(self, row: str, line: str) -> bool:
        for form in re.finditer(r"(?:^|(?<= ))([A-Z]{1,2})(?= |$)", row):
            if form[1] in self.letters and len(row[: form.start()].split(" ")) <= 5:
                values = row[form.end() + 1 :].split(" ")
                pattern = self._pattern(self.letters[form[1]], values)
                rest = " ".join(values)
                match = re.fullmatch(rf"{pattern}[ ]?{re.escape(rest)}", line)
                told = row[: form.start()].rstrip()
                if match is not None and (match.groupdict().get("time") or "").endswith(told):
                    return True
        return False

    def _pattern(self, words: str, values: list[str]) -> str:
        """What a line with these words looks like; takes the values that the letter asks for."""
        head = re.match(r"([A-Z]{1,2})(?= |$)", words)
        parts = []
        if head is not None and head[1] in self.letters and self.letters[head[1]] != words:
            parts.append(self._pattern(self.letters[head[1]], values))
            words = words[head.end() :]
        for piece in re.split(r"(<time>|(?<![^\s\"'`()\[\]{}<>,;=|#])\*(?![^\s\"'`()\[\]{}<>,;=|#]))", words):
            if piece == "<time>":
                parts.append(r"(?P<time>.*?)")
            elif piece == "*" and values:
                value = values.pop(0)
                parts.append(r"\S+" if value == '"' else re.escape(value))
            else:
                parts.append(re.escape(piece))
        return "".join(parts)


def _log(before: str, after: str) -> Iterator[str]:
    opening, *rows = after.split("\n")
    end = rows.index("]") if opening.endswith("letters:") else -1
    letters = dict(row.split(" = ", 1) for row in rows[: end + 1] if " = " in row)
    reader = _LogReader(before.split("\n"), letters)
    for row in rows[end + 1 :]:
        tail = re.search(r" (~[a-z]{1,2})$", row)
        told = f"{row[: tail.start()]} {letters[tail[1]]}" if tail and tail[1] in letters else row
        if not reader.read(told):
            yield row
    if reader.at != len(reader.lines):
        yield f"{len(reader.lines) - reader.at} lines are missing"


_READERS: dict[str, Callable[[str, str], Iterator[str]]] = {
    "terminal_noise": _shown,
    "progress_lines": _shown,
    "markup_reader": _page,
    "smart_crusher_rows": _json,
    "smart_crusher": _json,
    "diff_folder": _diff,
    "blame_folder": _blame,
    "snapshot_folder": _snapshot,
    "log_folder": _log,
    "path_grouper": _grouped,
    "report_grouper": _grouped,
    "listing_folder": _listed,
    "table_text": _tabled,
    "line_gutter": _gutterless,
}
"""How the lines of each transform are read; those that are not named here leave out lines, or pieces of lines, and change none."""
