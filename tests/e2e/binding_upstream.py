"""A stand-in for a model whose thinking is bound to the conversation before it, as Anthropic's newest models have it.

Every answer begins with a thinking block; its signature is a digest of all that the request held. A request in which
something before a signed block is not what it was is refused with 400. What does not count there does not count here:
where `cache_control` stands, and whether a text is a string or a list of one text block.
https://platform.claude.com/docs/en/build-with-claude/preserved-thinking
"""

import asyncio
import hashlib
import json
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from tests.e2e.rig import Trust
from tests.laws.client_wire import canonical
from tests.laws.conversations import Body

REFUSAL = "messages.{}: The block is bound to a different conversation"


class BindingUpstream:
    """The server. `bodies` are the requests that came, `refused` how many of them got a 400."""

    def __init__(self, trust: Trust, port: int) -> None:
        self.port = port
        self.bodies: list[bytes] = []
        self.refused = 0
        self._stop = asyncio.Event()
        self._config = Config()
        self._config.bind = [f"127.0.0.1:{port}"]
        self._config.certfile, self._config.keyfile = str(trust.certificate), str(trust.key)
        self._config.errorlog = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve until `stop`."""
        self._task = asyncio.create_task(serve(self._app, self._config, shutdown_trigger=self._stop.wait))
        await asyncio.sleep(0.3)
        assert not self._task.done()

    async def stop(self) -> None:
        """Serve no more."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        raw, more = b"", True
        while more:
            message = await receive()
            raw, more = raw + message.get("body", b""), message.get("more_body", False)
        self.bodies.append(raw)
        body: Body = json.loads(raw)
        status, answer = 200, _answer(body)
        if (at := _unbound(body)) is not None:
            self.refused += 1
            status, answer = 400, _error(REFUSAL.format(at))
        head = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


def signature(body: Body) -> str:
    """What a thinking block that follows on this request is signed with."""
    digest = hashlib.sha256(canonical({"content": [body.get("system"), body.get("tools")]}).encode())
    for message in body["messages"]:
        digest.update(canonical(message).encode())
    return digest.hexdigest()


def _unbound(body: Body) -> int | None:
    """The first message whose thinking was signed behind something else than what stands before it now."""
    for at, message in enumerate(body["messages"]):
        blocks = message["content"] if isinstance(message["content"], list) else []
        for block in blocks:
            before = {**body, "messages": body["messages"][:at]}
            if block["type"] == "thinking" and block["signature"] != signature(before):
                return at
    return None


def _answer(body: Body) -> Body:
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": signature(body)}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [thinking, {"type": "text", "text": "Done."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 9, "output_tokens": 9},
    }


def _error(message: str) -> Body:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
