"""The stand-in's WebSocket: Responses turns as OpenAI's API takes them, one `response.create` frame after the other.

A turn with `previous_response_id` brings the new items only; what the socket has had before is put in front, so that
the answer is that of the whole conversation. `generate: false` is answered without output.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Message, Ping, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

type Body = dict[str, Any]

_READ = 1 << 16
_ABOUT_THE_TURN = frozenset({"response.created", "response.completed"})


async def serve_socket(
    head: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answer: Callable[[Body, int], Iterable[bytes]],
    turns: int | None = None,
) -> AsyncIterator[Body]:
    """Accept the upgrade whose head was read and serve turns; yields each one as a whole conversation.

    `answer` gives the server-sent events of a body and its size. After the answer to `turns` turns with output the
    caller is to cut the connection: no close frame has been sent.
    """
    connection = WSConnection(ConnectionType.SERVER)
    connection.receive_data(head)
    items: list[Body] = []
    text, answered = "", 0
    async for event in _events(connection, reader):
        match event:
            case Request():
                writer.write(connection.send(AcceptConnection(extensions=[PerMessageDeflate()])))
            case TextMessage(data=part, message_finished=finished):
                text += part
                if finished:
                    body, text = json.loads(text), ""
                    items = [*(items if body.get("previous_response_id") else ()), *body.get("input", ())]
                    whole = {**body, "input": items}
                    yield whole
                    for frame in _frames(answer(whole, len(json.dumps(body))), whole):
                        writer.write(connection.send(Message(data=json.dumps(frame))))
                    answered += body.get("generate") is not False
            case Ping():
                writer.write(connection.send(event.response()))
            case CloseConnection():
                writer.write(connection.send(event.response()))
                return
        await writer.drain()
        if answered == turns:
            return


async def _events(connection: WSConnection, reader: asyncio.StreamReader) -> AsyncIterator[Event]:
    while True:
        for event in connection.events():
            yield event
        data = await reader.read(_READ)
        if not data:
            return
        connection.receive_data(data)


def _frames(events: Iterable[bytes], body: Mapping[str, Any]) -> Iterator[Body]:
    frames = (json.loads(event.partition(b"data: ")[2]) for event in events)
    if body.get("generate") is not False:
        yield from frames
        return
    for frame in frames:
        if frame["type"] in _ABOUT_THE_TURN:
            yield frame | {"response": frame["response"] | {"output": []}}
