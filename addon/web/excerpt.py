"""Parts of an original: ranges of lines byte for byte, and what a regular expression finds, in pages of some tokens.

Lines end with a line feed and count from 1, as `sed` counts and as the markers do. Pure.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import re2

DEFAULT_TOKENS = 8000
MOST_TOKENS = 100_000
_RANGE = re.compile(r"(?:([0-9]{1,9})(-)?([0-9]{1,9})?)?")
_LINE = re.compile(rb"[^\n]*+\n|[^\n]++")
_PATTERN_CHARS = 300
_SECONDS = 2.0
"""How long a regular expression may search."""
_RE2 = re2.Options()
"""RE2 takes time linear in the text for any expression, and this much memory: https://github.com/google/re2/wiki"""
_RE2.max_mem = 8 * 1024 * 1024
_RE2.log_errors = False
_MOST_CONTEXT = 100
_LETTERS, _DIGITS, _BLANKS = (re.compile(p) for p in (rb"[A-Za-z]+", rb"[0-9]+", rb"[ \t\r\n]+"))


class BadQuestion(ValueError):
    """A range, number or regular expression is none; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asks for."""

    first: int = 1
    last: int | None = None
    """None: to the end."""
    skip: int = 0
    """Bytes of the first line that the reader has already."""
    grep: str = ""
    context: int = 0
    """Lines shown around each match."""
    tokens: int = DEFAULT_TOKENS
    """How much to give at once, by an estimate that is within some 15 %."""

    @classmethod
    def parse(cls, fields: dict[str, str]) -> "Wanted":
        """What `lines`, `skip`, `grep`, `context` and `tokens` say. Raises BadQuestion."""
        first, last = _lines(fields.get("lines", ""))
        grep = fields.get("grep", "")
        if len(grep) > _PATTERN_CHARS:
            raise BadQuestion(f"grep: a regular expression of at most {_PATTERN_CHARS} characters")
        return cls(
            first=first,
            last=last,
            skip=_number(fields, "skip", 0, 1 << 40),
            grep=grep,
            context=_number(fields, "context", 0, _MOST_CONTEXT),
            tokens=max(1, _number(fields, "tokens", DEFAULT_TOKENS, MOST_TOKENS)),
        )

    @property
    def query(self) -> str:
        """The same as a query."""
        lines = f"{self.first}-{'' if self.last is None else self.last}"
        fields = {"lines": lines, "skip": self.skip, "grep": self.grep, "context": self.context}
        told = {name: value for name, value in fields.items() if value}
        if self.tokens != DEFAULT_TOKENS:
            told["tokens"] = self.tokens
        return urlencode(told)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is given."""

    body: bytes
    first: int
    last: int
    """The lines that were given or searched."""
    total: int
    """Lines of the original."""
    rest: Wanted | None
    """What to ask for next; None when all that was wanted is here."""


def excerpt(data: bytes, wanted: Wanted) -> Excerpt:
    """The part of `data` that is wanted. Raises BadQuestion."""
    lines = _split(data)
    last = min(wanted.last or len(lines), len(lines))
    if wanted.first > max(1, len(lines)):
        raise BadQuestion(f"lines: there are {len(lines)}")
    wanted = replace(wanted, last=last)
    return _found(lines, wanted) if wanted.grep else _range(lines, wanted)


def estimated_tokens(text: bytes) -> float:
    """About how many tokens (o200k_base) a text has; without a tokenizer, which the proxy's own process has not loaded.

    Fitted to 2 MB of recorded tool outputs: of pieces of 2,000 characters 90 % are within 15 %, and rather over it.
    """
    letters, digits, blanks = (sum(map(len, kind.findall(text))) for kind in (_LETTERS, _DIGITS, _BLANKS))
    return 0.25 * letters + 0.68 * digits + 0.08 * blanks + 0.6 * (len(text) - letters - digits - blanks)


def _range(lines: list[bytes], wanted: Wanted) -> Excerpt:
    last = wanted.last or 0
    out: list[bytes] = []
    left = float(wanted.tokens)
    for number in range(wanted.first, last + 1):
        line = lines[number - 1][wanted.skip if number == wanted.first else 0 :]
        left -= estimated_tokens(line)
        if left < 0 and not out:
            return _cut(lines, wanted, line)
        if left < 0:
            rest = replace(wanted, first=number, skip=0)
            return Excerpt(b"".join(out), wanted.first, number - 1, len(lines), rest)
        out.append(line)
    return Excerpt(b"".join(out), wanted.first, last, len(lines), None)


def _cut(lines: list[bytes], wanted: Wanted, line: bytes) -> Excerpt:
    """The beginning of a line that is longer than a page."""
    end = int(len(line) * wanted.tokens / estimated_tokens(line)) or 1
    while end < len(line) and line[end] & 0xC0 == 0x80:  # not within a character of UTF-8
        end += 1
    whole = end >= len(line)
    rest = replace(wanted, first=wanted.first + whole, skip=0 if whole else wanted.skip + end)
    done = rest.first > (wanted.last or 0)
    return Excerpt(line[:end], wanted.first, wanted.first, len(lines), None if done else rest)


def _found(lines: list[bytes], wanted: Wanted) -> Excerpt:
    """Matching lines with their numbers and those around them, in `grep -n`'s form."""
    matching = set(_matches(lines, wanted))
    around = range(-wanted.context, wanted.context + 1)
    shown = sorted({n + by for n in matching for by in around if wanted.first <= n + by <= (wanted.last or 0)})
    out: list[bytes] = []
    left, before = float(wanted.tokens), 0
    for number in shown:
        piece = _numbered(number, lines[number - 1], b":" if number in matching else b"-")
        if wanted.context and before and number > before + 1:
            piece = b"--\n" + piece
        left -= estimated_tokens(piece)
        if left < 0 and out:
            rest = replace(wanted, first=number, skip=0)
            return Excerpt(b"".join(out), wanted.first, before, len(lines), rest)
        out.append(_fitting(piece, wanted.tokens))
        before = number
    return Excerpt(b"".join(out) or b"[no line matches]\n", wanted.first, wanted.last or 0, len(lines), None)


