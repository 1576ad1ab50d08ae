r"""What agents put around a tool's own output: headers, footers, tags, notices of a truncation, JSON envelopes.

Contract: `unwrap` cuts a text into pieces, wrapper text and payloads, in order and without a gap: written back
in their spelling and joined, they are the text again. Pure, linear, never raises. Wrapper text is never
rewritten: it is what clients and models know by heart, and it says how complete the payload is.

Seen in recorded requests: Codex (`Chunk ID: …`, and in code mode a JSON object with the text in `output`),
Claude Code (`<system-reminder>`, `<persisted-output>`, `Exit code N`), Qwen Code and Gemini CLI (`Command: …
Directory: … Output: …`), mini-swe-agent and SWE-agent (`<returncode>`, `OBSERVATION:`), opencode (`<file>`), pi.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from transforms.routing.spelling import Spelling, recognize


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a block's text."""

    text: str
    """As the reader sees it: escapes of a surrounding JSON string are resolved."""
    payload: bool
    """Whether a tool wrote it; else it is wrapper text."""
    spelling: Spelling = Spelling.PLAIN
    """How it is written in the block."""


_EDGE = 4096
"""Characters at either end of a text in which one header or footer is looked for."""
_EDGES = 8
"""Headers or footers taken off at most."""
_ENVELOPE_SHARE = 0.5
"""Share of a JSON object that its output texts must have for it to be an envelope and not data."""

_HEADERS = (
    # Codex
    r"(?:Chunk ID: [^\n]*\n)?(?:Script [^\n]*\n)?(?:Exit code: -?\d+\n)?Wall time:? [^\n]*\n"
    r"(?:Process [^\n]*\n)?(?:Original token count: \d+\n)?(?:Total output lines: \d+\n)?Output:(?:\n|\Z)",
    r"Warning: truncated output \(original token count: \d+\)\n(?:Total output lines: \d+\n)?\n?",
    r"Total output lines: \d+\n\n",
    # Claude Code
    r"Exit code -?\d+\n",
    r"<persisted-output>\n(?:[^\n]*\n){1,6}?Preview \([^\n]*\):\n",
    r"<(?:bash-stdout|local-command-stdout|tool_use_error)>\n?",
    r"The file [^\n]* has been updated\. Here's the result of running `cat -n` on [^\n]*:\n",
    r"Here's the result of running `cat -n` on [^\n]*:\n",
    # Qwen Code, Gemini CLI
    r"Tool output was too large and has been truncated\.\n(?:[^\n]*\n){1,8}?Truncated part of the output:\n",
    r"Command: (?:[^\n]*\n){1,40}?Directory: [^\n]*\n(?:Output|Stdout): ",
    r"<untrusted_context>\n(?:Output: )?",
    # mini-swe-agent, SWE-agent
    r"<returncode>-?\d+</returncode>\n?(?:<warning>\n[^<]*</warning>\n?)?<output(?:_head)?>\n?",
    r"OBSERVATION:\n",
    # opencode
    r"(?:<path>[^\n]*</path>\n<type>file</type>\n)?<(?:file|content)>\n",
)
_REMINDER = r"<system-reminder>[^<]*+(?:<(?!/?system-reminder>)[^<]*+)*+</system-reminder>\s*"
"""Written so that it is found by its first characters."""
_EXIT = r"\n(?:Error|Stderr): [^\n]*\nExit Code: [^\n]*(?:\n(?:Signal|Background PIDs|Process Group PGID): [^\n]*)*\s*"
_FOOTERS = {
    # Claude Code
    "</system-reminder>": rf"\n\n{_REMINDER}|\n{_REMINDER}|{_REMINDER}",
    "</persisted-output>": r"\n?(?:\.\.\.\n)?</persisted-output>\s*",
    "stdout>": r"\n?</(?:bash|local-command)-stdout>(?:<bash-stderr></bash-stderr>)?\s*",
    "</tool_use_error>": r"\n?</tool_use_error>\s*",
    "(Results are truncated.": r"\n\(Results are truncated\.[^\n]*\)\s*",
    "Shell cwd was reset to ": r"\nShell cwd was reset to [^\n]*\s*",
    # servers of tools
    "runcated": r"\n+(?:\.\.\. ?)?[\[(<][^\n]{0,80}[Tt]runcated[^\n]{0,200}\s*",
    # Qwen Code, Gemini CLI
    **dict.fromkeys(("Exit Code: ", "Signal: ", "Background PIDs: ", "Process Group PGID: "), _EXIT),
    "</untrusted_context>": r"(?:\n(?:Error|Exit Code|Signal|Background PIDs|Process Group PGID): [^\n]*)*"
    r"\n?</untrusted_context>\s*",
    # mini-swe-agent, SWE-agent
    "</output": r"\n?</output(?:_tail)?>\s*",
    "bash-$": r"\n\(Open file: [^\n]*\)\n\(Current directory: [^\n]*\)\nbash-\$\s*",
    # opencode
    "</file>": r"\n?(?:\n\((?:End of file|File has more lines|Output capped)[^\n]*\)\n)?</file>\s*",
    "</content>": r"\n?(?:\n\((?:End of file|File has more lines|Output capped)[^\n]*\)\n)?</content>\s*",
    # pi
    " more lines not shown": r"\n+\.\.\. \(\d+ more lines not shown[^\n]*\)\s*",
    "[Showing lines ": r"\n+\[Showing lines \d+-\d+ of \d+[^\n]*\]\s*",
}
"""Each with words that stand in its last line, so that the pattern is looked for only where it may be."""
_HEADER = re.compile("|".join(f"(?:{pattern})" for pattern in _HEADERS))
_FOOTER = {mark: re.compile(rf"(?:{pattern})\Z") for mark, pattern in _FOOTERS.items()}

