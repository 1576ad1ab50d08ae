"""Law 3 under random clients: what was sent for a request is a prefix of what is sent for every longer one.

A machine plays conversations as agents have them: parallel calls, retries, restarts, forks, compaction, context
editing, side requests, sub-agents, settings changed on the way. After each request it compares what was sent with
everything sent before, and looks up every pointer in the request that carries it.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from addon.context import Context
from addon.deadline import Deadline
from addon.pipeline import Outcome, Request, compress
from addon.settings import Settings
from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import parse
from addon.shapes.slot import Slot
from addon.store.ledger import Decision, Ledger
from addon.store.state import State
from tests.laws.client_behaviour import (
    REPLIES,
    SHAPES,
    Answered,
    Called,
    Calls,
    Conversation,
    Said,
    Spelling,
    complete,
    normalised,
    write,
)
from transforms.compression_policy import AuthMode
from transforms.repeats.pointer import present
from transforms.repeats.references import resolve

_PROFILE = settings(
    max_examples=200,
    stateful_step_count=24,
    derandomize=True,
    deadline=None,
    database=None,
    report_multiple_bugs=False,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
_MOST_CONVERSATIONS = 5
_REPLY = st.sampled_from([(at, version) for at, reply in enumerate(REPLIES) for version in range(len(reply.outputs))])
"""A position in `REPLIES`, and one in the outputs there."""
_EDITS: dict[str, Callable[[Called], str]] = {
    "cleared": lambda _: "[cleared]",
    "emptied": lambda _: "",
    "cut": lambda call: "\n".join(call.output.split("\n")[:20]),
}
_ANY = st.integers(0, 11)
"""Chooses one of a few things, by the remainder."""
_SPELLING = st.builds(Spelling, marked=st.booleans(), as_lists=st.booleans())
_CHANGE = st.sampled_from(
    [
        *({"mode": mode} for mode in ("shadow", "off", "compress", "compress")),
        *({"max_lossy_ratio": share} for share in ("0", "", "0.9")),
        *({"min_tokens": tokens} for tokens in ("0", "500")),
        *({"transforms": names} for names in ("", "references", "log_folder,smart_crusher", "line_gutter,references")),
        *({"originals": switch} for switch in ("on", "off")),
        *({"exclude_tools": names} for names in ("", "read")),
    ]
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of a client."""

    body: bytes
    conversation: Conversation
    held: Conversation = ()
    """The part of the conversation that the server holds, and that does not stand in the body."""


@dataclass(slots=True)
class Talk:
    """One conversation as its client holds it."""

    items: Conversation
    answered: Conversation = ()
    """The part of it that the server holds, because it has answered to it; nothing where the client sends all."""
    last: Sent | None = None


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


