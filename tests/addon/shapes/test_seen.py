"""A conversation that comes again is known by its bytes, and read as if it were new."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from addon.cache.prefix import Prompt
from addon.shapes import json_spans
from addon.shapes.catalog import SHAPES
from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import Elements, Node, NotJson, parse
from addon.shapes.seen import Seen, Telling
from addon.shapes.shape import Shape
from addon.shapes.splice import Edit, encode, splice_elements
from tests.addon.shapes.test_json_spans import splice
from tests.laws.conversations import literal_of, turns
from tests.long_conversation import messages, responses
from tests.recorded import Recorded, bodies

BODIES = [body for body in bodies() if "sigv4" not in body.name]
LISTS = ("messages", "input", "contents")


@pytest.fixture(params=[8, 2], ids=["usual", "as few as can be"], autouse=True)
def _kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many elements at the end keep what is told up to them."""
    monkeypatch.setattr(json_spans, "_KEPT", request.param)


def read(body: bytes, seen: Seen | None) -> Any:
    """All that is told of a request."""
    root = parse(body, seen)
    found = detect(root)
    if not isinstance(found, Detected):
        return found
    places = [(found.start_of(slot), literal_of(slot, found, root).literal()) for slot in found.slots]
    slots = [(slot.text, slot.key, slot.call, slot.in_tail, slot.question) for slot in found.slots]
    return found.shape, places, slots, found.turns, found.has_thinking, Prompt.of(root, found.shape).prefix()


def marked(body: bytes) -> Iterator[bytes]:
    """The turns of a conversation as Claude Code sends them: another first line each time, the cache mark moves on."""
    for number, turn in enumerate(turns(body)):
        value = json.loads(turn)
        key = "messages" if "messages" in value else "input"
        value[key][-1] = {**value[key][-1], "cache_control": {"type": "ephemeral"}}
        yield json.dumps({"request": f"cch={number}", **value}, ensure_ascii=False).encode()


@pytest.mark.parametrize("recorded", BODIES, ids=str)
def test_every_turn_of_a_conversation_is_read_as_if_it_were_the_first(recorded: Recorded) -> None:
    seen = Seen()
    for write in (turns, marked):
        for turn in write(recorded.body):
            assert read(turn, seen) == read(turn, None)
    for turn in list(turns(recorded.body))[::-3]:  # rewound
        assert read(turn, seen) == read(turn, None)


@pytest.mark.parametrize("recorded", BODIES, ids=str)
def test_pieces_are_spliced_as_the_whole_is_and_their_prefix_told_likewise(recorded: Recorded) -> None:
    seen = Seen()
    for turn in turns(recorded.body):
        root = parse(turn, seen)
        found = detect(root)
        if not isinstance(found, Detected):
            continue
        texts = [(slot, f"{slot.text[:9]} \ud800 é") for slot in found.slots[::2]]
        edits: dict[int, list[Edit]] = {}
        for slot, text in texts:
            edits.setdefault(slot.place.element, []).append((slot.place.start, slot.place.end, text))
        spliced, changed = splice_elements(turn, found.elements, edits)
        assert spliced == splice(turn, [(literal_of(slot, found, root), text) for slot, text in texts])
        assert (spliced is turn) == (not texts)
        assert Prompt.of(root, found.shape).prefix(changed) == Prompt.of(parse(spliced), found.shape).prefix()
        again, _ = splice_elements(turn, parse(turn, seen).object()[_list(turn)].conversation(), edits)
        assert again == spliced


def _list(body: bytes) -> str:
    return next(key for key in LISTS if key in json.loads(body))


def test_a_piece_that_is_written_otherwise_is_written_anew() -> None:
    seen, body = Seen(), b'{"messages": [{"content": "x"}]}'
    for text in ("one", "two", "one"):
        elements = parse(body, seen).object()["messages"].conversation()
        spliced, _ = splice_elements(body, elements, {0: [(12, 15, text)]})
        assert spliced == b'{"messages": [{"content": ' + encode(text) + b"}]}"


