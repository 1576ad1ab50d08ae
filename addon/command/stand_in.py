"""A stand-in for an LLM API on loopback: takes agents' requests, keeps them, answers in the right shape.

For the demo and for tests. HTTP/1.1, optionally over TLS; JSON or SSE by the body's `stream`, or by the path where an
answer always streams. The paths end in `/messages`, `/chat/completions` or `/responses`; `GET /__requests` returns all
that came, as JSON. No model, no state.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from addon.command.stand_in_answers import ANSWERS, Answer
from addon.command.stand_in_socket import serve_socket
from addon.wire.body_codecs import BadEncoding, codec_for
from addon.wire.hosts import LOOPBACK

WEBSOCKET = "WEBSOCKET"
"""The method of what came over a WebSocket: each turn as the whole conversation."""
_HEAD_LIMIT = 1 << 20
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 426: "Upgrade Required"}
_BODY_LIMIT = 1 << 28


class Received(NamedTuple):
    """A request as it came. Header names are in lower case; the body still has its Content-Encoding."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> bytes:
        """The body without its Content-Encoding. Raises `BadEncoding`."""
        return codec_for(self.headers.get("content-encoding", "")).decode(self.body, _BODY_LIMIT)


class StandInUpstream:
    """The server. `async with StandInUpstream() as upstream:` or `start` and `stop`.

    `before_event` is awaited before each SSE event with its index: a test holds a stream there. `answers` are by the
    end of the request's path. Without `websockets` clients are sent back to HTTP; the first one is cut after
    `cut_after` answered turns, without a close frame. `pages` are what GET requests get, by the end of their path.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        before_event: Callable[[int], Awaitable[None]] | None = None,
        answers: Mapping[str, Answer] = ANSWERS,
        websockets: bool = False,
        cut_after: int | None = None,
        pages: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self.port = 0
        """The real one after the start."""
        self.requests: list[Received] = []
        self.before_event = before_event
        self._tls = tls
        self._answers, self._websockets, self._cut_after = answers, websockets, cut_after
        self._pages = pages
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises `OSError` when the port is taken."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port, ssl=self._tls, limit=_HEAD_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut what is still open."""
        if self._server is None:
            return
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                while request := await _read_request(reader, writer):
                    if self._websockets and "upgrade" in request.headers:
                        return await self._serve_socket(request, reader, writer)
                    await self._answer(request, writer)
        finally:
            writer.close()

    async def _serve_socket(
        self, request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lines = [
            f"{request.method} {request.path} HTTP/1.1",
            *(f"{n}: {v}" for n, v in request.headers.items()),
            "",
            "",
        ]
        events = self._answers["/responses"].events
        head = "\r\n".join(lines).encode("latin-1")
        turns, self._cut_after = self._cut_after, None
        async for turn in serve_socket(head, reader, writer, events, turns):
            self.requests.append(Received(WEBSOCKET, request.path, {}, json.dumps(turn).encode()))

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> None:
        if request.path == "/__requests":
            return await _send(writer, 200, [_as_json(one) for one in self.requests])
        self.requests.append(request)
        if "upgrade" in request.headers:  # clients that would like a WebSocket fall back to HTTP on this
            return await _send(writer, 426, {"error": {"type": "upgrade_required", "message": "HTTP only"}})
        path = request.path.partition("?")[0]
        if request.method == "GET" and (page := _by_end(self._pages, path)) is not None:
            return await _send(writer, 200, page)
        answer = _by_end(self._answers, path)
        if answer is None or request.method != "POST":
            return await _send(writer, 404, {"error": {"type": "not_found_error", "message": f"no {path} here"}})
        try:
            body = _parse(request.text)
        except ValueError as error:
            return await _send(writer, 400, {"error": {"type": "invalid_request_error", "message": str(error)}})
        if answer.streams or body.get("stream"):
            return await self._stream(answer, body, len(request.text), writer)
        await _send(writer, 200, answer.whole(body, len(request.text)))

    async def _stream(self, answer: Answer, body: dict[str, Any], size: int, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for index, event in enumerate(answer.events(body, size)):
            if self.before_event is not None:
                await self.before_event(index)
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def _by_end[T](of: Mapping[str, T], path: str) -> T | None:
    return next((one for end, one in of.items() if path.endswith(end)), None)


def _parse(text: bytes) -> dict[str, Any]:
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ValueError("the body is not one JSON object")
    return body


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Received | None:
    """The next request, or None when the client has closed the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":  # trailers
        continue
    return b"".join(chunks)


async def _send(writer: asyncio.StreamWriter, status: int, body: object) -> None:
    data = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data)
    await writer.drain()


def _as_json(request: Received) -> dict[str, object]:
    try:
        body = request.text
    except BadEncoding:
        body = request.body
    return {**request._asdict(), "body": body.decode("utf-8", "replace")}
