"""What clients do with their conversations, one move after the other.

Agents call tools in parallel, try again, go back, compact and edit their context, ask side questions and start
sub-agents. A plan is a list of moves; which conversation, turn or form a move is about is told by numbers, of which
the remainder counts, so that every plan can be played.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol

from tests.laws.client_wire import PLAIN, Answered, Called, Calls, Conversation, Said, Sent, Spelling, write

_MOST_CONVERSATIONS = 5
_FIRST = Said("Look at the project.")
_TITLE = Said("Name this conversation in five words.")
_FORMS = ("text", "thinking", "text", "refusal")
_TASKS = ("", "Search for callers.", "Write tests.")
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


OUTPUTS = tuple((at, version) for at, reply in enumerate(REPLIES) for version in range(len(reply.outputs)))
"""Positions in `REPLIES` and in the outputs there."""
_EDITS: tuple[Callable[[Called], str], ...] = (
    lambda _: "[cleared]",
    lambda _: "",
    lambda call: "\n".join(call.output.split("\n")[:20]),
)


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that a client, or whoever runs the proxy, does."""

    name: str
    talk: int = 0
    turn: int = 0
    form: int = 0
    """How it is done, where there are several ways."""
    outputs: tuple[tuple[int, int], ...] = ()
    """What the tools give, from `OUTPUTS`."""
    spelling: Spelling = PLAIN


@dataclass(slots=True)
class Talk:
    """One conversation as its client holds it."""

    items: Conversation = (_FIRST,)
    held: Conversation = ()
    """The part of it that the server holds too; nothing where the client sends all."""
    last: Sent | None = None

    def turn(self, number: int) -> int:
        """A position in `items`."""
        return number % len(self.items)


class Network(Protocol):
    """Takes requests to the server."""

    def post(self, request: Sent) -> None:
        """One request."""

    def post_both(self, request: Sent, other: Sent, form: int) -> None:
        """Two requests at the same moment; `form` as in `Move`."""