class Reader:
    """Reads and tells elements, and counts how many it has read and told."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.made = self.told = 0
        self.telling: Telling[int, Elements] = Telling(lambda: 0, self._tell)

    def new(self, elements: list[Any], wrapper: str = "", key: str = "messages") -> tuple[int, int]:
        """How many elements of a conversation are read, and how many told."""
        body = {"model": "x", wrapper: {key: elements}} if wrapper else {key: elements}
        root = parse(json.dumps(body).encode(), self.seen).object()
        members = root[wrapper].object() if wrapper else root
        self.made = self.told = 0
        members[key].conversation().told(self.telling)
        return self.made, self.told

    def _tell(self, before: int, elements: Elements, at: int) -> int:
        self.told += 1
        return before + elements.made(self._length, at)

    def _length(self, element: Node) -> int:
        self.made += 1
        return len(element.literal())


def conversation(name: str, length: int) -> list[Any]:
    return [{"role": "user", "content": f"{name}, {number}"} for number in range(length)]


def test_only_what_is_new_is_read_in_many_conversations_by_turns() -> None:
    reader = Reader(Seen())
    for name in map(str, range(40)):
        assert reader.new(conversation(name, 50)) == (50, 50)
    for length in (51, 52):
        for name in map(str, range(40)):
            assert reader.new(conversation(name, length))[0] == 1


def test_what_is_told_goes_on_from_where_the_conversation_was_before() -> None:
    reader = Reader(Seen())
    for length in (50, 51, 53):
        reader.new(conversation("one", length))
    assert reader.new(conversation("one", 54))[1] <= 2


def test_a_fork_leaves_the_other_one_known() -> None:
    reader, one = Reader(Seen()), conversation("one", 100)
    reader.new(one)
    assert reader.new([*one[:50], *conversation("fork", 50)])[0] == 50
    assert reader.new([*one, *conversation("more", 1)])[0] == 1


def test_elements_behind_one_that_changed_are_told_anew_but_not_read() -> None:
    """As behind a system message that holds a clock."""
    reader, one = Reader(Seen()), conversation("one", 50)
    for clock in ("10:00", "10:01", "10:02"):
        made, told = reader.new([{"role": "system", "content": clock}, *one])
    assert (made, told) == (1, 51)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_conversations_are_known_again_wherever_the_shape_has_them(shape: Shape) -> None:
    for wrapper in {"", shape.within}:
        reader = Reader(Seen())
        reader.new(conversation("one", 20), wrapper, shape.conversation)
        assert reader.new(conversation("one", 21), wrapper, shape.conversation)[0] == 1


def test_what_was_used_longest_ago_is_forgotten_when_all_is_too_much() -> None:
    reader = Reader(Seen(most_weight=60_000))
    one, two, three = (conversation(name, 30) for name in ("one", "two", "three"))
    for elements in (one, two, one, three):
        reader.new(elements)
    assert [reader.new(elements)[0] for elements in (three, one)] == [0, 0]
    assert reader.new(two)[0] == 30


def test_many_small_parts_weigh_more_than_their_bytes() -> None:
    reader = Reader(Seen(most_weight=1_000_000))
    one, two = ([{"content": [{"text": f"{name} {part}"} for part in range(1500)]}] for name in ("one", "two"))
    assert [reader.new([*elements, 0])[0] for elements in (one, two, one)] == [2, 1, 1]


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": [{"a": 1} {"b": 2}]}',
        b'{"messages": [{"a": 1},]}',
        b'{"messages": [{"a": 1}, {"b": [2}]}',
        b'{"messages": [{"a": 1}], }',
        b'{"messages": [{"a": 1}]',
        b'{"messages": [{"a": 1}',
        b'{"messages" [{"a": 1}]}',
        b'{"messages": [{"a": 1}]} {}',
        b'{"messages": [{"a": 1}]}]',
        b'{"messages": [{"a": 1}}',
        b'{"messages": [{"a": "1}]}',
        b'{"messages": [{"a": 1}, nothing]}',
    ],
)
def test_what_is_no_json_is_none_also_behind_pieces_that_are_known(body: bytes) -> None:
    seen = Seen()
    parse(b'{"messages": [{"a": 1}]}', seen)
    with pytest.raises(NotJson):
        [element.object() for element in parse(body, seen).object()["messages"].elements()]


@pytest.mark.parametrize("write", [messages, responses])
def test_a_long_conversation_is_read_as_if_it_were_new_wherever_it_goes(write: Callable[[int], bytes]) -> None:
    seen = Seen()
    for turn in (80, 81, 120, 60, 121):
        body = write(turn)
        fork = body.replace(b"Step 50", b"Stop 50")
        for sent in (body, fork, body.replace(b"},{", b"} ,  {"), body):
            assert read(sent, seen) == read(sent, None)


def test_an_element_that_is_longer_than_it_was_is_another_one() -> None:
    conversations: list[list[Any]] = [[0] * 80, [1] * 72 + [{}] * 8, [{}] * 80]
    for numbers in conversations:
        seen = Seen()
        for more in ("1", "12", "{}"):
            body = json.dumps({"messages": numbers})[:-2].encode() + b", " + more.encode() + b"]}"
            elements = parse(body, seen).object()["messages"].conversation()
            assert [json.loads(element.literal()) for element in elements] == [*numbers, json.loads(more)]


def altered(body: bytes, strange: list[Any], choice: random.Random) -> Iterator[bytes]:
    """The body with elements of its conversation moved, changed, repeated, or under the key of another shape."""
    whole = json.loads(body)
    key = next(key for key in LISTS if key in whole)
    elements = list(whole[key])
    at, to = choice.randrange(len(elements)), choice.randrange(len(elements))
    element = elements[at]
    changes: list[list[Any]] = [
        [*elements[:at], *elements[at + 1 :], element],
        [*elements[:to], element, *elements[to:]],
        [*elements[:to], choice.choice(strange), *elements[to:]],
        [*elements[:at], {**element, "role": "tool", "name": "x"}, *elements[at + 1 :]],
        [*elements[:at], {**element, "content": "other"}, *elements[at + 1 :]],
        [*elements[:at], choice.choice([1, "x", None, {}, []]), *elements[at + 1 :]],
    ]
    for changed in changes:
        yield json.dumps({**whole, key: changed}, separators=(",", ":")).encode()
    rest = {name: value for name, value in whole.items() if name != key}
    yield json.dumps({**rest, choice.choice(LISTS): elements}, separators=(",", ":")).encode()


def test_what_is_known_of_an_element_holds_wherever_it_stands() -> None:
    seen, choice = Seen(), random.Random(7)
    conversations = [body.body for body in BODIES if isinstance(read(body.body, None), tuple)]
    values = [json.loads(body) for body in conversations]
    strange = [value[key][-1] for value in values for key in LISTS if isinstance(value.get(key), list)]
    for body in conversations:
        if any(isinstance(json.loads(body).get(key), list) for key in LISTS):
            for other in altered(body, strange, choice):
                assert read(other, seen) == read(other, None)
