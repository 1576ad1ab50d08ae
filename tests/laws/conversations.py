"""Runs requests through the pipeline as a client would send them, and tells what was sent."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from addon.deadline import Deadline
from addon.pipeline import compress
from addon.request import Outcome, Request
from addon.settings import Settings
from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import Node, parse
from addon.shapes.slot import Slot
from addon.store.learned import Learned
from addon.store.ledger import Decision, Ledger, MemoryLedger
from addon.store.originals import Originals
from addon.store.state import State
from transforms.compression_policy import AuthMode

type Body = dict[str, Any]

_PATIENT = 60.0
"""Seconds: these tests are about what is decided, not how fast."""


class PlainLedger(MemoryLedger):
    """A ledger of one process, without a store."""

    def hold(self, decisions: Mapping[bytes, Decision]) -> None:
        MemoryLedger.record(self, decisions)

    learn = hold

    def news(self) -> dict[bytes, Decision]:
        return {}


def sent(
    body: bytes, settings: Settings, ledger: Ledger | None = None, *, auth_mode: AuthMode | None = AuthMode.PAYG
) -> Outcome:
    """What the pipeline makes of one request."""
    request = Request(body, "", auth_mode, "test", Deadline(time.monotonic() + _PATIENT))
    state = State(PlainLedger() if ledger is None else ledger, Originals(settings.home), Learned(settings.home))
    try:
        return compress(request, settings, state)
    finally:
        state.learned.close()
        state.originals.close()


def slot_nodes(body: bytes) -> list[Node]:
    """The string literals of all tool outputs."""
    root = parse(body)
    found = detect(root)
    return [literal_of(slot, found, root) for slot in found.slots] if isinstance(found, Detected) else []


def literal_of(slot: Slot, detected: Detected, root: Node) -> Node:
    """The string literal in the body that a slot is about."""
    start = detected.start_of(slot)
    return replace(root, start=start, end=start + slot.place.end - slot.place.start)


def restored(changed: bytes, original: bytes) -> bytes:
    """`changed` with the literals of the original's tool outputs put back in."""
    pieces, at = [], 0
    for new, old in zip(slot_nodes(changed), slot_nodes(original), strict=True):
        pieces += [changed[at : new.start], old.literal()]
        at = new.end
    return b"".join([*pieces, changed[at:]])


def turns(body: bytes) -> Iterator[bytes]:
    """The requests that led to this one: the conversation cut before every turn of the assistant."""
    whole: Body = json.loads(body)
    key = "messages" if "messages" in whole else "input"
    items = whole[key]
    for end in range(1, len(items) + 1):
        if end == len(items) or (_is_models(items[end]) and not _is_models(items[end - 1])):
            yield json.dumps({**whole, key: items[:end]}, ensure_ascii=False, separators=(",", ":")).encode()


def items(body: bytes) -> list[Body]:
    """The conversation's items, without the marks that move between turns."""
    decoded: Body = json.loads(body)
    request = decoded.get("request", decoded)
    conversation = next(request[key] for key in ("messages", "input", "contents") if key in request)
    found: list[Body] = json.loads(json.dumps(conversation), object_hook=_unmarked)
    return found


def _is_models(item: Body) -> bool:
    return item.get("role") == "assistant" or item.get("type", "").endswith("_call") or item.get("type") == "reasoning"


def _unmarked(value: Body) -> Body:
    return {k: v for k, v in value.items() if k != "cache_control"}
