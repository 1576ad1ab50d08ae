"""Law 3 under random clients: what was sent for a request is a prefix of what is sent for every longer one.

Hypothesis makes plans of what clients and proxies do (`tests.laws.client_behaviour`). After each request what was
sent is compared with everything sent before, and every pointer in it is looked up in the request that carries it.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from hypothesis import Phase, example, given, note, settings
from hypothesis import strategies as st

from addon.context import Context
from addon.deadline import Deadline
from addon.pipeline import compress
from addon.request import Outcome, Request
from addon.routing_log import NO_TRANSFORM
from addon.settings import Settings
from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import parse
from addon.shapes.slot import Slot
from addon.store.ledger import Decision, Ledger
from addon.store.state import State
from tests.laws.client_behaviour import IDS, OUTPUTS, Clients, Move
from tests.laws.client_wire import PLAIN, SHAPES, Sent, Spelling, complete, normalised, write
from transforms.compression_policy import AuthMode
from transforms.repeats.pointer import present
from transforms.repeats.references import resolve

_CHANGES: tuple[dict[str, str], ...] = (
    *({"mode": mode} for mode in ("shadow", "off", "compress", "compress", "compress")),
    *({"max_lossy_ratio": share} for share in ("0", "", "0.9")),
    *({"min_tokens": tokens} for tokens in ("0", "500")),
    *({"transforms": names} for names in ("", "references", "log_folder,smart_crusher", "line_gutter,references")),
    *({"originals": switch} for switch in ("on", "off")),
    *({"exclude_tools": names} for names in ("", "read")),
)
_WEIGHTS = {
    **{"call tools": 6, "call the same again": 4, "answer": 3, "retry": 1, "side request": 1, "rewind": 2},
    **{"sub-agent": 1, "compact": 1, "edit the context": 2, "drop a turn": 2, "reorder": 1, "server holds": 2},
    **{"two at once": 2, "restart": 1, "other proxy": 1, "change settings": 2},
}
"""How often a plan has each move."""
_MOVES = [name for name, weight in _WEIGHTS.items() for _ in range(weight)]


def _move(seed: int) -> Move:
    """A move, all kinds as likely as their weights say: hypothesis by itself prefers small and equal values."""
    choice = Random(seed)
    talk, turn, form = (choice.randrange(60) for _ in range(3))
    outputs = tuple(choice.choices(OUTPUTS, k=choice.choice((1, 1, 1, 2, 3))))
    name = choice.choice(_MOVES) if seed else "restart"  # what a plan is made of when hypothesis makes it simpler
    return Move(name, talk, turn, form, outputs, Spelling(*choice.choices((False, True), k=2)))


@dataclass(frozen=True, slots=True)
class Racing:
    """A ledger before which somebody else is first: `others` runs right before the first decision is written."""

    ledger: Ledger
    others: list[Callable[[], object]]

    def recall(self, keys: Iterable[bytes]) -> dict[bytes, Decision]:
        return self.ledger.recall(keys)

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        if self.others:
            self.others.pop()()
        return self.ledger.record(decisions)

    def hold(self, decisions: Mapping[bytes, Decision]) -> None:
        self.ledger.hold(decisions)

    def learn(self, decisions: Mapping[bytes, Decision]) -> None:
        self.ledger.learn(decisions)

    def news(self) -> dict[bytes, Decision]:
        return self.ledger.news()


class Server:
    """What the API gets, and the law on it."""

    def __init__(self, shape: str) -> None:
        self._shape = shape
        self._history: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        """Of every request, the conversation as the client holds it and as it got here."""
        self._resolved: dict[tuple[str, str], str] = {}
        """What the pointers of an output stand for, by the output and what was sent in its place."""

    def take(self, request: Sent, outcome: Outcome) -> None:
        """Check one request that has arrived."""
        self._check_pointers(request.body, outcome)
        client, got = normalised(request.body), normalised(outcome.body)
        if request.held:
            client = normalised(write(self._shape, request.conversation, PLAIN))
            new = complete(self._shape, request.conversation[len(request.held) :], got)
            got = (*self._held(client[: len(client) - len(new)]), *new)
        for before, got_before in self._history:
            if client[: len(before)] == before:
                _check_prefix(got_before, got)
        self._history.append((client, got))

    def _held(self, conversation: tuple[str, ...]) -> tuple[str, ...]:
        """What has arrived of a conversation; the last time counts."""
        return next(got for client, got in reversed(self._history) if client == conversation)

    def _check_pointers(self, body: bytes, outcome: Outcome) -> None:
        """Every pointer names lines that stand above it in the same request, and always the same ones."""
        context = Context()
        triples = zip(_slots(body), _slots(outcome.body), outcome.log.entries, strict=True)
        for original, slot, entry in triples:
            changed = slot.text != original.text
            if changed and present(slot.text):
                text = resolve(slot.text, context.index)
                before = self._resolved.setdefault((original.text, slot.text), text)
                assert not present(text), f"points at nothing: {slot.text!r:.300}"
                assert text == before, f"points at something else: {slot.text!r:.300}"
            context.add(slot, slot.text, entry.transform_name if changed else NO_TRANSFORM)


class Proxies:
    """Up to two proxies on one state folder, between clients and the server."""

    def __init__(self, home: Path, auth_mode: AuthMode, server: Server) -> None:
        self._home = home
        self._auth_mode = auth_mode
        self._server = server
        self._values: dict[str, str] = {}
        self._states = [State.open(home)]
        self.moves: Mapping[str, Callable[[Move], None]] = {
            "restart": self._restart,
            "other proxy": self._switch,
            "change settings": self._change_settings,
        }

    def post(self, request: Sent) -> None:
        self._server.take(request, self._decide(request, self._states[0], self._values))

    def post_both(self, request: Sent, other: Sent, form: int) -> None:
        """Another proxy, which has other settings, decides on `other` between this one's deciding and recording."""
        values, second = {**self._values, **_CHANGES[form % len(_CHANGES)]}, State.open(self._home)
        found: list[Outcome] = []
        ledger = Racing(self._states[0].ledger, [lambda: found.append(self._decide(other, second, values))])
        outcome = self._decide(request, replace(self._states[0], ledger=ledger), self._values)
        second.close()
        for outcome_of_other in found:
            self._server.take(other, outcome_of_other)
        self._server.take(request, outcome)

    def close(self) -> None:
        for state in self._states:
            state.close()

    def _restart(self, _: Move) -> None:
        self.close()
        self._states = [State.open(self._home)]

    def _switch(self, _: Move) -> None:
        if len(self._states) < 2:
            self._states.append(State.open(self._home))
        self._states.reverse()

    def _change_settings(self, move: Move) -> None:
        self._values |= _CHANGES[move.form % len(_CHANGES)]

    def _decide(self, request: Sent, state: State, values: Mapping[str, str]) -> Outcome:
        patient = Deadline(time.monotonic() + 60)
        chosen = Settings.parse({**values, "home": str(self._home)})
        outcome = compress(Request(request.body, "", self._auth_mode, "test", patient), chosen, state)
        assert outcome.log.failures == ()
        return outcome


