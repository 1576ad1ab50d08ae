"""A real request and a real WebSocket through the proxy to a stand-in on this machine: smaller, streamed, with its log.

They go to a name that the addon leads to loopback, so that a proxy that runs already is tried as it is, with its own
options, and nothing leaves the machine.
"""

import asyncio
import json
import secrets
from collections.abc import Mapping
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Message, Request, TextMessage

from addon.command.demo_requests import nightly_log
from addon.command.doctor.finding import Finding, broken, look, ok
from addon.command.hints import Endpoint
from addon.command.stand_in import StandInUpstream
from addon.sinks import HEADER
from addon.web.exchange import TRIAL_HOST
from addon.wire.clients import DOCTORS_AGENT
from transforms.reasons import Reason

type Body = dict[str, Any]

_SECONDS = 60
_HOLD_SECONDS = 5
_HELD_EVENT = 3
_SIDE = "look at the proxy's log"
_ADVICE: Mapping[str, str] = {
    Reason.SHADOW: "headroom_mode=shadow decides and changes nothing: set it to compress",
    Reason.MODE_OFF: "headroom_mode=off decides nothing new: set it to compress",
    Reason.AUTH_MODE: "headroom_auth_modes leaves API keys alone",
    Reason.LEDGER_UNAVAILABLE: "the state folder cannot be written: see the check `state`",
    Reason.NO_WAY_BACK: "originals cannot be kept: see the check `state`, and headroom_originals",
    Reason.TIME_BUDGET: "the machine is too slow or too busy for headroom_time_budget_ms",
    Reason.BUSY: "no worker was free: the machine is too busy, or workers do not come up; the proxy's log says which",
    Reason.TOO_SMALL: "headroom_min_tokens is very large",
    Reason.NO_TRANSFORM: "headroom_transforms leaves out what this needs",
    Reason.FAILED: f"an error of ours: {_SIDE}, and report it",
    Reason.UNKNOWN_HOST: "the proxy has another version of the addon: start it again",
}


class _Gate:
    """Holds the stand-in in the middle of its answer until the client has seen the beginning of it."""

    def __init__(self) -> None:
        self.seen = asyncio.Event()
        self.in_vain = False

    async def hold(self, index: int) -> None:
        """Wait before this event; in vain where what was sent does not come through."""
        if index == _HELD_EVENT:
            try:
                async with asyncio.timeout(_HOLD_SECONDS):
                    await self.seen.wait()
            except TimeoutError:
                self.in_vain = True


async def try_proxy(proxy: Endpoint) -> list[Finding]:
    """Send both."""
    gate, findings = _Gate(), list[Finding]()
    async with StandInUpstream(before_event=gate.hold, websockets=True) as upstream:
        for check, attempt in (("request", _request(proxy, upstream, gate)), ("websocket", _socket(proxy, upstream))):
            try:
                async with asyncio.timeout(_SECONDS):
                    findings += await attempt
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                told = f"no answer through the proxy: {error or type(error).__name__}"
                findings.append(broken(check, told, f"{_SIDE}; one in upstream mode cannot be tried in this way"))
    return findings


async def _request(proxy: Endpoint, upstream: StandInUpstream, gate: _Gate) -> list[Finding]:
    body, output = _conversation()
    text = json.dumps({**body, "stream": True}).encode()
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    target = f"http://{TRIAL_HOST}:{upstream.port}/v1/chat/completions"
    head = f"POST {target} HTTP/1.1\r\nhost: {TRIAL_HOST}:{upstream.port}\r\ncontent-type: application/json\r\n"
    head += f"user-agent: {DOCTORS_AGENT}\r\nauthorization: Bearer sk-proj-doctor\r\n"
    head += f"connection: close\r\ncontent-length: {len(text)}\r\n\r\n"
    writer.write(head.encode() + text)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = answer.split(" ")[1]
    if status != "200":
        return [broken("request", f"the proxy answered {status}", _SIDE)]
    await reader.readuntil(b"data: ")
    gate.seen.set()
    rest = await reader.read()
    writer.close()
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in answer.split("\r\n"))}
    arrived = json.loads(upstream.requests[-1].text)["messages"][-1]["content"]
    return [_smaller(output, arrived, headers.get(HEADER)), _streamed(not gate.in_vain, rest)]


def _smaller(output: str, arrived: str, header: str | None) -> Finding:
    if header is None:
        return broken("request", f"the answer has no {HEADER}", "the addon is not loaded, or was unloaded: start again")
    log: Body = json.loads(header)
    if len(arrived) < len(output):
        return ok("request", f"{log['tokens_before']:,} -> {log['tokens_after']:,} tokens, with its routing log")
    entry: Body = next(iter(log.get("entries", ())), {})
    reason = str(entry.get("reason", log["decision"]))
    told = f"nothing compressed because: {reason}"
    return look("request", told, _ADVICE.get(reason, "README, Reasons: what this reason means"))


def _streamed(early: bool, rest: bytes) -> Finding:
    if early and b"[DONE]" in rest:
        return ok("streaming", "answers are passed on as they come")
    return broken("streaming", "answers are held back until they are whole", "is a stream option of mitmproxy set?")


async def _socket(proxy: Endpoint, upstream: StandInUpstream) -> list[Finding]:
    call = f"call_{secrets.token_hex(8)}"
    output = nightly_log()
    items = [
        {"type": "message", "role": "user", "content": "Why did the import fail?"},
        {"type": "function_call", "call_id": call, "name": "bash", "arguments": "{}"},
        {"type": "function_call_output", "call_id": call, "output": output},
    ]
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    writer.write(f"CONNECT {TRIAL_HOST}:{upstream.port} HTTP/1.1\r\nhost: {TRIAL_HOST}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    socket = WSConnection(ConnectionType.CLIENT)
    headers = [(b"authorization", b"Bearer sk-proj-doctor"), (b"user-agent", DOCTORS_AGENT.encode())]
    writer.write(socket.send(Request(host=TRIAL_HOST, target="/v1/responses", extra_headers=headers)))
    frame = json.dumps({"type": "response.create", "model": "gpt-5.6", "input": items})
    text = ""
    while '"response.completed"' not in text:
        data = await reader.read(1 << 16)
        if not data:
            raise EOFError("the socket was closed")
        socket.receive_data(data)
        for event in socket.events():
            if isinstance(event, AcceptConnection):
                writer.write(socket.send(Message(data=frame)))
            elif isinstance(event, TextMessage):
                text += event.data
    writer.close()
    arrived = json.loads(upstream.requests[-1].body)["input"][-1]["output"]
    if len(arrived) < len(output):
        return [ok("websocket", "turns over a WebSocket get smaller")]
    return [
        look("websocket", "turns over a WebSocket pass as they are", "see the check `request`, headroom_websockets")
    ]


def _conversation() -> tuple[Body, str]:
    """A turn of an agent with a new bulky tool output, and that output."""
    call, output = f"call_{secrets.token_hex(8)}", nightly_log()
    made = {"id": call, "type": "function", "function": {"name": "bash", "arguments": '{"command": "cat log"}'}}
    messages = [
        {"role": "user", "content": "Why did the nightly import fail?"},
        {"role": "assistant", "content": None, "tool_calls": [made]},
        {"role": "tool", "tool_call_id": call, "content": output},
    ]
    return {"model": "gpt-5.6", "messages": messages}, output
