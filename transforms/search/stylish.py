"""What ESLint prints by default: below each file a table of its findings; those that say the same become one row.

      9:1    error    Strings must use doublequote              quotes
     16:1    error    Unexpected var, use let or const instead  no-var
     16:28   error    Strings must use doublequote              quotes

    9:1,16:28  error  Strings must use doublequote  quotes
    16:1  error  Unexpected var, use let or const instead  no-var

Contract: pure, linear in the text (but for sorting), never raises. A table whose columns are not as wide as its cells
stays as it is.
"""

import re
from collections.abc import Collection, Container, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

_LEGEND = "[findings of a file that say the same stand on one row, without padding]"
_ROW = re.compile(r"(?: {2,}|(?=\d))((?:\d{1,7}:\d{1,6},)*+\d{1,7}:\d{1,6}) {2,}(error|warning) {2,}(\S.*)")
"""A row of a table, or of a folded one."""
_FEWEST = 6
"""Findings from which on tables are folded."""
_FEW, _WHOLE_SHARE = 8, 50
"""Errors that are few in any text; and in a longer one as many as one in so many lines: few errors stay whole."""


class _Finding(NamedTuple):
    line: int
    column: int
    told: tuple[str, str, str]
    """Severity, message and rule."""


def encode(text: str) -> str | None:
    """The folded tables below a legend; None if there are none."""
    if text.startswith(_LEGEND) or ("  error  " not in text and "  warning  " not in text):
        return None
    lines = text.split("\n")
    found = [_findings(line) if line.startswith("  ") else [] for line in lines]
    if sum(map(len, found)) < _FEWEST:
        return None
    whole = _rare_errors(found)
    out = [_LEGEND]
    for is_table, run in groupby(range(len(lines)), lambda at: len(found[at]) == 1):
        table = list(run)
        own = [lines[at] for at in table]
        rows = _folded([(lines[at], found[at][0], at in whole) for at in table]) if is_table else own
        out += rows if _unfolded(rows) == own else own
    return "\n".join(out) if len(out) <= len(lines) else None


def decode(text: str) -> str | None:
    """The text as it was; None if it does not start with the legend."""
    legend, _, body = text.partition("\n")
    if legend != _LEGEND:
        return None
    runs = [(is_table, list(run)) for is_table, run in groupby(body.split("\n"), lambda line: bool(_findings(line)))]
    return "\n".join(line for is_table, run in runs for line in (_unfolded(run) if is_table else run))


def are_rare(errors: Collection[int], lines: int) -> bool:
    """Whether so few of the `lines` are called errors that these are told whole."""
    return len(errors) <= max(_FEW, lines // _WHOLE_SHARE)


def _findings(row: str) -> list[_Finding]:
    """What a row tells; empty for a line that is none."""
    parts = _ROW.fullmatch(row)
    if parts is None:
        return []
    message, gap, rule = parts[3].rpartition("  ")
    told = (parts[2], message.rstrip(), rule) if gap and " " not in rule else (parts[2], parts[3], "")
    places = (place.split(":") for place in parts[1].split(","))
    return [_Finding(int(line), int(column), told) for line, column in places]


def _rare_errors(found: Sequence[Sequence[_Finding]]) -> Container[int]:
    """What is called an error, where that is rare: such a line is quoted as it stands."""
    errors = [at for at, own in enumerate(found) if own and own[0].told[0] == "error"]
    return frozenset(errors) if are_rare(errors, len(found)) else frozenset()


def _folded(table: Iterable[tuple[str, _Finding, bool]]) -> list[str]:
    """The rows of a table, each message once."""
    rows: dict[object, list[str]] = {}
    for line, finding, whole in table:
        if whole:
            rows[line] = [line]
        else:
            rows.setdefault(finding.told, []).append(f"{finding.line}:{finding.column}")
    return [
        "  ".join([",".join(places), *filter(None, told)]) if isinstance(told, tuple) else places[0]
        for told, places in rows.items()
    ]


def _unfolded(rows: list[str]) -> list[str]:
    """The table that `rows` stand for, in the order of its places, its columns as wide as their cells; a table none of
    whose rows is folded stands for itself."""
    if not any(row[:1].isdigit() for row in rows):
        return rows
    findings = sorted((own for row in rows for own in _findings(row)), key=lambda own: own[:2])
    cells = [(str(own.line), str(own.column), *own.told) for own in findings]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        f"  {line:>{wide[0]}}:{column:<{wide[1]}}  {severity:<{wide[2]}}  {message:<{wide[3]}}  {rule}".rstrip()
        for line, column, severity, message, rule in cells
    ]
