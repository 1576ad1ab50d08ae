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
from random import Random

from hypothesis import HealthCheck, settings
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
    max_examples=60,
    stateful_step_count=24,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
_MOST_CONVERSATIONS = 5
_LONG_PATH = "/srv/checkouts/" + "a-rather-long-name-of-a-workspace/" * 3
"""Longer than what a pointer quotes of a name."""


def _code(name: str, lines: int = 36) -> str:
    return "\n".join(
        f"def {name}_{n}(store, key): return store.load('{name}', key, limit={n * 37 % 101})" for n in range(lines)
    )


def _numbered(text: str) -> str:
    return "\n".join(f"{number:>6}\t{line}" for number, line in enumerate(text.split("\n"), 1))


def _log(name: str) -> str:
    choice = Random(name)
    return "\n".join(
        f"2026-02-11 10:{n // 60:02}:{n % 60:02},{choice.randrange(1000):03} INFO  [worker-{n % 4}] {name}: job {choice.randrange(10**6)} done"
        if n % 40 != 17
        else f"2026-02-11 10:{n // 60:02}:{n % 60:02},000 ERROR [worker-1] {name}: job {n} failed with code 17"
        for n in range(90)
    )


def _records(name: str) -> str:
    return json.dumps(
        [{"id": n * 17, "title": f"{name} number {n}", "state": "open", "score": n / 4} for n in range(30)]
    )


def _matches(name: str) -> str:
    return "\n".join(f"src/{name}/part_{n // 6}.py:{n % 6 * 9 + 3}:    return load({name}_{n})" for n in range(40))


@dataclass(frozen=True, slots=True)
class Reply:
    """A call that the model may make, and what the tool gives at different times."""

    tool: str
    arguments: Mapping[str, str]
    outputs: tuple[str, ...]


