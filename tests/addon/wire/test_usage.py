"""The provider's figures, read from responses as they pass."""

import json
import time
import tracemalloc
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.wire.body_codecs import codec_for
from addon.wire.usage import Usage, UsageReader, usage_of

SSE, JSON = "text/event-stream; charset=utf-8", "application/json"

MESSAGE: dict[str, Any] = {
    "id": "msg_01",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-5-5",
    "content": [],
    "stop_reason": None,
    "usage": {
        "input_tokens": 12,
        "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 4000,
        "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 1,
    },
}
COMPLETION_USAGE = {
    "prompt_tokens": 5000,
    "completion_tokens": 70,
    "total_tokens": 5070,
    "prompt_tokens_details": {"cached_tokens": 4096, "cache_write_tokens": 512},
}
RESPONSE: dict[str, Any] = {
    "id": "resp_01",
    "object": "response",
    "status": "completed",
    "model": "gpt-6.1-sol",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": 'the word "usage":{ in a text'}]}],
    "usage": {
        "input_tokens": 9000,
        "input_tokens_details": {"cached_tokens": 8192, "cache_write_tokens": 640},
        "output_tokens": 33,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 9033,
    },
}


def events(*documents: dict[str, Any], end: str = "\n") -> bytes:
    """An event stream as the providers write it: the event's name where the document has one, and one data line."""
    lines = []
    for document in documents:
        lines += [f"event: {document['type']}"] if "type" in document else []
        lines += [f"data: {json.dumps(document, separators=(',', ':'))}", ""]
    return "".join(line + end for line in lines).encode()