def _fitting(piece: bytes, tokens: int) -> bytes:
    """A match as it is, or where the line alone is longer than a page, its beginning."""
    if (size := estimated_tokens(piece)) <= tokens:
        return piece
    shown = piece[: max(1, int(len(piece) * tokens / size))].decode("utf-8", "ignore").encode()
    return shown + b" [%d bytes more on this line]\n" % (len(piece) - len(shown))


def _matches(lines: list[bytes], wanted: Wanted) -> Iterator[int]:
    try:
        pattern = re2.compile(wanted.grep, _RE2)
    except (re2.error, UnicodeEncodeError) as error:
        raise BadQuestion(f"grep: {_told(error)}") from None
    until = time.monotonic() + _SECONDS
    for number in range(wanted.first, (wanted.last or 0) + 1):
        text = lines[number - 1].decode("utf-8", "replace").rstrip("\r\n")
        if time.monotonic() > until:
            raise BadQuestion(f"grep: took more than {_SECONDS:.0f} s; ask for fewer lines")
        if pattern.search(text):
            yield number


def _told(error: Exception) -> str:
    """What RE2 says of an expression; it says so in bytes."""
    words = error.args[0] if error.args else ""
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(error)


def _numbered(number: int, line: bytes, sign: bytes) -> bytes:
    return b"%d%s%s" % (number, sign, line if line.endswith(b"\n") else line + b"\n")


def _split(data: bytes) -> list[bytes]:
    """The lines with their line feeds."""
    return _LINE.findall(data)


def _lines(text: str) -> tuple[int, int | None]:
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise BadQuestion("lines: FIRST-LAST, FIRST- or one number, counted from 1")
    first = int(found[1] or 1)
    last = int(found[3]) if found[3] else None if found[2] or not found[1] else first
    if first < 1 or (last is not None and last < first):
        raise BadQuestion("lines: the first one is 1, and the last is not before the first")
    return first, last


def _number(fields: dict[str, str], name: str, default: int, most: int) -> int:
    text = fields.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,13}", text) or int(text) > most:
        raise BadQuestion(f"{name}: a whole number up to {most}")
    return int(text)