class Clients(RuleBasedStateMachine):
    """Clients in front of up to two proxies that share a state folder."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name)
        self.states = [State.open(self.home)]
        self.values: dict[str, str] = {}
        self.talks: list[Talk] = []
        self.made = 0
        self.history: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        """Of every request, the conversation as the client holds it and as the server has got it."""
        self.resolved: dict[tuple[str, str], str] = {}
        """What the pointers of an output stand for, by the output and what was sent in its place."""

    @initialize(
        shape=st.sampled_from(SHAPES),
        ids=st.sampled_from(["unique", "counted", "same"]),
        mode=st.sampled_from(AuthMode),
    )
    def start(self, shape: str, ids: str, mode: AuthMode) -> None:
        self.shape, self.ids, self.auth_mode = shape, ids, mode
        self.talks.append(Talk((Said("Look at the project."),)))

    def teardown(self) -> None:
        for state in self.states:
            state.close()
        self.folder.cleanup()

    # What clients do

    @rule(at=_ANY, replies=st.lists(_REPLY, min_size=1, max_size=3), first=_ANY, spelling=_SPELLING)
    def call_tools(self, at: int, replies: list[tuple[int, int]], first: int, spelling: Spelling) -> None:
        talk = self.some(at)
        calls = tuple(self.called(talk, number, *reply) for number, reply in enumerate(replies))
        came = tuple((first + number) % len(calls) for number in range(len(calls)))
        talk.items += (Calls(calls, came),)
        self.send(talk, spelling)

    @rule(at=_ANY, turn=_ANY, spelling=_SPELLING)
    def call_the_same_again(self, at: int, turn: int, spelling: Spelling) -> None:
        talk = self.some(at)
        item = talk.items[turn % len(talk.items)]
        if isinstance(item, Calls):
            again = (replace(call, call_id=self.call_id(talk, at, call.tool)) for at, call in enumerate(item.calls))
            talk.items += (replace(item, calls=tuple(again)),)
        self.send(talk, spelling)

    @rule(at=_ANY, form=st.sampled_from(["text", "text", "thinking", "refusal"]), spelling=_SPELLING)
    def answer_and_ask(self, at: int, form: str, spelling: Spelling) -> None:
        talk = self.some(at)
        talk.items += (Answered("Done so far.", form), Said(f"Go on with job {len(talk.items) * 17}."))
        self.send(talk, spelling)

    @rule(at=_ANY)
    def retry(self, at: int) -> None:
        talk = self.some(at)
        if talk.last:
            self.observe(talk.last, self.deliver(talk.last.body))

    @rule(at=_ANY, spelling=_SPELLING)
    def ask_for_a_title(self, at: int, spelling: Spelling) -> None:
        talk = self.some(at)
        self.post((*talk.items, Said("Name this conversation in five words.")), spelling)

    @precondition(lambda self: len(self.talks) < _MOST_CONVERSATIONS)
    @rule(at=_ANY, items=_ANY)
    def rewind(self, at: int, items: int) -> None:
        """Go back to an earlier point and leave the old conversation as it is: both may go on."""
        talk = self.some(at)
        self.talks.append(Talk(talk.items[: 1 + items % len(talk.items)]))

    @precondition(lambda self: len(self.talks) < _MOST_CONVERSATIONS)
    @rule(task=st.sampled_from(["", "Search for callers.", "Write tests."]))
    def start_sub_agent(self, task: str) -> None:
        first = Said("Look at the project.")
        self.talks.append(Talk((first, Answered("Which part?"), Said(task)) if task else (first,)))

    @rule(at=_ANY, kept=st.integers(0, 3), spelling=_SPELLING)
    def compact(self, at: int, kept: int, spelling: Spelling) -> None:
        """`/compact`: a summary in place of the history, with or without its last turns."""
        talk = self.some(at)
        talk.items = (Said("Summary: we looked at the project."), *talk.items[max(1, len(talk.items) - kept) :])
        talk.answered = ()
        self.send(talk, spelling)

    @rule(at=_ANY, turn=_ANY, edit=st.sampled_from(sorted(_EDITS)), spelling=_SPELLING)
    def edit_the_context(self, at: int, turn: int, edit: str, spelling: Spelling) -> None:
        """The outputs of one turn are cleared, or cut to their first lines."""
        talk = self.some(at)
        turn %= len(talk.items)
        item = talk.items[turn]
        if isinstance(item, Calls):
            talk.items = (*talk.items[:turn], item.with_outputs(_EDITS[edit]), *talk.items[turn + 1 :])
            talk.answered = ()
            self.send(talk, spelling)

    @rule(at=_ANY, turn=_ANY, spelling=_SPELLING)
    def drop_a_turn(self, at: int, turn: int, spelling: Spelling) -> None:
        talk = self.some(at)
        turn %= len(talk.items)
        talk.items = (*talk.items[:turn], *talk.items[turn + 1 :]) or (Said("Start again."),)
        talk.answered = ()
        self.send(talk, spelling)

    @rule(at=_ANY, spelling=_SPELLING)
    def resume_with_outputs_in_another_order(self, at: int, spelling: Spelling) -> None:
        talk = self.some(at)
        talk.items = tuple(
            replace(item, came=tuple(sorted(item.came))) if isinstance(item, Calls) else item for item in talk.items
        )
        talk.answered = ()
        self.send(talk, spelling)

    @precondition(lambda self: self.shape == "responses")
    @rule(at=_ANY, server_holds=st.booleans())
    def let_the_server_hold_the_history(self, at: int, server_holds: bool) -> None:
        """Codex does so over a WebSocket, and sends all again where that was cut."""
        talk = self.some(at)
        talk.answered = talk.last.conversation if talk.last and server_holds else ()

    # What happens to proxies

    @rule()
    def restart(self) -> None:
        for state in self.states:
            state.close()
        self.states = [State.open(self.home)]

    @rule()
    def use_the_other_proxy(self) -> None:
        if len(self.states) < 2:
            self.states.append(State.open(self.home))
        self.states.reverse()

    @rule(change=_CHANGE)
    def change_settings(self, change: dict[str, str]) -> None:
        self.values |= change

    @rule(at=_ANY, change=_CHANGE, replies=st.lists(_REPLY, min_size=1, max_size=2))
    def two_proxies_at_once(self, at: int, change: dict[str, str], replies: list[tuple[int, int]]) -> None:
        """Two that know nothing of a turn yet and have other settings decide on it at the same time."""
        talk, other = self.some(at), self.some(at)
        turn = [Calls((self.called(talk, number, *reply),), (0,)) for number, reply in enumerate(replies)]
        talk.items += tuple(turn)
        beside = (*other.items, turn[0]) if self.ids != "unique" else (*talk.items, Said("Name this conversation."))
        body, body_beside = write(self.shape, talk.items, Spelling()), write(self.shape, beside, Spelling())
        second, found = State.open(self.home), list[Outcome]()

        def interfere() -> None:
            found.append(self.deliver(body_beside, second, {**self.values, **change}))

        outcome = self.deliver(body, replace(self.states[0], ledger=Racing(self.states[0].ledger, [interfere])))
        second.close()
        for outcome_beside in found:
            self.observe(Sent(body_beside, beside), outcome_beside)
        talk.answered, talk.last = (), Sent(body, talk.items)
        self.observe(talk.last, outcome)

    # Steps

    def some(self, at: int) -> Talk:
        return self.talks[at % len(self.talks)]

    def called(self, talk: Talk, number: int, at: int, version: int) -> Called:
        reply = REPLIES[at]
        call_id = self.call_id(talk, number, reply.tool)
        return Called(call_id, reply.tool, json.dumps(dict(reply.arguments)), reply.outputs[version])

    def call_id(self, talk: Talk, number: int, tool: str) -> str:
        """An id for one of a turn's calls, as this client's provider makes them."""
        self.made += 1
        earlier = sum(len(item.calls) for item in talk.items if isinstance(item, Calls))
        return {"unique": f"call_{self.made}", "counted": f"call_{earlier + number}", "same": f"{tool}:{number}"}[
            self.ids
        ]

    def send(self, talk: Talk, spelling: Spelling) -> None:
        talk.last = self.post(talk.items, spelling, talk.answered)
        if talk.answered:
            talk.answered = talk.items

    def post(self, conversation: Conversation, spelling: Spelling, held: Conversation = ()) -> Sent:
        body = write(self.shape, conversation[len(held) :], spelling, "resp_1" if held else "")
        request = Sent(body, conversation, held)
        self.observe(request, self.deliver(body))
        return request

    def deliver(self, body: bytes, state: State | None = None, values: Mapping[str, str] | None = None) -> Outcome:
        raw = {**(self.values if values is None else values), "home": str(self.home), "time_budget_ms": "60000"}
        request = Request(body, "", self.auth_mode, "test", Deadline(time.monotonic() + 60))
        return compress(request, Settings.parse(raw), state or self.states[0])

    # The law

    def observe(self, request: Sent, outcome: Outcome) -> None:
        assert outcome.log.failures == ()
        self.check_pointers(request.body, outcome)
        client, sent = normalised(request.body), normalised(outcome.body)
        if request.held:
            client = normalised(write(self.shape, request.conversation, Spelling()))
            new = complete(self.shape, request.conversation[len(request.held) :], sent)
            before = client[: len(client) - len(new)]
            sent = (*next(there for here, there in reversed(self.history) if here == before), *new)
        for earlier_client, earlier_sent in self.history:
            if client[: len(earlier_client)] == earlier_client:
                broken = [at for at, (now, before) in enumerate(zip(sent, earlier_sent, strict=False)) if now != before]
                assert not broken, f"item {broken[0]}: {earlier_sent[broken[0]]!r:.300} became {sent[broken[0]]!r:.300}"
        self.history.append((client, sent))

    def check_pointers(self, body: bytes, outcome: Outcome) -> None:
        """Every pointer names lines that stand above it in the same request, and always the same ones."""
        context = Context()
        for original, slot in zip(_slots(body), _slots(outcome.body), strict=True):
            if original.text != slot.text and present(slot.text):
                text = resolve(slot.text, context.index)
                before = self.resolved.setdefault((original.text, slot.text), text)
                assert not present(text), f"points at nothing: {slot.text!r:.300}"
                assert text == before, f"points at something else: {slot.text!r:.300}"
            context.add(slot, slot.text)


def _slots(body: bytes) -> tuple[Slot, ...]:
    found = detect(parse(body))
    return found.slots if isinstance(found, Detected) else ()


def test_whatever_clients_do_what_was_sent_is_a_prefix_of_what_is_sent_later() -> None:
    run_state_machine_as_test(Clients, settings=_PROFILE)