ANTHROPIC_STREAM = events(
    {"type": "message_start", "message": MESSAGE},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 'say "usage":{ twice'}},
    {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 40}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 90}},
    {"type": "message_stop"},
)
CHAT_STREAM = (
    events(
        {"id": "chatcmpl-1", "model": "gpt-5.6", "choices": [{"index": 0, "delta": {"content": "hi"}}], "usage": None},
        {"id": "chatcmpl-1", "model": "gpt-5.6", "choices": [], "usage": COMPLETION_USAGE},
    )
    + b"data: [DONE]\n\n"
)
RESPONSES_STREAM = events(
    {"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "usage": None}},
    {"type": "response.output_text.delta", "delta": "hi"},
    {"type": "response.completed", "response": RESPONSE},
)
OF_ANTHROPIC = Usage(4312, 4000, 300, 90, "claude-opus-5-5", "msg_01")
OF_CHAT = Usage(5000, 4096, 512, 70, "gpt-5.6", "chatcmpl-1")
OF_RESPONSES = Usage(9000, 8192, 640, 33, "gpt-6.1-sol", "resp_01")

BODIES = {
    "anthropic stream": (SSE, ANTHROPIC_STREAM, OF_ANTHROPIC),
    "anthropic stream with CRLF": (SSE, ANTHROPIC_STREAM.replace(b"\n", b"\r\n"), OF_ANTHROPIC),
    "anthropic stream with CR": (SSE, ANTHROPIC_STREAM.replace(b"\n", b"\r"), OF_ANTHROPIC),
    "chat stream": (SSE, CHAT_STREAM, OF_CHAT),
    "responses stream": (SSE, RESPONSES_STREAM, OF_RESPONSES),
    "responses stream without space": (SSE, RESPONSES_STREAM.replace(b"data: ", b"data:"), OF_RESPONSES),
    "responses stream without last line end": (SSE, RESPONSES_STREAM.rstrip(b"\n"), OF_RESPONSES),
    "anthropic body": (JSON, json.dumps(MESSAGE).encode(), Usage(4312, 4000, 300, 1, "claude-opus-5-5", "msg_01")),
    "chat body": (
        JSON,
        json.dumps({"id": "chatcmpl-1", "model": "gpt-5.6", "choices": [], "usage": COMPLETION_USAGE}).encode(),
        OF_CHAT,
    ),
    "responses body": (JSON, json.dumps(RESPONSE, indent=2).encode(), OF_RESPONSES),
}
each_body = pytest.mark.parametrize(("content_type", "body", "usage"), BODIES.values(), ids=BODIES)


def read(content_type: str, chunks: Iterable[bytes], encoding: str = "") -> Usage | None:
    reader = UsageReader(content_type, encoding)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.usage()


def whole(body: bytes) -> list[bytes]:
    return [body, b""]


def byte_by_byte(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


def in_sevens(body: bytes) -> list[bytes]:
    return [body[at : at + 7] for at in range(0, len(body), 7)]


@each_body
@pytest.mark.parametrize("cut", [whole, byte_by_byte, in_sevens])
@pytest.mark.parametrize("encoding", ["", "gzip", "deflate", "br", "zstd"])
def test_the_figures_are_read_however_the_body_arrives(
    content_type: str, body: bytes, usage: Usage, cut: Callable[[bytes], list[bytes]], encoding: str
) -> None:
    encoded = codec_for(encoding).encode(body)
    assert read(content_type, cut(encoded), encoding) == usage


@pytest.mark.parametrize("body", [ANTHROPIC_STREAM, CHAT_STREAM, RESPONSES_STREAM])
def test_what_follows_the_end_of_a_stream_changes_nothing(body: bytes) -> None:
    trailing = b': comment\n\ndata: {"usage":{"prompt_tokens":\n\nnot an event "usage":{}\n'
    assert read(SSE, [body, trailing]) == read(SSE, [body])


def test_a_stream_that_is_cancelled_tells_what_has_passed() -> None:
    start = ANTHROPIC_STREAM.index(b"event: content_block_delta")
    assert read(SSE, [ANTHROPIC_STREAM[:start]]) == Usage(4312, 4000, 300, 1, "claude-opus-5-5", "msg_01")
    assert read(SSE, [RESPONSES_STREAM[:-20]]) is None
    assert read(JSON, [json.dumps(RESPONSE).encode()[:-1]]) is None


def test_asking_in_the_middle_does_not_disturb_the_reading() -> None:
    reader = UsageReader(SSE, "")
    for byte in byte_by_byte(ANTHROPIC_STREAM):
        reader.feed(byte)
        reader.usage()
    assert reader.usage() == OF_ANTHROPIC


def test_later_totals_of_the_input_side_replace_the_first_ones() -> None:
    final = {
        "input_tokens": 20,
        "cache_read_input_tokens": 5000,
        "cache_creation_input_tokens": None,
        "output_tokens": 7,
    }
    stream = events({"type": "message_start", "message": MESSAGE}, {"type": "message_delta", "usage": final})
    assert read(SSE, [stream]) == Usage(5320, 5000, 300, 7, "claude-opus-5-5", "msg_01")


@pytest.mark.parametrize("event", ["response.incomplete", "response.failed"])
def test_a_response_that_ended_badly_has_figures_too(event: str) -> None:
    assert read(SSE, [events({"type": event, "response": RESPONSE})]) == OF_RESPONSES


def test_a_websocket_message_is_read_as_one_document() -> None:
    message = json.dumps({"type": "response.completed", "response": RESPONSE}).encode()
    assert usage_of(message) == OF_RESPONSES
    assert usage_of(b'{"type":"response.output_text.delta","delta":"x"}') is None


def test_anthropics_verdicts_on_the_prefix_are_kept() -> None:
    message = {
        **MESSAGE,
        "input_transformations": [
            {"type": "thinking_dropped", "reason": "prefix_binding_mismatch", "path": "messages.1.content.0"},
            {"type": "thinking_mismatch_allowed", "reason": "prefix_binding_mismatch", "path": "messages.3.content.0"},
        ],
        "diagnostics": {"cache_miss_reason": {"type": "messages_changed", "cache_missed_input_tokens": 1234}},
    }
    for content_type, body in (
        (JSON, json.dumps(message).encode()),
        (SSE, events({"type": "message_start", "message": message})),
    ):
        usage = read(content_type, [body])
        assert usage is not None
        assert usage.input_transformations == (
            "thinking_dropped:prefix_binding_mismatch",
            "thinking_mismatch_allowed:prefix_binding_mismatch",
        )
        assert (usage.cache_miss_reason, usage.cache_missed_tokens) == ("messages_changed", 1234)


def test_transformations_of_a_later_event_replace_the_earlier_and_an_absent_list_leaves_them() -> None:
    dropped = [{"type": "thinking_dropped", "reason": "model_binding_mismatch"}]
    start = {"type": "message_start", "message": {**MESSAGE, "input_transformations": dropped}}
    silent = {"type": "message_delta", "usage": {"output_tokens": 2}}
    usage = read(SSE, [events(start, silent)])
    assert usage is not None
    assert usage.input_transformations == ("thinking_dropped:model_binding_mismatch",)
    usage = read(SSE, [events(start, {**silent, "input_transformations": []})])
    assert usage is not None
    assert usage.input_transformations == ()


def test_pending_diagnostics_are_no_verdict() -> None:
    usage = usage_of(json.dumps({**MESSAGE, "diagnostics": {"cache_miss_reason": None}}).encode())
    assert usage is not None
    assert usage.cache_miss_reason == ""


def test_deepseeks_own_word_for_cached_tokens_is_known() -> None:
    counts = {
        "prompt_tokens": 100,
        "completion_tokens": 5,
        "prompt_cache_hit_tokens": 64,
        "prompt_cache_miss_tokens": 36,
    }
    assert usage_of(json.dumps({"id": "1", "model": "deepseek-chat", "usage": counts}).encode()) == Usage(
        100, 64, 0, 5, "deepseek-chat", "1"
    )


def test_a_lone_surrogate_in_the_output_does_not_hide_the_figures() -> None:
    response = {**RESPONSE, "output": [{"text": "\ud83d"}]}
    assert read(SSE, [events({"type": "response.completed", "response": response})]) == OF_RESPONSES


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"usage":{',
        b'{"usage":{}}',
        b'{"usage":{"input_tokens":5}}',
        b'{"type":"error","error":{"type":"overloaded_error"}}',
        b'{"type":"message_start","message":null,"usage":{"input_tokens":1}}',
        b'{"type":"message","usage":[{"input_tokens":1}]}',
        b'{"usage":{"prompt_tokens":1}',
        b'{"usage":{"prompt_tokens":1},"x":"\xff"}',
        b'{"usage":{"prompt_tokens":1},"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    ],
)
def test_a_body_without_readable_figures_tells_nothing(body: bytes) -> None:
    assert read(JSON, [body]) is None
    assert read(SSE, [b"data: " + body + b"\n\n"]) is None


def test_figures_that_are_no_counts_are_taken_as_absent() -> None:
    counts = {"prompt_tokens": True, "completion_tokens": -5, "prompt_tokens_details": {"cached_tokens": "many"}}
    assert usage_of(json.dumps({"model": 7, "usage": counts}).encode()) == Usage()


def test_names_are_bounded() -> None:
    usage = usage_of(json.dumps({**RESPONSE, "model": "m" * 10_000, "id": "i" * 10_000}).encode())
    assert usage is not None
    assert len(usage.model) == len(usage.response_id) == 128


@pytest.mark.parametrize("content_type", ["", "text/html", "application/vnd.amazon.eventstream"])
def test_other_kinds_of_bodies_are_not_read(content_type: str) -> None:
    assert read(content_type, [json.dumps(RESPONSE).encode()]) is None


def test_json_is_read_under_any_of_its_names() -> None:
    assert read("Application/Vendor+JSON ; charset=utf-8", [json.dumps(RESPONSE).encode()]) == OF_RESPONSES


def test_a_body_that_is_not_what_its_encoding_says_is_not_read_further() -> None:
    encoded = codec_for("gzip").encode(ANTHROPIC_STREAM)
    assert read(SSE, [b"not gzip", encoded], "gzip") is None
    assert read(SSE, [encoded, b"trailing", encoded], "gzip") == OF_ANTHROPIC
    assert read(SSE, [ANTHROPIC_STREAM], "gzip, br") is None


def test_a_line_that_is_too_long_is_passed_over_and_the_next_one_read() -> None:
    reader = UsageReader(SSE, "")
    tracemalloc.start()
    reader.feed(b'data: {"usage":{"prompt_tokens":1},"x":"')
    for _ in range(300):
        reader.feed(b"x" * 65536)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000
    reader.feed(b'"}\n\ndata: {"usage":{"prompt_tokens":2}}\n')
    assert reader.usage() == Usage(2)


def test_a_json_body_that_is_too_large_is_let_go() -> None:
    tracemalloc.start()
    body = b'{"usage":{"prompt_tokens":1},"x":"'
    assert read(JSON, [body, *[b"x" * 65536] * 300, b'"}']) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000


def test_a_piece_of_an_event_stream_costs_microseconds() -> None:
    chunk = events(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "some words of an answer"}},
    )
    reader = UsageReader(SSE, "")
    start = time.process_time()
    for _ in range(20_000):
        reader.feed(chunk)
    assert (time.process_time() - start) / 20_000 < 50e-6


