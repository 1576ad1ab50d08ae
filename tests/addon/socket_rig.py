"""A WebSocket as mitmproxy hands it to the hooks, and one that a recorded client and a model talk over."""

import json
from collections.abc import Iterable
from typing import Any

from mitmproxy import http
from mitmproxy.test import tflow, tutils
from mitmproxy.websocket import WebSocketData, WebSocketMessage
from wsproto.frame_protocol import Opcode

from addon.hooks import Headroom

type Frame = dict[str, Any]


class Socket:
    """One open WebSocket."""

    def __init__(self, addon: Headroom, **headers: str) -> None:
        self.addon = addon
        self.flow = tflow.tflow(req=tutils.treq(method=b"GET", host="api.openai.com", path=b"/v1/responses"))
        self.flow.live = True
        self.flow.request.headers["upgrade"] = "websocket"
        for name, value in headers.items():
            self.flow.request.headers[name.replace("_", "-")] = value

    async def open(self, host: str = "api.openai.com", path: str = "/v1/responses") -> "Socket":
        """The request for it; the answer is 101 unless the addon has refused it."""
        self.flow.request.host, self.flow.request.path = host, path
        await self.addon.request(self.flow)
        if self.flow.response is None:
            self.flow.response = http.Response.make(101)
            self.flow.websocket = WebSocketData()
        self.addon.responseheaders(self.flow)
        return self

    async def says(self, content: bytes, *, client: bool = True, kind: Opcode = Opcode.TEXT) -> bytes:
        """A message; what is passed on of it, the same object where it was left alone."""
        assert self.flow.websocket is not None
        message = WebSocketMessage(kind, client, content)
        self.flow.websocket.messages.append(message)
        await self.addon.websocket_message(self.flow)
        return message.content

    async def answers(self, items: Iterable[Frame] = (), **usage: int) -> None:
        """What the server says to a `response.create`."""
        for item in items:
            await self.says(encoded({"type": "response.output_item.done", "item": item}), client=False)
        response = {"id": "resp_x", "usage": {"input_tokens": 9, "output_tokens": 1, **usage}}
        await self.says(encoded({"type": "response.completed", "response": response}), client=False)

    @property
    def data(self) -> Frame:
        """What the metadata tells."""
        found: Frame = self.flow.metadata["headroom"]
        return found


def encoded(frame: Frame) -> bytes:
    """A message in the spelling of the recorded clients."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()


def split(replay: Frame, held: int) -> tuple[list[Frame], list[tuple[Frame, list[Frame]]]]:
    """A frame with a whole conversation as the client had sent it before the cut: its first `held` items, then one
    frame for each run of new items, with the model's own items that came before it."""
    items = replay["input"]
    frames: list[tuple[Frame, list[Frame]]] = []
    models: list[Frame] = []
    for item in items[held:]:
        if item["type"] in ("reasoning", "custom_tool_call", "function_call"):
            models.append(item)
        else:
            frames.append(({**replay, "previous_response_id": "resp_x", "input": [item]}, models))
            models = []
    return items[:held], frames
