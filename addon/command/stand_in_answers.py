"""The stand-in's answers: for each API the same short text, whole or as server-sent events.

Fields and order of events are those the official SDKs parse. Input tokens are a quarter of the request's bytes, so
that a smaller request shows in the usage; the conversation's content plays no part.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

type Body = dict[str, Any]

TEXT = "I have read the tool output."
_WORDS = [word + " " for word in TEXT.split(" ")[:-1]] + [TEXT.split(" ")[-1]]
_CREATED = 1_700_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """How one API answers a request body of `size` bytes."""

    whole: Callable[[Body, int], Body]
    events: Callable[[Body, int], Iterator[bytes]]
    streams: bool = False
    """Whether it comes as events whatever the body says: in some APIs the path tells."""


def _model(body: Body) -> str:
    return str(body.get("model", "stand-in"))


def _event(data: Body, *, named: bool = True) -> bytes:
    name = f"event: {data['type']}\n" if named else ""
    return f"{name}data: {json.dumps(data)}\n\n".encode()


def _message(body: Body, size: int) -> Body:
    return {
        "id": "msg_stand_in",
        "type": "message",
        "role": "assistant",
        "model": _model(body),
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": size // 4,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": len(_WORDS),
        },
    }


def _message_events(body: Body, size: int) -> Iterator[bytes]:
    message = _message(body, size)
    start = message | {"content": [], "stop_reason": None, "usage": message["usage"] | {"output_tokens": 1}}
    yield _event({"type": "message_start", "message": start})
    yield _event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for word in _WORDS:
        yield _event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}})
    yield _event({"type": "content_block_stop", "index": 0})
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    yield _event({"type": "message_delta", "delta": stop, "usage": {"output_tokens": len(_WORDS)}})
    yield _event({"type": "message_stop"})


def _completion(body: Body, size: int) -> Body:
    message = {"role": "assistant", "content": TEXT}
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "created": _CREATED,
        "model": _model(body),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": size // 4,
            "completion_tokens": len(_WORDS),
            "total_tokens": size // 4 + len(_WORDS),
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }


def _completion_events(body: Body, size: int) -> Iterator[bytes]:
    whole = _completion(body, size)
    frame = {**whole, "object": "chat.completion.chunk"}
    usage = frame.pop("usage")
    deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in _WORDS)]
    for delta in deltas:
        yield _event(frame | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}, named=False)
    yield _event(frame | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, named=False)
    if (body.get("stream_options") or {}).get("include_usage"):
        yield _event(frame | {"choices": [], "usage": usage}, named=False)
    yield b"data: [DONE]\n\n"


def _response(body: Body, size: int) -> Body:
    return {
        "id": "resp_stand_in",
        "object": "response",
        "created_at": _CREATED,
        "status": "completed",
        "model": _model(body),
        "output": [_output_item("completed", [_output_text(TEXT)])],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": size // 4,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": len(_WORDS),
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": size // 4 + len(_WORDS),
        },
    }


def _output_item(status: str, content: list[Body]) -> Body:
    return {"type": "message", "id": "msg_stand_in", "role": "assistant", "status": status, "content": content}


def _output_text(text: str) -> Body:
    return {"type": "output_text", "text": text, "annotations": []}


def _response_events(body: Body, size: int) -> Iterator[bytes]:
    done = _response(body, size)
    at: Body = {"item_id": "msg_stand_in", "output_index": 0, "content_index": 0}
    item, part = _output_item("in_progress", []), _output_text("")
    frames: list[Body] = [
        {"type": "response.created", "response": done | {"status": "in_progress", "output": [], "usage": None}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **at, "part": part},
        *({"type": "response.output_text.delta", **at, "delta": word, "logprobs": []} for word in _WORDS),
        {"type": "response.output_text.done", **at, "text": TEXT, "logprobs": []},
        {"type": "response.content_part.done", **at, "part": _output_text(TEXT)},
        {"type": "response.output_item.done", "output_index": 0, "item": done["output"][0]},
        {"type": "response.completed", "response": done},
    ]
    for number, frame in enumerate(frames):
        yield _event(frame | {"sequence_number": number})


ANSWERS: Mapping[str, Answer] = {
    "/messages": Answer(_message, _message_events),
    "/chat/completions": Answer(_completion, _completion_events),
    "/responses": Answer(_response, _response_events),
}
"""By the end of the request's path."""
