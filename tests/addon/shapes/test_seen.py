"""A conversation that comes again is known by its bytes, and read as if it were new."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from addon.cache.prefix import Prompt, prefix_of
from addon.shapes import json_spans
from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import NotJson, parse
from addon.shapes.seen import Piece, Seen
from addon.shapes.splice import Edit, encode, splice, splice_elements
from tests.laws.conversations import literal_of, turns
from tests.long_conversation import messages, responses
from tests.recorded import Recorded, bodies

BODIES = [body for body in bodies() if "sigv4" not in body.name]
LISTS = ("messages", "input", "contents")


@pytest.fixture(params=[(64, 8), (0, 1)], ids=["usual", "everything in runs"], autouse=True)
def _runs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many elements are remembered together, and how many at the end are not."""
    for name, value in zip(("_LONG", "_KEPT"), request.param, strict=True):
        monkeypatch.setattr(json_spans, name, value)


def read(body: bytes, seen: Seen | None) -> Any:
    """All that is told of a request."""
    root = parse(body, seen)
    found = detect(root)
    if not isinstance(found, Detected):
        return found
    places = [(found.start_of(slot), literal_of(slot, found, root).literal()) for slot in found.slots]
    slots = [(slot.text, slot.key, slot.call, slot.in_tail, slot.question) for slot in found.slots]
    return found.shape, places, slots, found.turns, found.has_thinking, prefix_of(root, found.shape)


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
        assert Prompt.of(root, found.shape).prefix(changed) == prefix_of(parse(spliced), found.shape)
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


def test_forks_are_known_and_too_many_are_forgotten() -> None:
    def body(answer: int) -> bytes:
        return json.dumps({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "n": answer}]}).encode()

    def pieces(answer: int) -> list[Piece]:
        return parse(body(answer), seen).object()["messages"].conversation().pieces

    seen = Seen()
    first = pieces(0)
    for number in (1, 2, 0):
        found = pieces(number)
        assert found[0] is first[0]
    assert found[1] is first[1]
    for number in range(3, 20):
        parse(body(number), seen)
    assert pieces(0)[1] is not found[1]


def test_when_there_are_too_many_bytes_all_is_forgotten_and_read_anew() -> None:
    seen = Seen(most_bytes=100)
    body = json.dumps({"input": [{"role": "user", "content": "x" * 90}, {"role": "user", "content": "y"}]}).encode()
    first = parse(body, seen).object()["input"].conversation()
    second = parse(body, seen).object()["input"].conversation()
    assert [element.literal() for element in first] == [element.literal() for element in second]
    assert first.pieces[0] is not second.pieces[0]


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


def test_a_run_ends_with_something_that_can_be_told_from_what_is_longer() -> None:
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
