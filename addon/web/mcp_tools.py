"""The MCP server: three tools, by the official SDK (https://github.com/modelcontextprotocol/python-sdk).

The same over stdio (`headroom-mitm mcp`) and over streamable HTTP (`/mcp`). Needs the extra `mcp`; so this module is
loaded only when somebody asks (`addon.web.mcp_page`).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import TextContent, Tool

from addon.routing_log import VERSION
from addon.web.exchange import Reply, Request

_HOW = "Gets back what a marker like [lines 120-480 omitted: …; full text: …] has left out of a tool output."
_TEXT = {"type": "string"}
TOOLS = (
    Tool(
        name="headroom_retrieve",
        description=f"{_HOW} Give lines or grep: the whole may be long.",
        inputSchema={
            "type": "object",
            "properties": {
                "id": {**_TEXT, "description": "the marker's 21 digits, path or address"},
                "lines": {**_TEXT, "description": "120-480, 120- or 7"},
                "grep": {**_TEXT, "description": "a regular expression; matching lines come with their numbers"},
                "context": {"type": "integer", "description": "lines around each match"},
                "tokens": {"type": "integer", "description": "how much at most; 8000 unless told"},
            },
            "required": ["id"],
        },
    ),
    Tool(
        name="headroom_stats",
        description="Figures of the headroom proxy since its start: tokens saved, requests, decisions by reason.",
        inputSchema={"type": "object", "properties": {}},
    ),
    Tool(
        name="headroom_explain",
        description="What the headroom proxy decided in a request, block by block, and what it left out.",
        inputSchema={
            "type": "object",
            "properties": {"request": {**_TEXT, "description": "a request's id, or last"}},
            "required": ["request"],
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What stands behind the tools. Each may block for a second or so; a ValueError is told to the client."""

    retrieve: Callable[[str, dict[str, str]], str]
    """By id and the fields of `excerpt.Wanted`."""
    stats: Callable[[], str]
    explain: Callable[[str], str]


def server(answers: Answers) -> Server[Any, Any]:
    """The server, ready for any transport."""
    made: Server[Any, Any] = Server("headroom", version=VERSION)

    async def call(name: str, arguments: dict[str, Any]) -> list[TextContent]:
        text = await asyncio.to_thread(_call, answers, name, arguments)
        return [TextContent(type="text", text=text)]

    async def tools() -> list[Tool]:
        return list(TOOLS)

    made.list_tools()(tools)  # type: ignore[no-untyped-call]  # the SDK's decorators have no types
    made.call_tool()(call)
    return made


async def over_stdio(answers: Answers) -> None:
    """Serve stdin and stdout until stdin ends."""
    made = server(answers)
    async with stdio_server() as (source, out):
        await made.run(source, out, made.create_initialization_options())


def reply(answers: Answers, request: Request) -> Reply:
    """The reply to one POST of streamable HTTP: stateless and as JSON, so that there is nothing to keep open."""
    return asyncio.run(_reply(answers, request))


def _call(answers: Answers, name: str, arguments: Mapping[str, Any]) -> str:
    given = {key: str(value) for key, value in arguments.items()}
    match name:
        case "headroom_retrieve":
            return answers.retrieve(given.pop("id"), given)
        case "headroom_stats":
            return answers.stats()
        case "headroom_explain":
            return answers.explain(given["request"])
    raise ValueError(f"no such tool: {name}")


async def _reply(answers: Answers, request: Request) -> Reply:
    sent: list[dict[str, Any]] = []
    manager = StreamableHTTPSessionManager(server(answers), json_response=True, stateless=True)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async with manager.run():
        await manager.handle_request(_scope(request), receive, send)
    head = sent[0]
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in head["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Reply(head["status"], body, headers)


def _scope(request: Request) -> dict[str, Any]:
    """The request as ASGI has it: https://asgi.readthedocs.io/en/latest/specs/www.html"""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()],
        "client": (request.peer, 0),
        "server": ("headroom.internal", 80),
    }
