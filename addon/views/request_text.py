"""The view of a request: what was decided, what was left out of which tool result, and the conversation.

Pure: bytes and plain data in, text out. Work is linear in the bodies and stops at `MOST_BYTES`: it runs on the proxy's
event loop. Decisions come from the flow's metadata, so that a saved flow tells what was decided when it was sent.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from addon.shapes import json_spans
from addon.shapes.detect import Detected, detect
from addon.shapes.slot import Slot
from addon.views.conversation import Said, conversation
from addon.views.differences import MARKER, difference, gaps
from addon.views.page_of_text import MOST_LINES, few, page, shown
from addon.views.record_text import circumstances, decision, failures

MOST_BYTES = 4 * 1024 * 1024
_DIFFERENCES = 330
"""Lines for all differences together."""
_SHORTEST = 12
_LISTED = 80
_SAID_LINES = 4
_GAPS = 5


def request_text(note: str, log: dict[str, Any], sent: bytes, original: bytes | None) -> str:
    """The view, from the flow's note, its metadata, the body as sent and the body as it came, None where that is lost.

    Both bodies without their Content-Encoding. Raises `NotJson` where `sent` is none.
    """
    lines = decisions(note, log, sent, original)
    return page([*lines, *_conversation(sent, MOST_LINES - len(lines))] if len(sent) <= MOST_BYTES else lines)


def decisions(note: str, log: dict[str, Any], sent: bytes, original: bytes | None) -> list[str]:
    """The view's lines without the conversation, from the same. Raises `NotJson` where `sent` is none."""
    if len(sent) > MOST_BYTES or (original and len(original) > MOST_BYTES):
        return [shown(note, 400), f"{len(sent):,} bytes are too many for this view; the Raw view has them."]
    now, before = _slots(sent), _slots(original) if original and original != sent else None
    entries = log.get("entries") or []
    head = [f"summary: {shown(note, 400)}", *circumstances(log), *failures(log)]
    return [*head, *_overview(entries, now), *_differences(entries, now, before)]


def _slots(body: bytes) -> tuple[Slot, ...]:
    found = detect(json_spans.parse(body))
    return found.slots if isinstance(found, Detected) else ()


def _overview(entries: list[dict[str, Any]], slots: tuple[Slot, ...]) -> Iterator[str]:
    if not entries:
        yield f"tool results: {len(slots)}; no decisions: {'none in this request' if not slots else 'see summary'}"
        return
    yield f"tool results: {len(entries)}"
    paired = len(entries) == len(slots)
    for n, entry in enumerate(entries[:_LISTED]):
        yield f"  {decision(entry)}{f' · {_what(slots[n])}' if paired and _what(slots[n]) else ''}"
    if len(entries) > _LISTED:
        yield f"  … {len(entries) - _LISTED:,} more"


def _what(slot: Slot) -> str:
    """What the call was about, in a few words."""
    call = slot.call
    return shown(" ".join((call.path or call.command or call.arguments).split()), 70)


def _differences(
    entries: list[dict[str, Any]], now: tuple[Slot, ...], before: tuple[Slot, ...] | None
) -> Iterator[str]:
    changed = [n for n, entry in enumerate(entries) if entry["tokens_after"] < entry["tokens_before"]]
    if not changed:
        return
    if before is None or not len(before) == len(now) == len(entries):
        yield "# the request as it came is not in this flow any more: no comparison"
        return
    changed.sort(key=lambda n: (not entries[n].get("new", True), n))
    most, left = max(_SHORTEST, _DIFFERENCES // len(changed)), _DIFFERENCES
    yield "# original against sent:  - taken out   + put in   » names a gap   (unmarked: as it was)"
    for place, n in enumerate(changed):
        if left < _SHORTEST:
            yield f"# … and {len(changed) - place} more tool results"
            return
        lines = [*_left_out(before[n].text, now[n].text), *difference(before[n].text, now[n].text, most)]
        left -= len(lines) + 1
        yield f"# ── block {entries[n]['block']} ── {shown(entries[n]['tool'], 60)} {_what(now[n])}"
        yield from lines


def _left_out(before: str, now: str) -> list[str]:
    """The gaps first, since they are what a reader asks for."""
    found = gaps(before, now)
    more = [f"{MARKER} … {len(found) - _GAPS} gaps more"] if len(found) > _GAPS else []
    return [*(f"{MARKER} left out: {shown(gap.strip())}" for gap in found[:_GAPS]), *more]


def _conversation(sent: bytes, room: int) -> list[str]:
    """The conversation's end where it is too long: that is what the model is asked now."""
    body = orjson.loads(sent)
    said = list(conversation(body)) if isinstance(body, dict) else []
    blocks: list[list[str]] = []
    used = 0
    for one in reversed(said):
        lines = _said(one)
        used += len(lines)
        if used > room - 4 and blocks:
            break
        blocks.append(lines)
    head = [f"# conversation: {len(said)} parts" + (f", the last {len(blocks)}" if len(blocks) < len(said) else "")]
    return [*head, *(line for lines in reversed(blocks) for line in lines)]


def _said(one: Said) -> list[str]:
    if one.who == "calls":
        return [f"calls {shown(one.name, 60)}: {shown(' '.join(one.text.split()))}"]
    if one.who == "result":
        size = f"{len(one.text):,} characters"
        return [f"result: {size}", *few(one.text, 2, "    ")]
    return [f"{shown(one.who, 40)}:", *few(one.text, _SAID_LINES, "    ")]
