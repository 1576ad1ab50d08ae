"""Where a routing log is shown: one short function per sink. Metrics have a file of their own."""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from addon.event_log import LEVELS, TRACE, tell
from addon.routing_log import NO_TRANSFORM, Entry, RoutingLog, cleaned
from addon.setting_values import LogLevel
from addon.wire.usage import Usage
from transforms.contract import Loss
from transforms.reasons import Reason

HEADER = "x-headroom-routing-log"
HEADER_LIMIT = 2000
"""Bytes of the header's value: clients' HTTP libraries fail from 8 KB of header on."""
METADATA = "headroom"
"""Key in `flow.metadata` under which the whole log stands."""

REWRITTEN, FAILED_OPEN = ":scissors:", ":warning:"
"""Markers on flows: something was made smaller; something went wrong in us, and the client's own text went on."""
FAULTS = frozenset({Reason.FAILED, Reason.TIME_BUDGET, Reason.BUSY, Reason.LEDGER_UNAVAILABLE, Reason.NO_WAY_BACK})
"""Reasons that tell of something wrong in us."""

_NOT_LOGGED = frozenset({"attempts", "omitted"})
"""Attempts have lines of their own; what was left out quotes what it stands for, and no content is logged."""
_TOLD_IN_NOTE = 4
_MOST_IN_HEADER = 12
"""More entries never fit."""


def header(log: RoutingLog) -> str:
    """The log as JSON of printable ASCII, at most `HEADER_LIMIT` bytes.

    Where the whole does not fit, the entries that saved most come first, `omitted` counts the others, and
    `whole` says where all of it is.
    """
    if len(log.entries) <= _MOST_IN_HEADER and len(text := _ascii(_for_header(log))) <= HEADER_LIMIT:
        return text
    largest = sorted(log.entries, key=lambda entry: (entry.tokens_after - entry.tokens_before, entry.block))
    whole = _for_header(log.model_copy(update={"entries": tuple(largest[:_MOST_IN_HEADER])}))
    head = {**whole, "failures": [failure[:120] for failure in whole["failures"][:2]], "policy": None}
    head["whole"] = f"flow metadata: {METADATA}"
    entries = whole["entries"]
    for shown in range(len(entries), -1, -1):
        cut = {**head, "entries": entries[:shown], "omitted": len(log.entries) - shown}
        if len(text := _ascii(cut)) <= HEADER_LIMIT:
            break
    return text


def _for_header(log: RoutingLog) -> dict[str, Any]:
    return log.model_dump(mode="json", by_alias=True, exclude={"entries": {"__all__": {"attempts", "omitted"}}})


def note(log: RoutingLog) -> str:
    """One line for people, the saving first: the flow list of mitmweb shows about 15 characters of it."""
    parts = [_saving(log), *(_told(entry) for entry in _largest(log))]
    if log.entries:
        smaller = sum(entry.tokens_after < entry.tokens_before for entry in log.entries)
        parts.append(f"{smaller} of {len(log.entries)} blocks")
    parts += filter(None, [log.shape, log.auth_mode, log.mode])
    if log.entries:
        parts.append(f"held {log.milliseconds:.0f} ms")
    parts += filter(None, [log.attach])
    return " · ".join((*parts, *(f"failure: {failure}" for failure in log.failures)))


def metadata(log: RoutingLog) -> dict[str, Any]:
    """The whole log as plain data that mitmproxy can save."""
    return {**log.head, "entries": [entry.plain for entry in log.entries]}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the event log, for people and as data."""

    severity: int
    event: str
    text: str
    fields: dict[str, Any]


def log_lines(log: RoutingLog, level: LogLevel) -> Iterator[Line]:
    """The lines that a level asks for: one a request, one a block at debug, one an attempt at trace."""
    by_block = LEVELS[level] <= logging.DEBUG
    head = f"headroom: {note(log)}"
    if by_block:
        policy = "" if log.policy is None else f" · policy {orjson.dumps(log.policy.model_dump()).decode()}"
        head += f" · request {log.request}{policy}"
    lines = [Line(logging.WARNING if log.failures else logging.INFO, "request", head, log.head)]
    for entry in log.entries if by_block else ():
        data = {name: value for name, value in entry.plain.items() if name not in _NOT_LOGGED}
        how = "" if entry.transform_name == NO_TRANSFORM else f", {entry.transform_name}"
        about = f"headroom: block {entry.block}:"
        lines.append(Line(logging.DEBUG, "block", f"{about} {_told(entry)}{how}", data))
        for attempt, tried in zip(entry.attempts, entry.plain["attempts"], strict=True):
            ratio = f"ratio {attempt.compression_ratio:.3f} {attempt.reason}"
            tokens = f"{attempt.tokens_before}>{attempt.tokens_after}"
            limit = ", at max_lossy_ratio" if attempt.at_limit else ""
            told = f"{about} record_compression {attempt.transform_name} {ratio} {tokens}{limit}"
            lines.append(Line(TRACE, "record_compression", told, {"block": entry.block, **tried}))
    return (line for line in lines if line.severity >= LEVELS[level])


def event_log(log: RoutingLog, level: LogLevel) -> None:
    """Write the lines that the level asks for to mitmproxy's event log."""
    for line in log_lines(log, level):
        tell(line.severity, line.event, line.text, line.fields)


def marker(log: RoutingLog) -> str:
    """The sign on the flow, by mitmproxy's names for emoji; empty where there is nothing to point at."""
    if log.failures or any(reason in FAULTS for reason in (log.decision, *(entry.reason for entry in log.entries))):
        return FAILED_OPEN
    return REWRITTEN if log.tokens_after < log.tokens_before else ""


def _ascii(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).replace("\x7f", "\\u007f")


def _saving(log: RoutingLog) -> str:
    if log.tokens_after < log.tokens_before:
        share = 100 * (1 - log.tokens_after / log.tokens_before)
        replayed = " replayed" if log.decision is Reason.REPLAYED else ""
        return f"-{share:.0f}% {_short(log.tokens_before)}>{_short(log.tokens_after)} tokens{replayed}"
    return f"0% {log.decision}" + (f" {_short(log.tokens_before)} tokens" if log.tokens_before else "")


def _largest(log: RoutingLog) -> list[Entry]:
    """The new decisions that matter most: what saved most, then what was large and left alone."""

    def weight(entry: Entry) -> tuple[int, int]:
        return entry.tokens_after - entry.tokens_before, -entry.tokens_before

    fresh = [entry for entry in log.entries if entry.reason not in (Reason.REPLAYED, Reason.TOO_SMALL)]
    return sorted(fresh, key=weight)[:_TOLD_IN_NOTE]


def _told(entry: Entry) -> str:
    tool = entry.tool or "tool"
    if entry.tokens_after == entry.tokens_before:
        return f"{tool} {_short(entry.tokens_before)} left alone: {entry.reason}"
    loss = f" {entry.loss}" if entry.loss not in (None, Loss.LOSSLESS) else ""
    return f"{tool} {_short(entry.tokens_before)}>{_short(entry.tokens_after)} {entry.reason}{loss}"


def _short(tokens: int) -> str:
    return str(tokens) if tokens < 1000 else f"{tokens / 1000:.1f}k"


def usage_metadata(usage: Usage) -> dict[str, Any]:
    """The provider's figures as plain data."""
    return cleaned({name: _listed(value) for name, value in asdict(usage).items()})


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
