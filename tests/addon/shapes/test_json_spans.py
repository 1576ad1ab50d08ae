"""The scanner reads what a JSON parser reads, and says where they stand."""

import json
import time
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.shapes.json_spans import Node, NotJson, parse
from addon.shapes.splice import ascii_spelling, encode

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
_STRANGE = [
    b'{"a":1,"a":"twice"}',
    b'{"n":1234567890123456789012345678901234567890,"x":"y"}',
    b'{"n":1e5,"m":-0,"o":1.50E+3,"x":"y"}',
    rb'{"x":"\u00e9\ud800 \/ \ud83d\ude00"}',
    '{"x":"\u2028 and \x7f"}'.encode(),
    b'{"x":"\\u0000"}',
    b'\xef\xbb\xbf{"x":"behind a byte order mark"}',
    b' {\n  "x" :\t"spaced" , "y":[ ] , "z":{ } }\r\n',
    b'{"x":"y","deep":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'"only a string"',
    b"[]",
]


def strings(node: Node) -> Iterator[tuple[Node, str]]:
    """Every string value, in the order of the document; keys are none."""
    todo = [node]
    while todo:
        at = todo.pop()
        if (text := at.text()) is not None:
            yield at, text
        todo += reversed([value for _, value in at.members()] + list(at.elements()))


def splice(raw: bytes, replacements: Iterable[tuple[Node, str]]) -> bytes:
    """The bytes with each node's string replaced by a text."""
    out, at = b"", 0
    for node, text in replacements:
        out, at = out + raw[at : node.start] + encode(text), node.end
    return out + raw[at:]


@pytest.mark.parametrize("raw", _STRANGE, ids=lambda raw: repr(raw[:30]))
def test_putting_back_what_was_read_gives_the_same_value_and_untouched_bytes_around_it(raw: bytes) -> None:
    found = list(strings(parse(raw)))
    marked = splice(raw, [(node, f"<{number}>") for number, (node, _) in enumerate(found)])
    restored = splice(marked, [(node, found[int(text[1:-1])][1]) for node, text in strings(parse(marked))])
    respelled = splice(raw, [(node, text) for node, text in found])
    assert restored == respelled
    for node, text in found:
        raw_around = raw[: node.start], raw[node.end :]
        assert splice(raw, [(node, text)]) == raw_around[0] + encode(text) + raw_around[1]


@given(_VALUES, st.sampled_from([None, 2]), st.booleans())
def test_it_reads_the_strings_that_the_standard_library_reads(
    value: object, indent: int | None, ascii_only: bool
) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    if b"\xed" in raw and not ascii_only:
        return  # lone surrogates written raw are not UTF-8
    assert [text for _, text in strings(parse(raw))] == list(_plain_strings(value))


@given(st.lists(st.text('\\"\n[{é😀a', max_size=90), max_size=5), st.booleans())
def test_it_finds_where_strings_end_whatever_is_escaped_in_them(texts: list[str], ascii_only: bool) -> None:
    value = [*texts, {text: text for text in texts}]
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert [text for _, text in strings(parse(raw))] == list(_plain_strings(value))


def _plain_strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for element in value:
                yield from _plain_strings(element)
        case dict():
            for element in value.values():
                yield from _plain_strings(element)


@given(st.text())
def test_what_is_written_is_read_back_lone_surrogates_included(text: str) -> None:
    for ascii_only in (False, True):
        literal = encode(text, ascii_only=ascii_only)
        assert parse(literal).text() == text
        assert not ascii_only or literal.isascii()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"a"}',
        b'{"a":}',
        b'{"a":1,}',
        b'{"a":1 "b":2}',
        b"[1,]",
        b"[1 2]",
        b"{]",
        b'{"a":1}}',
        b'{"a":1}{"b":2}',
        b'{"a":"line\nbreak"}',
        b'{"a":"\xff"}',
        b'{"a":"\\x41"}',
        b"{'a':1}",
        b'{"a":01}',
        b'{"a":NaN}',
        b'{"a":tru}',
        b'"open',
        b'{"a":"' + b"long" * 30 + b"\n" + b'"}',
        b'{"a":"' + b"long" * 30 + b'\\"}',
        b'{"a":"' + b"long" * 30 + b'\\x"}',
    ],
)
def test_what_is_not_json_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(NotJson):
        list(strings(parse(raw)))


@pytest.mark.parametrize(
    "text", ["plain", "Grüße 😀 \u2028 漢字", "\\u00e9 stays \\u00e9 beside é", "\ufffd\u0080\x7f"]
)
def test_the_ascii_spelling_of_a_document_is_the_same_value(text: str) -> None:
    raw = json.dumps({text: [text, {"é": text}]}, ensure_ascii=False).encode()
    spelled = ascii_spelling(raw)
    assert spelled.isascii()
    assert json.loads(spelled) == json.loads(raw)
    assert (spelled is raw) == raw.isascii()


def test_the_ascii_spelling_leaves_a_byte_order_mark_where_it_is() -> None:
    assert ascii_spelling('\ufeff["é"]'.encode()) == b'\xef\xbb\xbf["\\u00e9"]'


@pytest.mark.parametrize("end", ["", "\\"])
def test_a_string_that_nothing_closes_is_gone_through_once(end: str) -> None:
    raw = ('{"content":"' + '\\"' * 200_000 + end).encode()
    started = time.process_time()
    with pytest.raises(NotJson):
        parse(raw)
    assert time.process_time() - started < 1