@given(st.lists(st.binary(max_size=60) | st.sampled_from(byte_by_byte(ANTHROPIC_STREAM) + in_sevens(CHAT_STREAM))))
@pytest.mark.parametrize("encoding", ["", "gzip", "deflate", "br", "zstd", "unknown"])
def test_no_bytes_make_it_raise(encoding: str, chunks: list[bytes]) -> None:
    read(SSE, chunks, encoding)
    read(JSON, chunks, encoding)


@given(st.sampled_from(sorted(BODIES)), st.data())
def test_chunks_may_be_cut_anywhere(name: str, data: st.DataObject) -> None:
    content_type, body, usage = BODIES[name]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    edges = [0, *cuts, len(body)]
    assert read(content_type, [body[a:b] for a, b in pairwise(edges)]) == usage


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*MESSAGE, *MESSAGE["usage"]]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.sampled_from(["message", "message_start", "message_delta", "response.completed", "other"]), _VALUES, _VALUES)
def test_any_json_in_the_place_of_figures_is_read_or_left(event: str, inner: object, counts: object) -> None:
    document = {"type": event, "message": inner, "response": inner, "usage": counts, "object": "response"}
    usage_of(json.dumps(document).encode())


GEMINI_CHUNK = {
    "candidates": [{"content": {"parts": [{"text": "a"}]}}],
    "usageMetadata": {
        "promptTokenCount": 900,
        "cachedContentTokenCount": 600,
        "candidatesTokenCount": 7,
        "thoughtsTokenCount": 5,
    },
    "modelVersion": "gemini-3-pro",
    "responseId": "r1",
}


