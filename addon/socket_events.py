"""Events of a Responses WebSocket that tell something: which tools the model calls, and how a response ended.

`event_of` raises for nothing that a message may hold; what cannot be read tells nothing. Most events are deltas of
text, which one search passes over.
https://developers.openai.com/api/reference/resources/responses/websocket-events
"""

import re
from dataclasses import dataclass

from addon.shapes import json_spans, responses
from addon.shapes.slot import string
from addon.wire.usage import Ended, usage_of
from transforms.call import Call

CREATE = b"response.create"
"""Stands in every message of a client that asks for a response."""
_READ_BYTES = 4 * 1024 * 1024
_CALL = "response.output_item.done"
_STATUS = {"response.completed": 200, "response.incomplete": 200, "response.failed": 500}
"""How a response ended, as HTTP would say it. What fails on the way is no fault of the request."""
_ERROR = "error"
_BAD_REQUEST = 400
_TELLING = re.compile(
    rb'"type"\s*+:\s*+"(?:%b)"' % b"|".join(re.escape(word).encode() for word in (_CALL, _ERROR, *_STATUS))
)


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call of the model, complete."""

    call_id: str
    call: Call


def event_of(document: bytes) -> Called | Ended | None:
    """What a message of the server tells; None where that is nothing."""
    if len(document) > _READ_BYTES or not _TELLING.search(document):
        return None
    try:
        return _read(document)
    except json_spans.NotJson:
        return None


def _read(document: bytes) -> Called | Ended | None:
    event = json_spans.parse(document).object()
    kind = string(event, "type")
    if kind == _CALL and (item := event.get("item")):
        found = responses.call_of(item.object())
        return Called(*found) if found else None
    if kind in _STATUS:
        return Ended(_STATUS[kind], usage_of(document))
    if kind == _ERROR:
        told = status.literal() if (status := event.get("status")) else b""
        return Ended(int(told) if re.fullmatch(rb"[1-5][0-9]{2}", told) else _BAD_REQUEST, None, document.decode())
    return None
