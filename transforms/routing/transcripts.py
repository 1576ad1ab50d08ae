"""Cuts what several commands printed, at the lines that the call itself has printed between them.

    git status; echo "--- log ---"; git log -5     →  the output of `git status`, the line, that of `git log -5`

Contract: pure, linear, never raises; the pieces, joined, are the text.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from transforms.call import Call

_MAX_COMMAND = 20_000
"""Characters of a command that are looked at."""
_MOST_LINES = 31
"""Of more outputs each is too small to be worth a look of its own."""
_ECHO = re.compile(
    r"""(?<![\w-])echo[ \t]+(?:-[neE]+[ \t]+)?(?:"(?P<double>[^"\n]{3,120})"|'(?P<single>[^'\n]{3,120})'"""
    r"""|(?P<bare>[^\s;&|"'()<>]{3,120}))"""
)
_RULE = re.compile(r"[-=#*~_+>]{2,}")
"""What tells a line that parts outputs from a message."""
_PUT_IN = "[^\n]{0,200}"
"""One for all that varies in a line, so that a line is read but once."""
_VARYING = re.compile(r"\$(?:\{[^}\n]*\}|\([^)\n]*\)|\w+|[*@#?])")


@dataclass(frozen=True, slots=True)
class Output:
    """A stretch of a transcript."""

    text: str
    call: Call
    """What printed it: the command between two lines, or the whole call where that cannot be told."""
    separator: bool = False
    """Whether it is a line that parts outputs."""


def outputs(text: str, call: Call) -> list[Output]:
    """The stretches of `text`, in order; one where the call prints no lines between its commands."""
    command = call.command[:_MAX_COMMAND]
    if "echo" not in command:
        return [Output(text, call)]
    patterns = ((echo, _pattern(_told(echo))) for echo in _ECHO.finditer(command))
    echoes = {echo: pattern for echo, pattern in patterns if pattern}
    if not echoes:
        return [Output(text, call)]
    lines = "|".join(dict.fromkeys(echoes.values()))
    found = [*islice(re.finditer(rf"^(?:{lines})[ \t]*(?:\n|\Z)", text, re.MULTILINE), _MOST_LINES + 1)]
    if not 0 < len(found) <= _MOST_LINES:
        return [Output(text, call)]
    calls = _calls(command, [*echoes], call) if len(found) == len(echoes) else [call] * (len(found) + 1)
    return [*_stretches(text, found, calls)]


def _stretches(text: str, found: list[re.Match[str]], calls: list[Call]) -> Iterator[Output]:
    at = 0
    for line, call in zip([*found, None], calls, strict=True):
        start, end = line.span() if line else (len(text), len(text))
        if text[at:start]:
            yield Output(text[at:start], call)
        if line:
            yield Output(line[0], call, separator=True)
        at = end


def _told(echo: re.Match[str]) -> str:
    """What the call prints, without the line ends that `echo -e` makes of it."""
    said: str = echo[echo.lastgroup or 0]
    return said.removeprefix("\\n").removesuffix("\\n")


def _pattern(said: str) -> str:
    """The lines that `said` may become: what the shell puts in is unknown. Empty for a message, which parts nothing."""
    first, *others = _VARYING.split(said)
    if not others:
        return re.escape(first) if _RULE.search(first) else ""
    last = others[-1]
    return f"{re.escape(first)}{_PUT_IN}{re.escape(last)}" if _RULE.search(f"{first}\n{last}") else ""


def _calls(command: str, echoes: list[re.Match[str]], call: Call) -> list[Call]:
    """One call for each command before, between and behind the echoes."""
    bounds = [0, *(place for echo in echoes for place in echo.span()), len(command)]
    between = [command[start:end].strip(" \t\n;&") for start, end in [*pairwise(bounds)][::2]]
    return [Call(call.tool, json.dumps({"command": own})) for own in between]