@pytest.mark.parametrize("wrapped", [False, True], ids=["with a key", "with a login"])
def test_gemini_tells_its_figures_in_every_chunk(wrapped: bool) -> None:
    first = {**GEMINI_CHUNK, "usageMetadata": {"promptTokenCount": 900}}
    chunks = [{"response": chunk} if wrapped else chunk for chunk in (first, GEMINI_CHUNK)]
    text = "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in chunks).encode()
    assert read("text/event-stream", [text]) == Usage(900, 600, 0, 12, "gemini-3-pro", "r1")
    assert read("application/json", [json.dumps(chunks[1]).encode()]) == Usage(900, 600, 0, 12, "gemini-3-pro", "r1")


def test_converse_counts_what_was_read_from_the_cache_beside_the_fresh_tokens() -> None:
    body = {"usage": {"inputTokens": 10, "cacheReadInputTokens": 80, "cacheWriteInputTokens": 5, "outputTokens": 3}}
    assert read("application/json", [json.dumps(body).encode()]) == Usage(95, 80, 5, 3)


def test_ollama_tells_its_figures_in_the_last_line() -> None:
    lines = [{"model": "l", "message": {"content": "a"}, "done": False}]
    lines.append({"model": "l", "done": True, "prompt_eval_count": 120, "eval_count": 9})
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    assert read("application/x-ndjson", [text[:40], text[40:]]) == Usage(120, 0, 0, 9, "l")
    assert read("application/json; charset=utf-8", [json.dumps(lines[1]).encode()]) == Usage(120, 0, 0, 9, "l")
