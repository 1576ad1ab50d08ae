"""Blobs: base64, hexadecimal, source maps and minified code, which no reader takes anything from, named in place.

    `"icon": "data:image/png;base64,iVBORw0KGgo…"`
    →  `"icon": "data:image/png;base64,[base64 omitted: 48213 characters, sha256 1f2e3d4c; full text: HANDLE]"`

The largest go first, as far as the budget reaches; one that is larger than what is left of the budget keeps its
start, up to a separator within it. Every gap tells its length and the start of the SHA-256 of what stood there, so
the proof needs no trust. Tokens and keys that are used again by copying them (JWT, SSH, PEM private keys) stay, as
does a blob of which the question or the call names a part, and everything when the question is about decoding.
"""

import hashlib
import re
from collections.abc import Iterator
from string import ascii_lowercase, ascii_uppercase, digits

from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.lossy.stretches import Stretch, choose, leave_out, long_lines

_MIN_CHARS = 200
"""Shorter runs are hashes, ids and signatures, which readers compare and copy."""
_MIN_WORD, _MAX_WRAPPED, _MIN_WRAPPED = 60, 81, 3
"""Characters of a line of wrapped base64, at least and at most with a `\\r`, and how many such lines there must be."""
_MIN_LINE = 2000
"""Characters of a line of code before it is called minified; people write lines of up to a few hundred."""
_BASE64 = re.compile(
    rf"(?<![\w+/.-])(?:[A-Za-z0-9+/]{{{_MIN_CHARS},}}+={{0,2}}|[A-Za-z0-9_-]{{{_MIN_CHARS},}}+={{0,2}})"
)
_WRAPPED = re.compile(r"(?:(?<=\n)|\A)(?:[A-Za-z0-9+/]{60,80}\r?\n){3,}+(?:[A-Za-z0-9+/]{1,80}={0,2}(?=\r?\n|\Z))?")
_ESCAPED = re.compile(
    r"(?:(?<![\w+/\\])|(?<=\\n))(?:[A-Za-z0-9+/]{60,80}(?:\\r)?\\n){3,}+(?:[A-Za-z0-9+/]{1,80}={0,2})?"
)
"""The same within a string of JSON, as notebooks hold pictures and API answers certificates."""
_HEX = re.compile(rf"(?<!\w)(?:[0-9a-fA-F]{{{_MIN_CHARS},}}+|(?:\\x[0-9a-fA-F]{{2}}){{64,}}+)(?!\w)")
_MAPPINGS = re.compile(rf'"mappings"\s*+:\s*+"(?P<run>[A-Za-z0-9+/,;]{{{_MIN_CHARS},}}+)"')
_RUNS = bytes(
    code if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "+/_-\\") else 32 for code in range(256)
)
"""Turns bytes that stand in no run of base64 or hexadecimal into blanks."""
_LETTERS_AND_DIGITS = (ascii_lowercase.encode(), ascii_uppercase.encode(), digits.encode())
_COPIED = re.compile(r"eyJ|AAAA[BCE][23]Nz|AAAAC3|AAAAE2")
"""How JSON web tokens and SSH public keys begin."""
_PRIVATE_KEY = re.compile(r"PRIVATE KEY-----(?:\r?\n|(?:\\r)?\\n)\Z")
_DECODES = re.compile(r"base64|decod|\bhex|xxd|certificate|openssl|minif", re.IGNORECASE)
_NAMED = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_SCRIPT = re.compile(r"\bfunction\b|=>|\breturn\b|\bvar |&&|\|\|")
_RULE = re.compile(r"[{;][\w-]+:[^{};\"]+(?=[;}])")
_SEPARATOR = re.compile(r"[^A-Za-z0-9]")
_MARKER = re.compile(
    r"\[(?:base64|hex|source map|minified code) omitted: (\d{1,12}) characters, sha256 ([0-9a-f]{8})"
    r"(?:; full text: [^\]\n]+)?\]"
)


