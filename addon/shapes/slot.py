"""A slot: one place in a request where the text of a tool output stands."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

from addon.shapes.json_spans import Node
from transforms.call import Call

_QUESTION_CHARS = 8_000
"""How much of the user's text is looked at, from its end: pasted files are no question."""
_PRINTED = ("output", "content", "result", "stdout", "stderr", "error")
_TEXT = frozenset({"text"})
_MOST_PARTS = 1000
"""Parts under one key, as far as their numbers go."""


class Place(NamedTuple):
    """Where a string literal stands."""

    element: int
    """Position of the element of the conversation."""
    start: int
    end: int
    """Its span in that element."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The JSON string that holds (a part of) a tool output, and what the request says about it."""

    place: Place
    text: str
    """Its value."""
    call_id: str
    """The id that ties the output to its call; empty where the API has none (legacy `function` messages)."""
    part: int
    """Position in the output's list of parts; 0 for an output that is one string."""
    key: bytes
    """Its key in the ledger."""
    call: Call
    is_error: bool = False
    """The client marked the output as an error."""
    in_tail: bool = False
    """No assistant turn follows, so the provider cannot have cached it yet."""
    question: str = ""
    """The last text of the user before the next assistant turn."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of the part of a conversation that the server holds and the request does not repeat."""

    calls: Mapping[str, Call] = field(default_factory=dict)
    """The latest tool calls, by id."""
    question: str = ""
    """The last text of the user."""

    @property
    def plain(self) -> dict[str, Any]:
        """The same as data for a pipe."""
        calls = {call_id: [call.tool, call.arguments] for call_id, call in self.calls.items()}
        return {"calls": calls, "question": self.question}

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> Self:
        """What `plain` was made from."""
        return cls({call_id: Call(*call) for call_id, call in plain["calls"].items()}, plain["question"])


class OutputText(NamedTuple):
    """A text of a tool output, by its place in the element of the conversation that holds it."""

    part: int
    start: int
    end: int
    text: str
    key: bytes


type _Told = tuple[Place, str, str, int, bytes, Call, bool]
"""The fields of a slot that need not wait for what follows."""


@dataclass(slots=True)
class Conversation:
    """Collects the slots of a request while its elements are gone through in order."""

    calls: dict[str, Call] = field(default_factory=dict)
    """Tool calls seen so far, by id."""
    turns: int = 0
    """Turns of the assistant seen so far."""
    has_thinking: bool = False
    """Whether the model's thinking stands in the request: new models bind it to all that came before it."""
    all_new: bool = False
    """Whether the server holds what came before, so that it has seen nothing of this."""
    question: str = ""
    """The last text of the user so far."""
    _answering: bool = False
    _without_id: dict[str, deque[Call]] = field(default_factory=dict)
    """By tool, calls of this turn that have no output yet and only the tool's name to tie one to them."""
    _decided: list[Slot] = field(default_factory=list)
    _open: list[_Told] = field(default_factory=list)

    def called(self, call_id: str, call: Call) -> None:
        """A tool call of the model."""
        if call_id:
            self.calls[call_id] = call
        elif call.tool:
            self._without_id.setdefault(call.tool, deque()).append(call)

    def asked(self, text: str | None) -> None:
        """A text of the user. Blocks that a client wraps in tags are its own notes, not a question."""
        self._answering = False
        if text and not (text.startswith("<") and text.rstrip().endswith(">")):
            self.question = text[-_QUESTION_CHARS:]

    def answered(self) -> None:
        """A turn of the assistant: all outputs before it have been sent before."""
        self._decided += self._settled(in_tail=self.all_new)
        self._open.clear()
        if not self._answering:
            self._without_id.clear()
            self.turns += 1
        self._answering = True

    def thought(self) -> None:
        """The model's thinking."""
        self.has_thinking = True

    def output(self, element: int, texts: Iterable[OutputText], call_id: str, is_error: bool, tool: str) -> None:
        """A tool output in the element at this position of the conversation."""
        self._answering = False
        call = self.calls.get(call_id) or self._oldest(tool)
        for part, start, end, text, key in texts:
            self._open.append((Place(element, start, end), text, call_id, part, key, call, is_error))

    def _oldest(self, tool: str) -> Call:
        """The oldest call of a tool that has no output yet, where calls have no ids."""
        waiting = self._without_id.get(tool)
        return waiting.popleft() if waiting else Call(tool)

    def copy(self) -> Self:
        """The same for going on from here."""
        return replace(
            self,
            calls=dict(self.calls),
            _without_id={tool: deque(calls) for tool, calls in self._without_id.items()},
            _decided=[*self._decided],
            _open=[*self._open],
        )

    def slots(self) -> tuple[Slot, ...]:
        """All slots in the order of the body."""
        return (*self._decided, *self._settled(in_tail=True))

    def _settled(self, *, in_tail: bool) -> Iterator[Slot]:
        return (Slot(*told, in_tail, self.question) for told in self._open)


def text_parts(content: Node | None, text_types: frozenset[str]) -> list[tuple[int, Node]]:
    """The texts of an output: a string is one part; of a list, the blocks of the given types, with their positions."""
    if content is None:
        return []
    if content.type == '"':
        return [(0, content)]
    parts = []
    for position, element in enumerate(content.elements()):
        block = element.object()
        text = block.get("text")
        if text is not None and text.type == '"' and string(block, "type") in text_types:
            parts.append((position, text))
    return parts


def member_texts(value: Node) -> list[tuple[int, Node]]:
    """The texts of an output that is an object, by the keys under which tools put what they print."""
    members = value.object()
    found = []
    for place, key in enumerate(_PRINTED):
        if node := members.get(key):
            found += [(place * _MOST_PARTS + part, text) for part, text in text_parts(node, _TEXT)]
    return sorted(found, key=lambda part: part[1].start)


def string(members: dict[str, Node], key: str) -> str | None:
    """The member's value where it is a string."""
    node = members.get(key)
    return None if node is None else node.text()
