"""Real clients through a real mitmdump: requests arrive smaller, everything else as it came."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest
import zstandard
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from addon.command.stand_in import StandInUpstream
from tests.e2e.rig import Loop, Proxy, Trust, proxy, start_http2
from tests.laws.client_wire import PLAIN, Called, Calls, Said, write
from tests.laws.conversations import restored
from tests.recorded import Recorded, bodies

pytestmark = pytest.mark.e2e

RECORDS = json.dumps([{"id": n, "name": f"item {n}", "price": n * 1.5, "in stock": n % 3 == 0} for n in range(200)])
HEADER = "x-headroom-routing-log"
_HOP_HEADERS = {"content-length", "host", "connection", "content-encoding", "transfer-encoding"}


def client(headroom: Proxy) -> httpx.Client:
    return httpx.Client(proxy=headroom.url, verify=headroom.client_context, timeout=90)


def sdk_client(headroom: Proxy) -> httpx2.Client:
    """What both SDKs are built on."""
    return httpx2.Client(proxy=headroom.url, verify=headroom.client_context, timeout=90)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_openai_sdk_gets_its_answer_and_sends_less(
    headroom: Proxy, upstream: StandInUpstream, stream: bool
) -> None:
    messages: list[ChatCompletionMessageParam] = [
        {"role": "user", "content": "Which items are there?"},
        {
            "role": "assistant",
            "tool_calls": [{"id": f"c{stream}", "type": "function", "function": {"name": "list", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": f"c{stream}", "content": RECORDS},
    ]
    tools: list[ChatCompletionToolParam] = [{"type": "function", "function": {"name": "list", "parameters": {}}}]
    with sdk_client(headroom) as http, openai.OpenAI(api_key="sk-test", http_client=http) as sdk:
        if stream:
            chunks = list(sdk.chat.completions.create(model="m", messages=messages, tools=tools, stream=True))
            assert chunks[0].choices[0].delta.role == "assistant"
        else:
            raw = sdk.chat.completions.with_raw_response.create(model="m", messages=messages, tools=tools)
            assert raw.parse().choices[0].message.content
            log = json.loads(raw.headers[HEADER])
            assert log["entries"][0]["reason"] == "compressed"
            assert log["tokens_after"] < log["tokens_before"]
    got = json.loads(upstream.requests[-1].body)
    assert len(got["messages"][2]["content"]) < len(RECORDS)
    assert got["tools"] == tools


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_openai_sdk_speaks_responses_through_it(headroom: Proxy, upstream: StandInUpstream, stream: bool) -> None:
    items: Any = [
        {"type": "message", "role": "user", "content": "Which items are there?"},
        {"type": "function_call", "call_id": f"r{stream}", "name": "list", "arguments": "{}"},
        {"type": "function_call_output", "call_id": f"r{stream}", "output": RECORDS},
    ]
    with sdk_client(headroom) as http, openai.OpenAI(api_key="sk-test", http_client=http) as sdk:
        if stream:
            events = list(sdk.responses.create(model="m", input=items, stream=True))
            assert events[-1].type == "response.completed"
        else:
            assert sdk.responses.create(model="m", input=items).output_text
    assert len(json.loads(upstream.requests[-1].body)["input"][2]["output"]) < len(RECORDS)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_anthropic_sdk_gets_its_answer_and_sends_less(
    headroom: Proxy, upstream: StandInUpstream, stream: bool
) -> None:
    messages: Any = [
        {"role": "user", "content": "Which items are there?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": f"t{stream}", "name": "list", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{stream}", "content": RECORDS}]},
    ]
    with sdk_client(headroom) as http, anthropic.Anthropic(api_key="sk-ant-api03-test", http_client=http) as sdk:
        if stream:
            with sdk.messages.stream(model="m", max_tokens=9, messages=messages) as answer:
                assert answer.get_final_text()
        else:
            assert sdk.messages.create(model="m", max_tokens=9, messages=messages).content
    assert len(json.loads(upstream.requests[-1].body)["messages"][2]["content"][0]["content"]) < len(RECORDS)


@pytest.mark.parametrize("recorded", bodies(), ids=str)
def test_a_recorded_request_arrives_whole_but_for_its_tool_outputs(
    headroom: Proxy, upstream: StandInUpstream, recorded: Recorded
) -> None:
    signed = "sigv4" in recorded.name
    known = (
        "https://api.anthropic.com/v1/messages"
        if recorded.shape == "messages"
        else f"https://api.openai.com/v1/{recorded.shape}"
    )
    url = known.replace("/chat", "/chat/completions")
    headers = {name: value for name, value in recorded.headers if name.lower() not in _HOP_HEADERS}
    with client(headroom) as http:
        response = http.post(url, content=recorded.body, headers=headers)
    assert response.status_code == 200
    assert len(response.headers[HEADER]) <= 2000
    arrived = upstream.requests[-1]
    assert restored(arrived.body, recorded.body) == recorded.body
    assert not [name for name in arrived.headers if name.startswith("x-headroom")]
    log = json.loads(response.headers[HEADER])
    if signed:
        assert (arrived.body, log["decision"]) == (recorded.body, "signed")
    changed = log["decision"] in ("compressed", "replayed")
    assert changed == (arrived.body != recorded.body) == (log["tokens_after"] < log["tokens_before"])


_BEDROCK = "https://bedrock-runtime.us-east-1.amazonaws.com/model/m"
_VERTEX = "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/anthropic/models/m"
_ELSEWHERE = {
    "gemini": ("gemini", "https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent?alt=sse"),
    "gemini with a login": ("gemini login", "https://cloudcode-pa.googleapis.com/v1internal:streamGenerateContent"),
    "converse with a bearer token": ("converse", f"{_BEDROCK}/converse"),
    "messages on Bedrock with a bearer token": ("messages", f"{_BEDROCK}/invoke"),
    "messages on Vertex": ("messages", f"{_VERTEX}:rawPredict"),
    "ollama": ("ollama", "https://ollama.com/api/chat"),
}


@pytest.mark.parametrize("name", _ELSEWHERE)
def test_other_apis_and_clouds_get_smaller_bodies_too(headroom: Proxy, upstream: StandInUpstream, name: str) -> None:
    shape, url = _ELSEWHERE[name]
    call = Called(f"call {name}", "list", "{}", RECORDS.replace("item", name))
    body = write(shape, (Said("Which items are there?"), Calls((call,), (0,))), PLAIN)
    if "Bedrock" in name or "Vertex" in name:
        value = {**json.loads(body), "anthropic_version": "x"}
        body = json.dumps({key: member for key, member in value.items() if key != "model"}).encode()
    with client(headroom) as http:
        response = http.post(
            url, content=body, headers={"content-type": "application/json", "authorization": "Bearer x"}
        )
    arrived = upstream.requests[-1]
    assert restored(arrived.body, body) == body
    assert len(arrived.body) < 0.8 * len(body)
    assert json.loads(response.headers[HEADER])["shape"] == shape.split()[0]


def test_a_zstd_body_arrives_smaller_and_still_zstd(headroom: Proxy, upstream: StandInUpstream) -> None:
    recorded = next(body for body in bodies() if body.name == "responses__codex_chatgpt_http_bulky")
    headers = {"content-type": "application/json", "content-encoding": "zstd", "authorization": "Bearer sk-test"}
    with client(headroom) as http:
        body = zstandard.ZstdCompressor().compress(recorded.body)
        http.post("https://api.openai.com/v1/responses", content=body, headers=headers)
    arrived = upstream.requests[-1]
    assert arrived.headers["content-encoding"] == "zstd"
    assert len(arrived.text) < len(recorded.body)
    assert restored(arrived.text, recorded.body) == recorded.body


def test_a_wrapper_proxys_path_is_compressed_only_when_the_user_opts_in(
    tmp_path: Path, upstream: StandInUpstream, trust: Trust, headroom: Proxy
) -> None:
    recorded = next(body for body in bodies() if body.name == "responses__sdkpy_responses_stream")
    url = "https://gateway.example.com/api/codex-proxy/KEY/v1/responses"
    headers = {"content-type": "application/json"}
    with client(headroom) as http:
        http.post(url, content=recorded.body, headers=headers)
    assert upstream.requests[-1].body == recorded.body
    options = "headroom_compress_passthrough=on", "headroom_attach=rewrite"
    with proxy(tmp_path, upstream, trust, *options) as running, client(running) as http:
        http.post(url, content=recorded.body, headers=headers)
    assert len(upstream.requests[-1].body) < len(recorded.body)


def test_the_first_event_of_a_stream_is_not_held_back(headroom: Proxy, upstream: StandInUpstream, loop: Loop) -> None:
    async def slow(index: int) -> None:
        await asyncio.sleep(0.4 if index else 0)

    upstream.before_event = slow
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True, "stream_options": {}}
    try:
        with client(headroom) as http:
            started = time.monotonic()
            with http.stream("POST", "https://api.openai.com/v1/chat/completions", json=body) as response:
                chunks = response.iter_raw()
                next(chunks)
                first = time.monotonic() - started
                assert list(chunks)
    finally:
        upstream.before_event = None
    assert first < 0.35
    assert HEADER in response.headers


def test_http2_on_both_legs_and_a_stream_that_the_client_leaves(
    tmp_path: Path, trust: Trust, loop: Loop, unused_tcp_port: int
) -> None:
    h2 = loop.run(start_http2(trust, unused_tcp_port))
    recorded = next(body for body in bodies() if body.name == "chat__sdkpy_chat")
    url = "https://api.openai.com/v1/chat/completions"
    with proxy(tmp_path, h2.port, trust, "headroom_defaults=off", "headroom_attach=rewrite") as running:
        with httpx.Client(proxy=running.url, verify=running.client_context, http2=True, timeout=30) as http:
            response = http.post(url, content=recorded.body, headers={"content-type": "application/json"})
            assert response.http_version == "HTTP/2"
            assert response.text.endswith("data: [DONE]\n\n")
            assert HEADER in response.headers
            with http.stream("POST", url, content=recorded.body, headers={"content-type": "application/json"}) as left:
                next(left.iter_raw())
            assert (
                http.post(url, content=recorded.body, headers={"content-type": "application/json"}).status_code == 200
            )
        assert "Traceback" not in running.log.read_text()
    assert len(h2.bodies) == 3
    assert all(len(body) < len(recorded.body) for body in h2.bodies)

    async def end() -> None:
        h2.stop.set()

    loop.run(end())


def test_errors_of_the_upstream_come_back_as_they_are(headroom: Proxy) -> None:
    with client(headroom) as http:
        response = http.post("https://api.openai.com/v1/nothing/here", json={"model": "m", "messages": []})
    assert response.status_code == 404
    assert response.json()["error"]["type"] == "not_found_error"


def test_a_bad_option_ends_the_process_at_start_and_is_named() -> None:
    command = [
        str(Path(sys.executable).parent / "mitmdump"),
        "-p",
        "0",
        "-s",
        "addon/headroom.py",
        "--set",
        "headroom_min_tokens=abc",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert "headroom_min_tokens='abc'" in ended.stdout + ended.stderr


def test_64_parallel_requests_are_answered_and_none_is_mixed_up(headroom: Proxy, upstream: StandInUpstream) -> None:
    recorded = next(body for body in bodies() if body.name == "messages__sdkpy_anthropic_stream")
    value = json.loads(recorded.body)
    numbered = [
        json.dumps({**value, "stream": False, "metadata": {"user_id": f"user-{n}"}}).encode() for n in range(64)
    ]
    before = len(upstream.requests)

    async def all_at_once() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=64)
        async with httpx.AsyncClient(
            proxy=headroom.url, verify=headroom.client_context, timeout=60, limits=limits
        ) as http:
            url, headers = "https://api.anthropic.com/v1/messages", {"content-type": "application/json"}
            return await asyncio.gather(*(http.post(url, content=body, headers=headers) for body in numbered))

    responses = asyncio.run(all_at_once())
    assert {response.status_code for response in responses} == {200}
    arrived = {json.loads(r.body)["metadata"]["user_id"]: r.body for r in upstream.requests[before:]}
    assert set(arrived) == {f"user-{n}" for n in range(64)}
    for number, body in enumerate(numbered):
        assert restored(arrived[f"user-{number}"], body) == body