class BlobElider:
    """Blobs, named by length and hash."""

    name = "blob_elider"
    kinds = frozenset(Kind)
    loss = Loss.LOSSY
    lines_stand_alone = True

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The text with its blobs named, as far as the budget reaches; None when it has none."""
        text, asked = block.text, f"{block.question}\n{block.call.arguments}"
        if not budget.allows_loss or _MARKER.search(text):
            return None
        found = list(_blobs(text))
        if not found or _DECODES.search(asked):
            return None
        named = set(_NAMED.findall(asked))
        blobs = [blob for blob in found if not any(word in text[blob.start : blob.end] for word in named)]
        choice = choose(text, blobs, budget.tokens, _behind_separator)
        handle = budget.handle.replace("\\", "/")  # within a JSON string a backslash would be an escape
        return leave_out(text, choice, handle, _told)

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether each gap has the length and the hash that its marker tells, and all between the gaps is verbatim."""
        at = written = 0
        for marker in _MARKER.finditer(rewritten):
            kept = rewritten[written : marker.start()]
            gap_at = at + len(kept)
            gap = original[gap_at : gap_at + int(marker[1])]
            if original[at:gap_at] != kept or _sha256(gap) != marker[2]:
                return False
            at, written = gap_at + len(gap), marker.end()
        return original[at:] == rewritten[written:]


def _blobs(text: str) -> Iterator[Stretch]:
    """Every blob in the order of the text, none within another. What is searched for is told from the longest lines."""
    lines = [line for line in text.split("\n") if len(line) >= _MIN_WORD]
    found: list[Stretch] = []
    if sum(len(line) <= _MAX_WRAPPED and " " not in line for line in lines) >= _MIN_WRAPPED:
        wrapped = (match for match in _WRAPPED.finditer(text) if _is_base64(text, match))
        found += [Stretch("base64", match.start(), match.start() + len(match[0].rstrip())) for match in wrapped]
    if any(len(line) >= _MIN_CHARS for line in lines):
        for start, line in long_lines(text, _MIN_CHARS):
            found += _blobs_in_line(text, start, line)
    end = 0
    for blob in sorted(found, key=lambda blob: (blob.start, -blob.end)):
        if blob.start >= end:
            yield blob
            end = blob.end


def _blobs_in_line(text: str, start: int, line: str) -> Iterator[Stretch]:
    end = start + len(line)
    if max(map(len, line.encode("utf-8", "replace").translate(_RUNS).split()), default=0) >= _MIN_CHARS:
        yield from (Stretch("hex", match.start(), match.end()) for match in _HEX.finditer(text, start, end))
        forms = (_BASE64, _ESCAPED) if "\\n" in line else (_BASE64,)
        runs = (match for form in forms for match in form.finditer(text, start, end) if _is_base64(text, match))
        yield from (Stretch("base64", match.start(), match.end()) for match in runs)
    if '"mappings"' in line:
        found = _MAPPINGS.finditer(text, start, end)
        yield from (Stretch("source map", match.start("run"), match.end("run")) for match in found)
    if len(line) >= _MIN_LINE and _is_minified(line):
        yield Stretch("minified code", start, end)


def _is_base64(text: str, match: re.Match[str]) -> bool:
    """Whether the run has the mix of letters and digits of encoded data, unlike a path or a long word."""
    run = match[0]
    if _COPIED.match(run) or _PRIVATE_KEY.search(text[max(0, match.start() - 40) : match.start()]):
        return False
    size, encoded = len(run), run.encode()
    lower, upper, figures = (size - len(encoded.translate(None, kind)) for kind in _LETTERS_AND_DIGITS)
    return min(lower, upper) >= 0.1 * size and figures >= 0.02 * size and len(set(run)) >= 24


def _is_minified(line: str) -> bool:
    """Whether the line is script or style sheet code with its layout taken out, not data or prose."""
    if line.lstrip()[:1] in ("{", "[", '"', "<") or line.count(" ") > len(line) / 12:
        return False
    return len(_SCRIPT.findall(line)) > len(line) / 250 or len(_RULE.findall(line)) > len(line) / 80


def _behind_separator(text: str, start: int, end: int) -> int:
    found = _SEPARATOR.search(text, start, end)
    return found.end() if found else end


def _told(text: str, gap: Stretch) -> str:
    digest = _sha256(text[gap.start : gap.end])
    return f"{gap.what} omitted: {gap.end - gap.start} characters, sha256 {digest}"


def _sha256(text: str) -> str:
    """The first eight digits of the hash of the text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
