"""A real WebSocket client, a real mitmdump and a real WebSocket server, over TLS: turns arrive smaller, the rest as it came."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidStatus

from tests.addon.socket_rig import encoded, split
from tests.e2e.rig import Loop, Proxy, Trust, proxy
from tests.recorded import frames

pytestmark = pytest.mark.e2e

_PATIENCE = 90
"""Seconds, on a machine under load."""

REPLAY: dict[str, Any] = json.loads(next(frame.body for frame in frames() if "codex_ws_drop" in frame.name))
LOG = "\n".join(
    f"2026-02-11 10:00:{n % 60:02} INFO  [worker-{n % 4}] job {n * 7919 % 99991} done 😀" for n in range(400)
)


@dataclass(slots=True)
class Upstream:
    """Keeps what comes and answers each message like a model: some deltas, the calls in `calls`, the end."""

    messages: list[str] = field(default_factory=list)
    calls: list[list[dict[str, Any]]] = field(default_factory=list)
    server: Server | None = None

    async def start(self, trust: Trust) -> int:
        self.server = await serve(self.talk, "127.0.0.1", 0, ssl=trust.server, max_size=1 << 25, ping_interval=None)
        return int(next(iter(self.server.sockets)).getsockname()[1])

    async def stop(self) -> None:
        if self.server:
            self.server.close()
            await self.server.wait_closed()

    async def talk(self, connection: ServerConnection) -> None:
        async for message in connection:
            assert isinstance(message, str)
            self.messages.append(message)
            for word in ("I ", "see 😀"):
                await connection.send(json.dumps({"type": "response.output_text.delta", "delta": word}))
            for item in self.calls.pop(0) if self.calls else ():
                await connection.send(json.dumps({"type": "response.output_item.done", "item": item}))
            usage = {"input_tokens": len(message) // 4, "output_tokens": 3}
            await connection.send(json.dumps({"type": "response.completed", "response": {"id": "r", "usage": usage}}))


@pytest.fixture(scope="module")
def upstream(loop: Loop, trust: Trust) -> Iterator[tuple[Upstream, int]]:
    server = Upstream()
    yield server, loop.run(server.start(trust))
    loop.run(server.stop())


@pytest.fixture(scope="module")
def headroom(tmp_path_factory: pytest.TempPathFactory, upstream: tuple[Upstream, int], trust: Trust) -> Iterator[Proxy]:
    with proxy(tmp_path_factory.mktemp("sockets"), upstream[1], trust) as running:
        yield running


@asynccontextmanager
async def client(headroom: Proxy, **more: Any) -> Any:
    url, headers = "wss://api.openai.com/v1/responses", {"authorization": "Bearer sk-test"}
    more |= {"proxy": headroom.url, "ssl": headroom.client_context, "open_timeout": _PATIENCE, "ping_interval": None}
    async with connect(url, additional_headers=headers, max_size=1 << 25, **more) as connection:
        yield connection


async def turn(connection: ClientConnection, *fragments: str) -> list[str]:
    """Send one message, whole or in fragments; the types of the events that come back."""
    await connection.send(fragments[0] if len(fragments) == 1 else fragments)
    types: list[str] = []
    while not types or types[-1] != "response.completed":
        types.append(json.loads(await asyncio.wait_for(connection.recv(), _PATIENCE))["type"])
    return types


def outputs(message: str) -> list[Any]:
    return [item["output"] for item in json.loads(message)["input"] if item["type"].endswith("_output")]


async def test_a_session_that_is_cut_in_the_middle_goes_on_with_the_same_tool_outputs(
    headroom: Proxy, upstream: tuple[Upstream, int]
) -> None:
    server, first = upstream[0], len(upstream[0].messages)
    held, rest = split(REPLAY, 7)
    server.calls = [models for _, models in rest]
    async with client(headroom) as connection:
        await turn(connection, encoded({**REPLAY, "input": held}).decode())
        for frame, _ in rest:
            await turn(connection, encoded(frame).decode())
    sent = [output for message in server.messages[first:] for output in outputs(message)]
    async with client(headroom) as connection:
        events = await turn(connection, encoded(REPLAY).decode())
    assert outputs(server.messages[-1]) == sent
    assert len(json.dumps(sent)) < 0.9 * len(json.dumps(outputs(encoded(REPLAY).decode())))
    assert events[:2] == ["response.output_text.delta"] * 2
    assert "Traceback" not in headroom.log.read_text()
    assert "tokens replayed" in headroom.log.read_text()


@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("parts", [1, 700], ids=["whole", "fragmented"])
async def test_three_megabytes_of_more_than_ascii_arrive_with_every_character(
    headroom: Proxy, upstream: tuple[Upstream, int], compression: str | None, parts: int
) -> None:
    """mitmproxy cuts a changed message every 4,000 bytes, which would break characters."""
    server = upstream[0]
    name = f"c_{compression}_{parts}"
    image = {"type": "message", "role": "user", "content": "😀é漢\u2028" * 250_000}
    call = {"type": "function_call", "call_id": name, "name": "bash", "arguments": '{"command": "cat app.log"}'}
    output = {"type": "function_call_output", "call_id": name, "output": LOG}
    frame = {"type": "response.create", "model": "m", "input": [image, call, output]}
    text = encoded(frame).decode()
    size = -(-len(text) // parts)
    async with client(headroom, compression=compression) as connection:
        await turn(connection, *(text[at : at + size] for at in range(0, len(text), size)))
        arrived = json.loads(server.messages[-1])
        assert len(arrived["input"][2]["output"]) < len(LOG)
        arrived["input"][2]["output"] = LOG
        assert arrived == frame
        other = encoded({**frame, "input": [image]}).decode()
        await turn(connection, *(other[at : at + size] for at in range(0, len(other), size)))
        assert server.messages[-1] == other, "left alone to the byte"


async def test_refused_sockets_get_a_426_which_sends_clients_to_http(
    tmp_path: Path, upstream: tuple[Upstream, int], trust: Trust
) -> None:
    options = "headroom_websockets=refuse"
    with proxy(tmp_path, upstream[1], trust, options) as running, pytest.raises(InvalidStatus) as refused:
        async with client(running):
            pass
    assert refused.value.response.status_code == 426