class Clients:
    """Plays moves in one API. `ids` says how the provider makes the ids of calls."""

    def __init__(self, shape: str, ids: str, network: Network) -> None:
        self._shape = shape
        self._id = IDS[ids]
        self._unique = ids == "unique"
        self._network = network
        self._made = 0
        self._talks = [Talk()]
        self.moves: Mapping[str, Callable[[Move, Talk], object]] = {
            "call tools": self._call_tools,
            "call the same again": self._call_the_same_again,
            "answer": self._answer,
            "retry": self._retry,
            "side request": self._side_request,
            "rewind": self._rewind,
            "sub-agent": self._start_sub_agent,
            "compact": self._compact,
            "edit the context": self._edit_the_context,
            "drop a turn": self._drop_a_turn,
            "reorder": self._reorder,
            "server holds": self._let_the_server_hold,
            "two at once": self._two_at_once,
        }

    def play(self, move: Move) -> None:
        """Do it."""
        self.moves[move.name](move, self._talks[move.talk % len(self._talks)])

    def _call_tools(self, move: Move, talk: Talk) -> None:
        calls = tuple(self._called(talk, number, *output) for number, output in enumerate(move.outputs))
        came = tuple((move.turn + number) % len(calls) for number in range(len(calls)))
        talk.items += (Calls(calls, came),)
        self._send(talk, move.spelling)

    def _call_the_same_again(self, move: Move, talk: Talk) -> None:
        item = next((item for item in talk.items[talk.turn(move.turn) :] if isinstance(item, Calls)), None)
        if item:
            again = (replace(call, call_id=self._next_id(talk, at, call.tool)) for at, call in enumerate(item.calls))
            talk.items += (replace(item, calls=tuple(again)),)
        self._send(talk, move.spelling)

    def _answer(self, move: Move, talk: Talk) -> None:
        answer = Answered("Done so far.", _FORMS[move.form % len(_FORMS)])
        talk.items += (answer, Said(f"Go on with job {len(talk.items) * 17}."))
        self._send(talk, move.spelling)

    def _retry(self, _: Move, talk: Talk) -> None:
        if talk.last:
            self._network.post(talk.last)

    def _side_request(self, move: Move, talk: Talk) -> None:
        self._post((*talk.items, _TITLE), move.spelling)

    def _rewind(self, move: Move, talk: Talk) -> None:
        """Back to an earlier point; the old conversation may go on as well."""
        self._begin(talk.items[: 1 + talk.turn(move.turn)])

    def _start_sub_agent(self, move: Move, _: Talk) -> None:
        task = _TASKS[move.form % len(_TASKS)]
        self._begin((_FIRST, Answered("Which part?"), Said(task)) if task else (_FIRST,))

    def _compact(self, move: Move, talk: Talk) -> None:
        """A summary in place of the history, with or without its last turns."""
        kept = talk.items[max(1, len(talk.items) - move.form % 4) :]
        self._replace(talk, (Said("Summary: we looked at the project."), *kept), move)

    def _edit_the_context(self, move: Move, talk: Talk) -> None:
        """The outputs of one turn are cleared, or cut to their first lines."""
        at = talk.turn(move.turn)
        item = talk.items[at]
        if isinstance(item, Calls):
            edited = item.with_outputs(_EDITS[move.form % len(_EDITS)])
            self._replace(talk, (*talk.items[:at], edited, *talk.items[at + 1 :]), move)

    def _drop_a_turn(self, move: Move, talk: Talk) -> None:
        at = talk.turn(move.turn)
        self._replace(talk, (*talk.items[:at], *talk.items[at + 1 :]) or (_FIRST,), move)

    def _reorder(self, move: Move, talk: Talk) -> None:
        """A resumed session has the outputs in the order of their calls."""
        items = (replace(i, came=tuple(sorted(i.came))) if isinstance(i, Calls) else i for i in talk.items)
        self._replace(talk, tuple(items), move)

    def _let_the_server_hold(self, move: Move, talk: Talk) -> None:
        """Codex does so over a WebSocket, and sends all again where that was cut. Ids are unique there."""
        if self._shape == "responses" and self._unique:
            talk.held = talk.last.conversation if talk.last and move.form % 4 else ()

    def _two_at_once(self, move: Move, talk: Talk) -> None:
        """A new turn and a request that has (a part of) it too, while nobody knows of it yet."""
        other = self._talks[move.turn % len(self._talks)]
        calls = tuple(self._called(talk, number, *output) for number, output in enumerate(move.outputs))
        talk.items += (Calls(calls, tuple(range(len(calls)))),)
        talk.held = ()
        part = Calls(calls[:1], (0,))
        beside = (*talk.items, _TITLE) if self._unique or other is talk else (*other.items, part)
        talk.last = self._request(talk.items, move.spelling)
        self._network.post_both(talk.last, self._request(beside, move.spelling), move.form)

    def _replace(self, talk: Talk, items: Conversation, move: Move) -> None:
        talk.items, talk.held = items, ()
        self._send(talk, move.spelling)

    def _begin(self, items: Conversation) -> None:
        if len(self._talks) < _MOST_CONVERSATIONS:
            self._talks.append(Talk(items))

    def _send(self, talk: Talk, spelling: Spelling) -> None:
        talk.last = self._post(talk.items, spelling, talk.held)
        if talk.held:
            talk.held = talk.items

    def _post(self, conversation: Conversation, spelling: Spelling, held: Conversation = ()) -> Sent:
        request = self._request(conversation, spelling, held)
        self._network.post(request)
        return request

    def _request(self, conversation: Conversation, spelling: Spelling, held: Conversation = ()) -> Sent:
        body = write(self._shape, conversation[len(held) :], spelling, "resp_1" if held else "")
        return Sent(body, conversation, held)

    def _called(self, talk: Talk, number: int, at: int, version: int) -> Called:
        reply = REPLIES[at]
        call_id = self._next_id(talk, number, reply.tool)
        return Called(call_id, reply.tool, json.dumps(dict(reply.arguments)), reply.outputs[version])

    def _next_id(self, talk: Talk, number: int, tool: str) -> str:
        self._made += 1
        earlier = sum(len(item.calls) for item in talk.items if isinstance(item, Calls))
        return self._id(self._made, earlier + number, f"{tool}:{number}")


IDS: Mapping[str, Callable[[int, int, str], str]] = {
    "unique": lambda made, _counted, _place: f"call_{made}",
    "counted": lambda _made, counted, _place: f"call_{counted}",
    "same": lambda _made, _counted, place: place,
}
"""How ids are made: unique, counted in each conversation, or by the place in the turn (some local models)."""