def _check_prefix(earlier: tuple[str, ...], later: tuple[str, ...]) -> None:
    for at, (before, now) in enumerate(zip(earlier, later, strict=False)):
        assert now == before, f"item {at}: {before!r:.300} became {now!r:.300}"


_SENT_ALONE_THEN_WITH_ALL_BEFORE = [
    Move("answer"),
    Move("server holds", form=1),
    Move("call tools", outputs=((1, 0), (1, 0))),
    Move("server holds", form=0),
    Move("answer"),
]
_SECOND_TO_DECIDE_AND_SET_OTHERWISE_LATER = [
    Move("sub-agent"),
    Move("two at once", talk=0, turn=1, form=1, outputs=((1, 0), (1, 0))),
    Move("change settings", form=1),
    Move("answer"),
]


def _slots(body: bytes) -> tuple[Slot, ...]:
    found = detect(parse(body))
    return found.slots if isinstance(found, Detected) else ()


@settings(
    max_examples=70,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
@given(
    shape=st.sampled_from(SHAPES),
    ids=st.sampled_from(sorted(IDS)),
    auth_mode=st.sampled_from(AuthMode),
    plan=st.lists(st.integers(0, 2**24 - 1).map(_move), min_size=16, max_size=40),
)
@example("responses", "unique", AuthMode.PAYG, _SENT_ALONE_THEN_WITH_ALL_BEFORE)
@example("chat", "counted", AuthMode.PAYG, _SECOND_TO_DECIDE_AND_SET_OTHERWISE_LATER)
def test_whatever_clients_do_what_was_sent_is_a_prefix_of_what_is_sent_later(
    shape: str, ids: str, auth_mode: AuthMode, plan: list[Move]
) -> None:
    with tempfile.TemporaryDirectory() as home:
        proxies = Proxies(Path(home), auth_mode, Server(shape))
        clients = Clients(shape, ids, proxies)
        try:
            for move in plan:
                note(str(move))
                if move.name in proxies.moves:
                    proxies.moves[move.name](move)
                else:
                    clients.play(move)
        finally:
            proxies.close()
