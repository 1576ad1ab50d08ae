"""The stand-in speaks HTTP/1.1 and answers as the APIs do: judged by the official SDKs and by hand-written bytes."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import anthropic
import httpx
import openai
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from addon.command.stand_in import StandInUpstream
from addon.command.stand_in_answers import ANSWERS, TEXT
from addon.wire.hosts import LOOPBACK

_USER: Any = [{"role": "user", "content": "hello"}]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDKs would go through a proxy of the tester's own."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
async def upstream() -> AsyncIterator[StandInUpstream]:
    async with StandInUpstream() as server:
        yield server


@pytest.fixture
async def client(upstream: StandInUpstream) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=upstream.url, trust_env=False) as client:
        yield client


async def test_the_anthropic_sdk_reads_both_answers(upstream: StandInUpstream) -> None:
    async with anthropic.AsyncAnthropic(base_url=upstream.url, api_key="k") as sdk:
        given: Any = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": _USER}
        whole = await sdk.messages.create(**given)
        async with sdk.messages.stream(**given) as stream:
            streamed = await stream.get_final_message()
    assert [message.content[0].model_dump()["text"] for message in (whole, streamed)] == [TEXT, TEXT]
    assert whole.usage.input_tokens == len(upstream.requests[0].body) // 4
    assert streamed.usage.input_tokens == len(upstream.requests[1].body) // 4


async def test_the_openai_sdk_reads_both_chat_answers(upstream: StandInUpstream) -> None:
    async with openai.AsyncOpenAI(base_url=f"{upstream.url}/v1", api_key="k") as sdk:
        whole = await sdk.chat.completions.create(model="gpt-5.6", messages=_USER)
        async with sdk.chat.completions.stream(
            model="gpt-5.6", messages=_USER, stream_options={"include_usage": True}
        ) as stream:
            streamed = await stream.get_final_completion()
    assert [one.choices[0].message.content for one in (whole, streamed)] == [TEXT, TEXT]
    assert streamed.usage is not None and streamed.usage.prompt_tokens == len(upstream.requests[1].body) // 4


async def test_the_openai_sdk_reads_both_responses(upstream: StandInUpstream) -> None:
    async with openai.AsyncOpenAI(base_url=f"{upstream.url}/v1", api_key="k") as sdk:
        whole = await sdk.responses.create(model="gpt-5.6", input="hello")
        async with sdk.responses.stream(model="gpt-5.6", input="hello") as stream:
            streamed = await stream.get_final_response()
    assert (whole.output_text, streamed.output_text) == (TEXT, TEXT)
    assert streamed.usage is not None and streamed.usage.input_tokens == len(upstream.requests[1].body) // 4


@pytest.mark.parametrize("suffix", ANSWERS)
async def test_requests_are_kept_and_told(upstream: StandInUpstream, client: httpx.AsyncClient, suffix: str) -> None:
    await client.post(f"/any/gateway{suffix}?beta=true", json={"n": 1}, headers={"X-Mine": "yes"})
    assert upstream.requests[0].path == f"/any/gateway{suffix}?beta=true"
    told = (await client.get("/__requests")).json()
    assert [(one["method"], one["headers"]["x-mine"], one["body"]) for one in told] == [("POST", "yes", '{"n":1}')]


async def test_a_coded_body_is_kept_as_it_came_and_understood(
    upstream: StandInUpstream, client: httpx.AsyncClient
) -> None:
    body = gzip.compress(b'{"stream": true}')
    answer = await client.post("/v1/messages", content=body, headers={"content-encoding": "gzip"})
    assert answer.headers["content-type"] == "text/event-stream"
    assert (upstream.requests[0].body, upstream.requests[0].text) == (body, b'{"stream": true}')


async def test_an_answer_that_always_streams_does_so_whatever_the_body_says() -> None:
    answers = {":stream": replace(ANSWERS["/messages"], streams=True), ":whole": ANSWERS["/messages"]}
    async with StandInUpstream(answers=answers) as upstream, httpx.AsyncClient(trust_env=False) as client:
        kinds = [
            (await client.post(f"{upstream.url}/m{end}?alt=sse", json={})).headers["content-type"] for end in answers
        ]
    assert kinds == ["text/event-stream", "application/json"]


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff"])
async def test_a_body_that_is_no_json_object_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    assert (await client.post("/v1/messages", content=body)).status_code == 400


async def test_pages_are_given_to_get_requests_by_the_end_of_their_path() -> None:
    async with (
        StandInUpstream(pages={"/accounts": {"accounts": []}}) as upstream,
        httpx.AsyncClient(base_url=upstream.url, trust_env=False) as client,
    ):
        assert (await client.get("/any/accounts?x=1")).json() == {"accounts": []}
        assert (await client.post("/any/accounts", json={})).status_code == 404


async def test_other_paths_are_not_found_and_websockets_are_sent_back_to_http(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/models")).status_code == 404
    upgrade = {"connection": "upgrade", "upgrade": "websocket"}
    assert (await client.get("/v1/responses", headers=upgrade)).status_code == 426


async def test_chunks_expectations_and_a_second_request_on_one_connection(upstream: StandInUpstream) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, upstream.port)
    head = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n"
    writer.write(head)
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"1;x=y\r\n{\r\n1\r\n}\r\n0\r\ntrailer: 1\r\n\r\n" + b"GET /__requests HTTP/1.1\r\n\r\n")
    for _ in range(2):
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        json.loads(await reader.readexactly(int(answer.rpartition(b": ")[2])))
    writer.close()
    assert upstream.requests[0].body == b"{}"


async def test_a_test_can_hold_the_stream_between_events_and_stopping_cuts_it() -> None:
    held = asyncio.Event()

    async def hold(index: int) -> None:
        if index == 1:
            held.set()
            await asyncio.Event().wait()

    async with StandInUpstream(before_event=hold) as upstream:
        reader, writer = await asyncio.open_connection(LOOPBACK, upstream.port)
        writer.write(b'POST /v1/messages HTTP/1.1\r\ncontent-length: 15\r\n\r\n{"stream":true}')
        await held.wait()
        await reader.readuntil(b"\r\n\r\n")
        assert b"message_start" in await reader.read(10_000)
    assert await reader.read() == b""
    writer.close()


async def test_turns_over_a_websocket_are_kept_as_whole_conversations() -> None:
    async with (
        StandInUpstream(websockets=True) as upstream,
        connect(f"ws://{LOOPBACK}:{upstream.port}/v1/responses", proxy=None) as socket,
    ):
        await socket.send(json.dumps({"type": "response.create", "input": [{"n": 1}], "generate": False}))
        prepared = [json.loads(await socket.recv())["type"] for _ in range(2)]
        turn = {"type": "response.create", "input": [{"n": 2}], "previous_response_id": "resp_stand_in"}
        await socket.send(json.dumps(turn))
        while (frame := json.loads(await socket.recv()))["type"] != "response.completed":
            continue
    assert prepared == ["response.created", "response.completed"]
    assert frame["response"]["output"][0]["content"][0]["text"] == TEXT
    assert [json.loads(one.body)["input"] for one in upstream.requests] == [[{"n": 1}], [{"n": 1}, {"n": 2}]]


async def test_the_first_websocket_is_cut_without_a_close_frame_once_so_many_turns_are_answered() -> None:
    async with StandInUpstream(websockets=True, cut_after=1) as upstream:
        for is_cut in (True, False):
            async with connect(f"ws://{LOOPBACK}:{upstream.port}/v1/responses", proxy=None) as socket:
                for generate in (False, True):
                    await socket.send(json.dumps({"type": "response.create", "input": [], "generate": generate}))
                    while json.loads(await socket.recv())["type"] != "response.completed":
                        continue
                if is_cut:
                    with pytest.raises(ConnectionClosedError) as told:
                        await socket.recv()
                    assert told.value.rcvd is None
                else:
                    await (await socket.ping())
