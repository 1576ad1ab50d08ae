"""Responses over a WebSocket: every `response.create` of a client is a turn, decided on as a request over HTTP is.

A turn that goes on with an earlier response holds only what is new. Which calls its tool outputs belong to stands in
what the server said before, so a socket remembers its latest calls and the user's last text. What was sent for a tool
output is on record, and the whole conversation that a client sends again after a cut gets the same bytes.

There is no response header to tell of a turn, so note and metadata grow with every turn; both are bounded, and so is
the list of messages, which mitmproxy would keep for as long as a socket is open.
"""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

from mitmproxy import http
from mitmproxy.websocket import WebSocketMessage

from addon import sinks
from addon.cache.breaker import BreakerState
from addon.cache.conversations import Turn
from addon.cache.watch import CacheWatch
from addon.event_log import LOGGER
from addon.fail_open import describe, fail_open
from addon.figures.tally import Answer, Tally
from addon.request import Outcome
from addon.routing_log import RoutingLog
from addon.scope import Scope, socket_scope, speaks_responses
from addon.setting_values import WebSockets
from addon.settings import Settings
from addon.shapes.slot import Held
from addon.socket_events import CREATE, Called, event_of
from addon.wire.body_codecs import BODY_LIMIT
from addon.wire.hosts import HostSet
from addon.wire.usage import Ended
from transforms.cache_aligner import Section
from transforms.call import Call
from transforms.reasons import Reason

_MOST_CALLS = 128
_MOST_CALL_CHARS = 256 * 1024
"""Of the arguments of all calls together; every frame takes them along to a worker."""
_MOST_UNANSWERED = 16
_MOST_TURNS = 50
"""How many of the last turns stand in the metadata."""
_NOTED_TURNS = 3
_NOTE_CHARS = 300
"""How many of the last turns stand in the note, and how long each."""
_MOST_MESSAGE_BYTES = 64 * 1024 * 1024
_REFUSAL = b'{"error":{"type":"upgrade_required","message":"WebSockets are refused here, use HTTP"}}'

type Ask = Callable[[Scope, bool, dict[str, BreakerState], Held], Awaitable[Outcome]]
"""Has a worker decide on a frame: its scope, whether the client wants it left alone, the breaker, what came before."""


@dataclass(slots=True)
class _Sent:
    """A turn that has left and is not answered yet."""

    log: RoutingLog
    turn: Turn
    changed: bool
    record: dict[str, Any]
    """What the metadata tells of it."""


@dataclass(slots=True)
class _Sum:
    """The turns of a socket so far, for its note."""

    turns: int = 0
    tokens_before: int = 0
    tokens_after: int = 0
    cache: str = ""
    """What was told of the cache last."""
    _latest: deque[str] = field(default_factory=lambda: deque(maxlen=_NOTED_TURNS))

    def add(self, log: RoutingLog) -> None:
        """Count a turn that leaves now."""
        self.turns += 1
        self.tokens_before += log.tokens_before
        self.tokens_after += log.tokens_after
        self._latest.appendleft(f"turn {self.turns}: {sinks.note(log)[:_NOTE_CHARS]}")

    @property
    def note(self) -> str:
        """One line: the saving of all turns, then the last ones, newest first."""
        total = RoutingLog(decision=Reason.COMPRESSED, tokens_before=self.tokens_before, tokens_after=self.tokens_after)
        return " · ".join(filter(None, [sinks.note(total), f"{self.turns} turns", self.cache, *self._latest]))


@dataclass(slots=True)
class _Socket:
    """What is remembered of an open WebSocket."""

    scope: Scope
    bypass: bool
    calls: OrderedDict[str, Call] = field(default_factory=OrderedDict)
    question: str = ""
    turn: Turn | None = None
    """The last one."""
    unanswered: deque[_Sent] = field(default_factory=lambda: deque(maxlen=_MOST_UNANSWERED))
    sum: _Sum = field(default_factory=lambda: _Sum())
    message_bytes: int = 0
    """Of all messages that are kept."""

    def called(self, event: Called) -> None:
        """Remember a call, and no more of them than there is room for."""
        if len(event.call.arguments) > _MOST_CALL_CHARS:
            return
        self.calls[event.call_id] = event.call
        size = sum(len(call.arguments) for call in self.calls.values())
        while len(self.calls) > _MOST_CALLS or size > _MOST_CALL_CHARS:
            size -= len(self.calls.popitem(last=False)[1].arguments)