_ALPHA, _BETA = _code("alpha"), _code("beta")
REPLIES = (
    Reply("read", {"path": "src/alpha.py"}, (_ALPHA, _ALPHA.replace("alpha_9(", "renamed("), _BETA)),
    Reply("read", {"path": "src/beta.py"}, (_numbered(_BETA), f"{_BETA}\n{_ALPHA}")),
    Reply("read", {"path": f"{_LONG_PATH}one.py"}, (_ALPHA, _BETA)),
    Reply("read", {"path": f"{_LONG_PATH}two.py"}, (_BETA, _ALPHA)),
    Reply("bash", {"command": "cat src/alpha.py src/beta.py"}, (f"{_ALPHA}\n{_BETA}", _BETA)),
    Reply("bash", {"command": "tail -n 90 app.log"}, (_log("orders"), _log("refunds"), f"{_log('orders')}\nend")),
    Reply("bash", {"command": f"cat > src/beta.py <<'END'\n{_BETA}\nEND"}, ("ok", _BETA)),
    Reply("grep", {"pattern": "load"}, (_matches("orders"), _matches("stock"))),
    Reply("fetch", {"url": "https://api.example.com/items"}, (_records("item"), _records("thing"))),
    Reply("bash", {"command": "true"}, ("", "ok")),
)
_REPLY = st.sampled_from([(at, version) for at, reply in enumerate(REPLIES) for version in range(len(reply.outputs))])
"""A position in `REPLIES`, and one in the outputs there."""
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

    @rule(data=st.data(), replies=st.lists(_REPLY, min_size=1, max_size=3), spelling=_SPELLING)
    def call_tools(self, data: st.DataObject, replies: list[tuple[int, int]], spelling: Spelling) -> None:
        talk = self.some(data)
        calls = tuple(self.called(talk, number, *reply) for number, reply in enumerate(replies))
        came = data.draw(st.permutations(range(len(calls))))
        talk.items += (Calls(calls, tuple(came)),)
        self.send(talk, spelling)

    @rule(data=st.data(), spelling=_SPELLING)
    def answer_and_ask(self, data: st.DataObject, spelling: Spelling) -> None:
        talk = self.some(data)
        talk.items += (Answered("Done so far."), Said(f"Go on with job {len(talk.items) * 17}."))
        self.send(talk, spelling)

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        talk = self.some(data)
        if talk.last:
            self.observe(talk.last, self.deliver(talk.last.body))

    @rule(data=st.data(), spelling=_SPELLING)
    def ask_for_a_title(self, data: st.DataObject, spelling: Spelling) -> None:
        talk = self.some(data)
        self.post((*talk.items, Said("Name this conversation in five words.")), spelling)

    @precondition(lambda self: len(self.talks) < _MOST_CONVERSATIONS)
    @rule(data=st.data())
    def rewind(self, data: st.DataObject) -> None:
        """Go back to an earlier point and leave the old conversation as it is: both may go on."""
        talk = self.some(data)
        self.talks.append(Talk(talk.items[: data.draw(st.integers(1, len(talk.items)))]))

    @precondition(lambda self: len(self.talks) < _MOST_CONVERSATIONS)
    @rule(task=st.sampled_from(["", "Search for callers.", "Write tests."]))
    def start_sub_agent(self, task: str) -> None:
        first = Said("Look at the project.")
        self.talks.append(Talk((first, Answered("Which part?"), Said(task)) if task else (first,)))

    @rule(data=st.data(), kept=st.integers(0, 3), spelling=_SPELLING)
    def compact(self, data: st.DataObject, kept: int, spelling: Spelling) -> None:
        """`/compact`: a summary in place of the history, with or without its last turns."""
        talk = self.some(data)
        talk.items = (Said("Summary: we looked at the project."), *talk.items[max(1, len(talk.items) - kept) :])
        talk.answered = ()
        self.send(talk, spelling)

    @rule(data=st.data(), text=st.sampled_from(["[cleared]", "", "cut"]), spelling=_SPELLING)
    def clear_an_output(self, data: st.DataObject, text: str, spelling: Spelling) -> None:
        """Context editing: outputs of one turn are gone, or cut to their first lines."""
        talk = self.some(data)
        cleared = [at for at, item in enumerate(talk.items) if isinstance(item, Calls)]
        if not cleared:
            return
        at = data.draw(st.sampled_from(cleared))
        item = talk.items[at]
        assert isinstance(item, Calls)
        change = (lambda call: "\n".join(call.output.split("\n")[:20])) if text == "cut" else (lambda _: text)
        talk.items = (*talk.items[:at], item.with_outputs(change), *talk.items[at + 1 :])
        talk.answered = ()
        self.send(talk, spelling)

    @rule(data=st.data(), spelling=_SPELLING)
    def drop_a_turn(self, data: st.DataObject, spelling: Spelling) -> None:
        talk = self.some(data)
        at = data.draw(st.integers(0, len(talk.items) - 1))
        talk.items = (*talk.items[:at], *talk.items[at + 1 :]) or (Said("Start again."),)
        talk.answered = ()
        self.send(talk, spelling)

    @rule(data=st.data(), spelling=_SPELLING)
    def resume_with_outputs_in_another_order(self, data: st.DataObject, spelling: Spelling) -> None:
        talk = self.some(data)
        talk.items = tuple(
            replace(item, came=tuple(sorted(item.came))) if isinstance(item, Calls) else item for item in talk.items
        )
        talk.answered = ()
        self.send(talk, spelling)

    @precondition(lambda self: self.shape == "responses")
    @rule(data=st.data(), server_holds=st.booleans())
    def let_the_server_hold_the_history(self, data: st.DataObject, server_holds: bool) -> None:
        """Codex does so over a WebSocket, and sends all again where that was cut."""
        talk = self.some(data)
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

    @rule(data=st.data(), change=_CHANGE, replies=st.lists(_REPLY, min_size=1, max_size=2))
    def two_proxies_at_once(self, data: st.DataObject, change: dict[str, str], replies: list[tuple[int, int]]) -> None:
        """Two that know nothing of a turn yet and have other settings decide on it at the same time."""
        talk, other = self.some(data), self.some(data)
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

    def some(self, data: st.DataObject) -> Talk:
        return data.draw(st.sampled_from(self.talks))

    def called(self, talk: Talk, number: int, at: int, version: int) -> Called:
        """A call with an id as this client's provider makes them."""
        self.made += 1
        reply = REPLIES[at]
        earlier = sum(len(item.calls) for item in talk.items if isinstance(item, Calls))
        call_id = {
            "unique": f"call_{self.made}",
            "counted": f"call_{earlier + number}",
            "same": f"{reply.tool}:{number}",
        }[self.ids]
        return Called(call_id, reply.tool, json.dumps(dict(reply.arguments)), reply.outputs[version])

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
                assert sent[: len(earlier_sent)] == earlier_sent
        self.history.append((client, sent))

    def check_pointers(self, body: bytes, outcome: Outcome) -> None:
        """Every pointer names lines that stand above it in the same request, and always the same ones."""
        context = Context()
        for original, slot in zip(_slots(body), _slots(outcome.body), strict=True):
            if original.text != slot.text and present(slot.text):
                text = resolve(slot.text, context.index)
                assert not present(text)
                assert self.resolved.setdefault((original.text, slot.text), text) == text
            context.add(slot, slot.text)


def _slots(body: bytes) -> tuple[Slot, ...]:
    found = detect(parse(body))
    return found.slots if isinstance(found, Detected) else ()


def test_whatever_clients_do_what_was_sent_is_a_prefix_of_what_is_sent_later() -> None:
    run_state_machine_as_test(Clients, settings=_PROFILE)
