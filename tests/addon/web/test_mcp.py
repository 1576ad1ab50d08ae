"""The MCP tools, asked by the SDK's own client over both transports."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent

from addon.store.originals import Originals
from addon.store.shelf import Source
from addon.web.access_token import access_token
from addon.web.beacon import Beacon
from addon.web.by_port import PortServer
from tests.addon.web.rig import TOKEN, ask, sources
from tests.addon.web.test_explain import remembered

TEXT = "".join(f"line {n}\n" for n in range(1, 5001))
ROOT = Path(__file__).parent.parent.parent.parent

_MESSAGE = {"accept": "application/json, text/event-stream", "content-type": "application/json"}

type Connect = Callable[[], AbstractAsyncContextManager[ClientSession]]


@pytest.fixture
def original(tmp_path: Path) -> str:
    opened = Originals(tmp_path)
    opened.save([TEXT], Source("Bash", "make"))
    name = opened.id_of(TEXT)
    opened.close()
    return name


@pytest.fixture(params=["http", "stdio"])
async def connect(request: pytest.FixtureRequest, tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Connect]:
    known = sources(tmp_path, remembered())
    server, beacon = PortServer(known, unused_tcp_port), Beacon()
    beacon.show(tmp_path, unused_tcp_port, known.key)
    yield {"http": lambda: over_http(unused_tcp_port), "stdio": lambda: over_stdio(tmp_path)}[request.param]
    beacon.show(tmp_path, 0, known.key)
    server.stop()


@asynccontextmanager
async def over_http(port: int) -> AsyncIterator[ClientSession]:
    async with (
        httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30) as http,
        streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


@asynccontextmanager
async def over_stdio(home: Path) -> AsyncIterator[ClientSession]:
    environ = {**os.environ, "HEADROOM_HOME": str(home), "HEADROOM_TOKEN": TOKEN}
    command = ["-P", "-m", "addon.command.cli", "mcp"]
    parameters = StdioServerParameters(command=sys.executable, args=command, env=environ, cwd=ROOT)
    async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        yield session


async def call(session: ClientSession, tool: str, **arguments: Any) -> str:
    result = await session.call_tool(tool, arguments)
    (content,) = result.content
    assert isinstance(content, TextContent)
    return ("error: " if result.isError else "") + content.text


async def test_a_client_finds_and_uses_the_three_tools(connect: Connect, original: str) -> None:
    async with connect() as session:
        tools = (await session.list_tools()).tools
        assert {tool.name for tool in tools} == {"headroom_retrieve", "headroom_stats", "headroom_explain"}
        lines = TEXT.splitlines(keepends=True)
        assert await call(session, "headroom_retrieve", id=original, lines="120-180") == "".join(lines[119:180])
        by_path = f"/home/dev/.headroom/originals/{original}"
        found = await call(session, "headroom_retrieve", id=by_path, grep="^line 401[12]$", context=1, tokens=500)
        assert found == "4010-line 4010\n4011:line 4011\n4012:line 4012\n4013-line 4013\n"
        cut = await call(session, "headroom_retrieve", id=f"http://headroom.internal/o/{original}", tokens=50)
        assert cut.splitlines()[-1].endswith("-5000 of 5000 left]")
        assert '"requests": 1' in (await call(session, "headroom_stats")).replace('":1', '": 1')
        assert "left out of original" in await call(session, "headroom_explain", request="newer")
        assert "request newer" in await call(session, "headroom_explain", request="last")


async def test_a_wrong_question_is_an_error_that_says_what_is_allowed(connect: Connect, original: str) -> None:
    async with connect() as session:
        assert (await call(session, "headroom_retrieve", id=original, lines="x")).startswith("error: lines: FIRST-LAST")
        assert (await call(session, "headroom_retrieve", id="../token")).startswith("error: no id of an original")
        assert "is known here" in await call(session, "headroom_retrieve", id="9" * 21)
        assert (await call(session, "headroom_explain", request="x")).lower().startswith("error: no such request")
        assert (await call(session, "headroom_retrieve")).startswith("error: ")


async def test_without_a_proxy_the_command_still_gives_back_originals(tmp_path: Path, original: str) -> None:
    async with over_stdio(tmp_path) as session:
        assert await call(session, "headroom_retrieve", id=original, lines="7") == "line 7\n"
        assert "no proxy with headroom_port runs" in await call(session, "headroom_stats")


async def test_who_is_at_the_port_of_a_killed_proxy_learns_nothing_that_opens_another(tmp_path: Path) -> None:
    got: list[bytes] = []

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    kept = access_token(tmp_path)
    async with await asyncio.start_server(other, "127.0.0.1", 0) as listener:
        Beacon().show(tmp_path, listener.sockets[0].getsockname()[1], "key-of-the-killed-proxy")
        async with over_stdio(tmp_path) as session:
            assert (await call(session, "headroom_explain", request="last")).startswith("error: ")
            assert (await call(session, "headroom_stats")).startswith("error: ")
    assert len(got) == 2
    for request in got:
        assert b"key-of-the-killed-proxy" in request
        assert TOKEN.encode() not in request
        assert kept.encode() not in request
    assert ask(tmp_path, "/r/last", recent=remembered(), authorization="Bearer key-of-the-killed-proxy").status == 401


def test_the_page_takes_messages_of_mcp_only_and_from_nobody_else(tmp_path: Path) -> None:
    assert ask(tmp_path, "/mcp").status == 405, "nothing is said unasked"
    assert ask(tmp_path, "/mcp", "POST", body=b"{}", also=_MESSAGE).status == 400
    assert ask(tmp_path, "/mcp", "POST", body=b"x", content_type="text/plain").status in (400, 406, 415)
    assert ask(tmp_path, "/mcp", "POST", body=b"{}", origin="https://evil.example", also=_MESSAGE).status == 403
    assert ask(tmp_path, "/mcp", "POST", body=b"{}", peer="192.168.1.7", also=_MESSAGE).status == 403


def test_what_another_user_of_the_machine_may_ask_is_not_the_last_request(tmp_path: Path) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"headroom_explain","arguments":{"request":"last"}}}'
    reply = ask(tmp_path, "/mcp", "POST", body=body, recent=remembered(), also=_MESSAGE)
    assert b"with the token only" in reply.body
    assert b"left out" not in reply.body
    assert b"left out" in ask(tmp_path, "/mcp", "POST", body=body, recent=remembered(), token=True, also=_MESSAGE).body