class SocketTurns:
    """Follows the WebSockets of a proxy. Errors of ours leave a message as it came."""

    def __init__(self, ask: Ask, watch: CacheWatch, tally: Tally, remember: Callable[[http.HTTPFlow], None]) -> None:
        self._ask = ask
        self._watch = watch
        self._tally = tally
        self._remember = remember
        """Has what is told of a flow at hand for its page."""
        self._sockets: WeakKeyDictionary[http.HTTPFlow, _Socket] = WeakKeyDictionary()

    def open(self, flow: http.HTTPFlow, bypass: bool, settings: Settings, hosts: HostSet) -> Scope:
        """Take up a request for a WebSocket, or refuse it where the user wants that. Returns its scope."""
        scope = socket_scope(flow, settings, hosts)
        if scope.refusal is Reason.UNKNOWN_HOST or settings.websockets is WebSockets.PASS or flow.response is not None:
            return scope
        if settings.websockets is WebSockets.REFUSE and speaks_responses(flow.request):
            headers = {"content-type": "application/json", "upgrade": "HTTP/1.1"}
            flow.response = http.Response.make(426, _REFUSAL, headers)
            flow.comment = "WebSocket refused: headroom_websockets=refuse"
        else:
            self._sockets[flow] = _Socket(scope, bypass)
        return scope

    def close(self, flow: http.HTTPFlow) -> bool:
        """A WebSocket has ended. False for one that was not opened here."""
        return self._sockets.pop(flow, None) is not None

    async def message(self, flow: http.HTTPFlow, settings: Settings) -> None:
        """The newest message of a WebSocket, before it is passed on."""
        socket = self._sockets.get(flow)
        if socket is None or flow.websocket is None:
            return
        message = flow.websocket.messages[-1]
        with fail_open(lambda error: self._failed(flow, error)):
            _trim(flow.websocket.messages, socket, settings.websocket_messages)
            if not message.is_text:
                return
            if not message.from_client:
                self._heard(flow, socket, message.content)
            elif CREATE in message.content:
                outcome = await self._decide(socket, message.content)
                if outcome.is_changed:
                    socket.message_bytes += len(outcome.body) - len(message.content)
                    message.content = outcome.body
                with fail_open(self._failed_telling):
                    self._sent(flow, socket, outcome, settings)

    async def _decide(self, socket: _Socket, content: bytes) -> Outcome:
        scope = replace(socket.scope, body=content)
        if scope.refusal is None and len(content) > BODY_LIMIT:
            scope = replace(scope, refusal=Reason.TOO_LARGE)
        conversation = socket.turn.conversation if socket.turn else ""
        breaker = self._watch.tripped(scope.credentials.client, conversation)
        return await self._ask(scope, socket.bypass, breaker, Held(dict(socket.calls), socket.question))

    def _sent(self, flow: http.HTTPFlow, socket: _Socket, outcome: Outcome, settings: Settings) -> None:
        """Tell of a turn that leaves now."""
        log = outcome.log.for_request(flow.id)
        if log.shape:
            socket.question = outcome.question
        if outcome.client.first(Section.CLIENT) and log.policy is not None:
            threshold = log.policy.volatile_token_threshold
            socket.turn = self._watch.conversations.turn(
                outcome.client, outcome.sent, threshold, on_purpose=outcome.breaks_on_purpose
            )
        else:
            socket.turn = self._watch.conversations.continued(socket.turn)
        record = sinks.metadata(log)
        socket.unanswered.append(_Sent(log, socket.turn, outcome.is_changed, record))
        socket.sum.add(log)
        self._tally.request(log)
        turns = [*flow.metadata.get(sinks.METADATA, {}).get("turns", ()), record]
        flow.metadata[sinks.METADATA] = {**record, "turns": turns[-_MOST_TURNS:]}
        flow.comment = socket.sum.note
        flow.marked = flow.marked or sinks.marker(log)
        self._remember(flow)
        sinks.event_log(log, settings.log_level)

    def _heard(self, flow: http.HTTPFlow, socket: _Socket, content: bytes) -> None:
        """What the server says of calls, of tokens and of errors."""
        match event_of(content):
            case Called() as called:
                socket.called(called)
            case Ended() as ended if socket.unanswered:
                self._judge(flow, socket, socket.unanswered.popleft(), ended)

    def _judge(self, flow: http.HTTPFlow, socket: _Socket, sent: _Sent, ended: Ended) -> None:
        judgement = self._watch.judge(sent.log.client, sent.turn, ended, sent.changed)
        self._tally.answered(Answer(sent.log, ended.status, ended.usage, sent.turn, judgement.verdict, judgement.trip))
        sent.record["cache"] = judgement.told
        if ended.usage is not None:
            sent.record["usage"] = sinks.usage_metadata(ended.usage)
        flow.metadata[sinks.METADATA] = {**flow.metadata[sinks.METADATA], **sent.record}
        self._remember(flow)
        if judgement.is_news:
            socket.sum.cache = judgement.told
            flow.comment = socket.sum.note
        if judgement.is_alarm:
            LOGGER.warning("headroom: %s", judgement.told)

    def _failed(self, flow: http.HTTPFlow, error: BaseException) -> None:
        self._tally.failure("request")
        flow.comment, flow.marked = f"0% {Reason.FAILED} · {describe(error)}", sinks.FAILED_OPEN
        LOGGER.error("headroom: WebSocket message forwarded untouched: %s", describe(error))

    def _failed_telling(self, error: BaseException) -> None:
        self._tally.failure("telling")
        LOGGER.error("headroom: decided and sent, but could not be told: %s", describe(error))


def _trim(messages: list[WebSocketMessage], socket: _Socket, most: int) -> None:
    """Forget the oldest messages where there are more than `most`, or too many bytes of them; 0 keeps all."""
    socket.message_bytes += len(messages[-1].content)
    if most == 0:
        return
    surplus = max(0, len(messages) - most)
    size = socket.message_bytes - sum(len(message.content) for message in messages[:surplus])
    while size > _MOST_MESSAGE_BYTES and surplus < len(messages) - 1:
        size -= len(messages[surplus].content)
        surplus += 1
    socket.message_bytes = size
    del messages[:surplus]
