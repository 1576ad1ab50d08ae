"""The view of a response: the message put together from its stream, and what the provider counted."""

import json
from typing import Any

import pytest

from addon.command.stand_in_answers import ANSWERS
from addon.views.answer_text import answer_text

SSE = "text/event-stream"


def stream(*events: dict[str, Any]) -> bytes:
    return b"".join(b"event: x\ndata: " + json.dumps(event).encode() + b"\n\n" for event in events)


MESSAGES = stream(
    {
        "type": "message_start",
        "message": {"model": "claude-x", "usage": {"input_tokens": 5, "cache_read_input_tokens": 90}},
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Batch 2"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "87 failed."}},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "name": "Bash", "input": {}}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"command":'}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '"ls"}'}},
    {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 30}},
)
CHAT = stream(
    {"choices": [{"index": 0, "delta": {"content": "Batch 2"}}]},
    {"choices": [{"index": 0, "delta": {"content": "87 failed."}}]},
    {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "Bash", "arguments": '{"command":'}}]}}]},
    {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '"ls"}'}}]}}]},
    {
        "choices": [],
        "model": "m",
        "usage": {"prompt_tokens": 95, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 90}},
    },
)
RESPONSES = stream(
    {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Batch 2"},
    {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "87 failed."},
    {"type": "response.output_item.added", "output_index": 1, "item": {"type": "function_call", "name": "Bash"}},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"command":"ls"}'},
    {
        "type": "response.completed",
        "response": {
            "object": "response",
            "model": "m",
            "usage": {"input_tokens": 95, "output_tokens": 30, "input_tokens_details": {"cached_tokens": 90}},
        },
    },
)


@pytest.mark.parametrize("body", [MESSAGES, CHAT, RESPONSES], ids=["messages", "chat", "responses"])
def test_a_stream_is_put_together_with_its_usage(body: bytes) -> None:
    text = answer_text(SSE, body, "cache held")
    assert "usage: 95 tokens in (90 from the cache, 0 written to it, 5 fresh), 30 out" in text
    assert "cache: held" in text
    assert "Batch 287 failed." in text
    assert 'calls Bash:\n    {"command":"ls"}' in text


def test_thinking_is_told_apart() -> None:
    assert "thinking:\n    Hm." in answer_text(SSE, MESSAGES, "")


def test_a_stream_that_broke_off_shows_what_came() -> None:
    text = answer_text(SSE, CHAT[:90] + b'\ndata: {"choi', "")
    assert "no figures" in text and "Batch 2" in text


@pytest.mark.parametrize("suffix", ANSWERS)
def test_a_whole_body_is_read_too(suffix: str) -> None:
    body = ANSWERS[suffix].whole({"model": "m", "messages": [], "input": []}, 100)
    text = answer_text("application/json", json.dumps(body).encode(), "")
    assert "assistant:\n    " in text and "usage: " in text


def test_an_error_is_shown_as_one() -> None:
    assert "error:" in answer_text("application/json", b'{"error":{"message":"overloaded"}}', "")