_UNITS = "(?:lines?|characters?|chars?|bytes?|tokens?)"
_CUT_INSIDE_A_LINE = r"…\d+ (?:tokens|chars) truncated…"
_CUT = re.compile(
    rf"{_CUT_INSIDE_A_LINE}"
    r"|(?m:\n---\n\.\.\. \[CONTENT TRUNCATED\] \.\.\.\n---\n)"
    rf"|(?m:^[^\w\n]{{0,8}}\d[\d,]* {_UNITS} (?:truncated|omitted|elided)[^\w\n]{{0,8}}(?:\n|\Z))"
    rf"|(?m:^[^\w\n]{{0,8}}omitted \d+ of \d+ {_UNITS}[^\w\n]{{0,8}}\n)"
    r"|</output_head>\s{0,4}<elided_chars>[^<]{0,80}</elided_chars>\s{0,4}<output_tail>\n?"
)
_CUT_WORDS = ("truncated", "TRUNCATED", "omitted", "elided")
"""One of them stands in every such notice."""
_CUT_ABOVE, _CUT_BELOW = 20, 160
"""Characters of a notice above the line with its word, and behind the word, at most."""
_RAW_CUT = re.compile(_CUT_INSIDE_A_LINE)

_ENVELOPE = re.compile(r'\{\s*"(?:chunk_id|returncode|exit_code|output|stdout|stderr|content|wall_time_seconds)"\s*:')
_TEXT_VALUE = re.compile(
    r'(?:"(?:output|stdout|stderr|output_head|output_tail)"|"type"\s*:\s*"text"\s*,\s*"text")\s*:\s*"'
    r'(?P<text>[^"\\]*+(?:\\.[^"\\]*+)*+)(?=")',
    re.DOTALL,
)
_HALF_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*(?P<half>\\(?:u[0-9a-fA-F]{0,3})?)\Z")


def unwrap(text: str) -> list[Piece]:
    """`text` cut into wrapper text and payloads; a text without any wrapper is one payload."""
    start = _header_end(text)
    end = _footer_start(text, start)
    pieces = _wrapper(text[:start])
    pieces += _envelope(text[start:end]) or _between_cuts(text[start:end])
    return pieces + _wrapper(text[end:])


def _wrapper(text: str) -> list[Piece]:
    return [Piece(text, payload=False)] if text else []


def _header_end(text: str) -> int:
    """Where the payload starts, behind any number of headers."""
    at = 0
    for _ in range(_EDGES):
        header = _HEADER.match(text, at, at + _EDGE)
        if header is None:
            break
        at = header.end()
    return at


def _footer_start(text: str, start: int) -> int:
    """Where the payload ends, before any number of footers."""
    end = len(text)
    for _ in range(_EDGES):
        edge = max(start, end - _EDGE)
        last = text[edge:end].rstrip().rpartition("\n")[2]
        marks = [mark for mark in _FOOTER if mark in last]
        footer = next((found for mark in marks if (found := _FOOTER[mark].search(text, edge, end))), None)
        if footer is None:
            break
        end = footer.start()
    return end


def _between_cuts(text: str, spelling: Spelling = Spelling.PLAIN) -> list[Piece]:
    """The payloads on either side of every notice of a truncation."""
    pieces, at = [], 0
    for cut in _cuts(text):
        pieces += [Piece(text[at : cut.start()], True, spelling), Piece(cut[0], False, spelling)]
        at = cut.end()
    pieces.append(Piece(text[at:], True, spelling))
    return [piece for piece in pieces if piece.text]


def _cuts(text: str) -> Iterator[re.Match[str]]:
    """Every notice of a truncation. Looked for only near its words: nothing finds these as fast as `str.find`."""
    at = 0
    for place in sorted(place for word in _CUT_WORDS for place in _places(text, word)):
        start, end = text.rfind("\n", 0, place) - _CUT_ABOVE, text.find("\n", place + _CUT_BELOW) + 1
        if place >= at and (cut := _CUT.search(text, max(at, start), end or len(text))):
            yield cut
            at = cut.end()


def _places(text: str, word: str) -> Iterator[int]:
    at = -1
    while (at := text.find(word, at + 1)) >= 0:
        yield at


def _envelope(text: str) -> list[Piece]:
    """The pieces of a JSON object that only carries output texts; empty when it is none."""
    if _ENVELOPE.match(text) is None:
        return []
    values = list(_TEXT_VALUE.finditer(text))
    if sum(value.end("text") - value.start("text") for value in values) < _ENVELOPE_SHARE * len(text):
        return []
    pieces, at = [], 0
    for value in values:
        pieces += _wrapper(text[at : value.start("text")]) + _escaped(value["text"])
        at = value.end("text")
    return pieces + _wrapper(text[at:])


def _escaped(raw: str) -> list[Piece]:
    """The pieces of the inside of a JSON string, in which the client may have cut a stretch out."""
    pieces, at = [], 0
    for cut in _RAW_CUT.finditer(raw):
        pieces += _unescaped(raw[at : cut.start()]) + _wrapper(cut[0])
        at = cut.end()
    return pieces + _unescaped(raw[at:])


def _unescaped(raw: str) -> list[Piece]:
    """The payloads written as `raw`; what no spelling writes so stays wrapper text."""
    half = _HALF_ESCAPE.search(raw, max(0, len(raw) - 64))
    end = half.start("half") if half else len(raw)
    found = recognize(raw[:end])
    if found is None:
        return _wrapper(raw)
    return _between_cuts(*found) + _wrapper(raw[end:])
