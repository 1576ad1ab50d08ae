"""The breaker: when the provider objects to what we changed, the conversation, then the client, passes untouched.

Raw bytes in the middle of a conversation would break its cached prefix once more. So "untouched" means that nothing
new is decided while old rewrites are still replayed; only where the provider's error points at our changes are they
withdrawn, and then for good. What is open for a time is half-open afterwards: one more fault of the same kind opens it
again, one good answer closes it. Everything is bounded; nothing is remembered over a restart.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from addon.cache.conversations import CacheVerdict

_CLIENT_ERRORS = 3
_BURST_SECONDS = 120.0
_CLIENT_SECONDS = 600.0
_CONVERSATION_SECONDS = 1800.0
_ERRORS_UNTIL_RAW = 2
"""In a row, on replayed rewrites alone."""
_BREAKS = 2
_MISSES = 3
_SHORTEST_LIFE = 240.0
"""Seconds. A cache entry lives five minutes or more and each reading renews it: what is gone sooner has not expired."""
_MOST_CONVERSATIONS = 1024
_MOST_CLIENTS = 256
_READ_CHARACTERS = 8192

_NOT_THE_BODY = frozenset({401, 402, 403, 404, 405, 407, 408, 409, 413, 429})
"""Client errors that no change of a tool output can cause: login, payment, address, size, rate."""
_OTHERS_FAULT = re.compile(r"too long|too many (?:input )?tokens|context[ _](?:length|window)|credit balance|billing")
"""Errors on the length of the prompt, which our changes only make smaller, and on the account."""
_POINTS_AT_US = re.compile(
    "|".join(
        (
            r"bound to a different conversation",  # https://platform.claude.com/docs/en/build-with-claude/preserved-thinking
            r"prefix_(?:binding_)?mismatch",
            r"thinking[^.]{0,200}cannot be modified",  # https://github.com/anthropics/claude-code/issues/63404
            r"signature\W{1,3}in\W{1,3}thinking",
            r"tool_result",
            r"tool_call_output|function_call_output|tool outputs? |role '?tool",
            r"input\[\d{1,6}\]\.output|messages\[\d{1,6}\]\.content",
            r"prompt_cache_key|cache_control: extra inputs",  # https://github.com/zed-industries/zed/issues/36215
        )
    )
)
"""Errors on what we rewrite, on what is bound to it, and on what `addon.cache.insertion` adds."""


class BreakerState(StrEnum):
    """What may be done to a request, the strictest last."""

    CLOSED = "closed"
    """All that the settings say."""
    NO_NEW = "no_new"
    """Old decisions are replayed; new tool outputs are kept, and the keeping is remembered."""
    RAW = "raw"
    """The client's own bytes."""


class Trip(StrEnum):
    """Why requests pass untouched."""

    PROVIDER_ERROR = "provider_error"
    """The provider's error pointed at what we changed."""
    CLIENT_ERRORS = "client_errors"
    """A burst of 4xx on changed requests."""
    PREFIX_BROKEN = "prefix_broken"
    """We sent an item otherwise than before, twice in a row."""
    CACHE_MISSES = "cache_misses"
    """The cache was written anew, turn after turn, though the client had only appended."""


_STRICTNESS = {state: rank for rank, state in enumerate(BreakerState)}


@dataclass(slots=True)
class _Circuit:
    """The record of one conversation or client."""

    state: BreakerState = BreakerState.CLOSED
    trip: Trip | None = None
    until: float = 0.0
    errors: list[float] = field(default_factory=list)
    """When the last errors came that may be ours."""
    breaks: int = 0
    misses: int = 0
    """Both in a row."""
    seen: float = -inf

    def at(self, now: float) -> BreakerState:
        return self.state if now < self.until else BreakerState.CLOSED

    def half_open(self, now: float) -> bool:
        return self.trip is not None and now >= self.until

    def open(self, state: BreakerState, trip: Trip, until: float) -> Trip | None:
        """Open, unless it is open as strictly; returns the reason where this is news."""
        strict = _STRICTNESS[self.state] if until <= self.until else -1
        if _STRICTNESS[state] <= strict:
            return None
        self.state, self.trip, self.until = state, trip, until
        self.errors.clear()
        self.breaks = self.misses = 0
        return trip

    def good(self, now: float) -> None:
        """A changed request was served."""
        self.errors.clear()
        if self.half_open(now):
            self.state, self.trip = BreakerState.CLOSED, None


