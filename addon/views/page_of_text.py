"""Text for a screen: lines of bounded length and number, without keys and without control characters."""

import re

from addon.redaction import redact

MOST_LINES = 500
"""mitmweb shows 512 lines of a view before it asks."""
_WIDTH = 180
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def shown(line: str, width: int = _WIDTH) -> str:
    """One line as it can be shown."""
    line = _CONTROL.sub("·", line[: width + 200].replace("\t", "    "))
    line = redact(line)
    return line if len(line) <= width else f"{line[:width]}…"


def few(text: str, most: int, indent: str = "") -> list[str]:
    """The first lines of a text, and how many more there are."""
    head = text[: most * 2000].splitlines()
    lines = [indent + shown(line) for line in head[:most] if line.strip()]
    more = text.count("\n") + 1 - most
    return lines if more <= 0 else [*lines, f"{indent}… {more:,} lines more"]


def page(lines: list[str]) -> str:
    """The lines as one text, at most as many as are shown."""
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"… {len(lines) - MOST_LINES + 1:,} lines more; the Raw view has all of it"]
    return "\n".join(lines)