class Breaker:
    """One breaker for all conversations and clients of a proxy.

    `clock` gives seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._conversations: OrderedDict[str, _Circuit] = OrderedDict()
        self._clients: OrderedDict[str, _Circuit] = OrderedDict()

    def observe(
        self, client: str, conversation: str, status: int, error_text: str, changed: bool, verdict: CacheVerdict | None
    ) -> Trip | None:
        """Take in the end of a request; returns the reason when this opens the breaker.

        `conversation` may be empty where it is not known, `error_text` is the body of a 4xx, `changed` whether what
        was sent was not the client's own.
        """
        now = self._clock()
        of_client = _circuit(self._clients, client, _MOST_CLIENTS)
        of_conversation = (
            _circuit(self._conversations, conversation, _MOST_CONVERSATIONS) if conversation else _Circuit()
        )
        trips = [_on_verdict(of_conversation, verdict, changed, now)]
        if changed and 200 <= status < 300:
            of_client.good(now)
            of_conversation.good(now)
        elif changed and _may_be_ours(status, error_text):
            if _POINTS_AT_US.search(_read(error_text)):
                trips.append(_on_pointed(of_conversation if conversation else None, of_client, now))
            else:
                trips += _on_error(of_conversation, of_client, now)
        of_conversation.seen = now
        return next((trip for trip in trips if trip is not None), None)

    def state(self, client: str, conversation: str) -> BreakerState:
        """What may be done to a request now: the stricter of what holds for its conversation and for its client."""
        now = self._clock()
        circuits = (self._conversations.get(conversation), self._clients.get(client))
        states = (circuit.at(now) for circuit in circuits if circuit)
        return max(states, key=_STRICTNESS.__getitem__, default=BreakerState.CLOSED)

    def open_conversations(self) -> dict[str, BreakerState]:
        """The conversations whose requests pass untouched now."""
        now = self._clock()
        states = {conversation: circuit.at(now) for conversation, circuit in self._conversations.items()}
        return {conversation: state for conversation, state in states.items() if state is not BreakerState.CLOSED}


def _on_verdict(circuit: _Circuit, verdict: CacheVerdict | None, changed: bool, now: float) -> Trip | None:
    match verdict:
        case CacheVerdict.WE_BROKE:
            circuit.breaks, circuit.misses = circuit.breaks + 1, 0
            if circuit.breaks >= (1 if circuit.half_open(now) else _BREAKS):
                return circuit.open(BreakerState.NO_NEW, Trip.PREFIX_BROKEN, now + _CONVERSATION_SECONDS)
        case CacheVerdict.EXPIRED if changed and now - circuit.seen <= _SHORTEST_LIFE:
            circuit.breaks, circuit.misses = 0, circuit.misses + 1
            if circuit.misses >= (1 if circuit.half_open(now) else _MISSES):
                return circuit.open(BreakerState.NO_NEW, Trip.CACHE_MISSES, now + _CONVERSATION_SECONDS)
        case CacheVerdict.HELD | CacheVerdict.CLIENT_BROKE | CacheVerdict.EXPIRED:
            circuit.breaks = circuit.misses = 0
    return None


def _on_pointed(conversation: _Circuit | None, client: _Circuit, now: float) -> Trip | None:
    if conversation is not None:
        return conversation.open(BreakerState.RAW, Trip.PROVIDER_ERROR, inf)
    return client.open(BreakerState.NO_NEW, Trip.PROVIDER_ERROR, now + _CLIENT_SECONDS)


def _on_error(conversation: _Circuit, client: _Circuit, now: float) -> list[Trip | None]:
    replayed = BreakerState.NO_NEW in (conversation.at(now), client.at(now))
    trips: list[Trip | None] = []
    if replayed:
        conversation.errors.append(now)
    if len(conversation.errors) >= _ERRORS_UNTIL_RAW:
        trips.append(conversation.open(BreakerState.RAW, Trip.CLIENT_ERRORS, inf))
    client.errors = [at for at in (*client.errors, now) if now - at <= _BURST_SECONDS][-_CLIENT_ERRORS:]
    if len(client.errors) >= (1 if client.half_open(now) else _CLIENT_ERRORS):
        trips.append(client.open(BreakerState.NO_NEW, Trip.CLIENT_ERRORS, now + _CLIENT_SECONDS))
    return trips


def _may_be_ours(status: int, text: str) -> bool:
    return 400 <= status < 500 and status not in _NOT_THE_BODY and not _OTHERS_FAULT.search(_read(text))


def _read(text: str) -> str:
    return text[:_READ_CHARACTERS].casefold()


def _circuit(circuits: OrderedDict[str, _Circuit], name: str, most: int) -> _Circuit:
    """The circuit of this name, marked as used last."""
    circuit = circuits.pop(name, None) or _Circuit()
    circuits[name] = circuit
    while len(circuits) > most:
        circuits.popitem(last=False)
    return circuit
