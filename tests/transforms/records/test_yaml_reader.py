"""YAML as programs print it is read as what it says, and anything else is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.records.tree import Tree
from transforms.records.yaml_reader import read_yaml
from transforms.smart_crusher import SmartCrusher

_PLAIN = ["web", "a b", "10.0.0.1", "2026-02-11T09:00:00Z", "v1.2", "a:b", "x#y", "-a", "7d9c", "/etc/x", "1e3", "é"]
_QUOTED = ["", "1", "true", "null", "0644", "a: b", "- a", "it's", 'say "x"', "#", "~", "yes", "\\n", "{}", " "]
_word = st.sampled_from([*_PLAIN, *_QUOTED])
_scalar: st.SearchStrategy[Tree] = st.one_of(
    _word, st.booleans(), st.none(), st.integers(-99, 99).map(lambda n: str(n).encode()), st.just(b"1.50")
)
_tree: st.SearchStrategy[Tree] = st.recursive(
    st.one_of(_scalar, st.just("one\n  two\n\nthree\n"), st.just("one\ntwo")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["a", "b.c/d", "e-f", "$g", "h i"]), inner, max_size=4),
    ),
    max_leaves=20,
)


def _written(tree: Tree, indent: int) -> str:
    """What stands behind `key:`, as `kubectl` writes it."""
    space = " " * indent
    match tree:
        case dict() if tree:
            return "\n" + "\n".join(f"{space}{_key(key)}:{_written(value, indent + 2)}" for key, value in tree.items())
        case list() if tree:
            at = " " * (indent - 2)
            return "\n" + "\n".join(f"{at}-{_item(value, indent)}" for value in tree)
        case str() if "\n" in tree:
            mark = "|" if tree.endswith("\n") else "|-"
            return f" {mark}\n" + "\n".join(space + line if line else "" for line in tree.rstrip("\n").split("\n"))
        case str():
            return f" {tree}" if tree in _PLAIN and tree != "1e3" else f" {json.dumps(tree, ensure_ascii=False)}"
        case bytes():
            return f" {tree.decode()}"
    return f" {json.dumps(tree)}"


def _key(key: str) -> str:
    return json.dumps(key) if " " in key else key


def _item(value: Tree, indent: int) -> str:
    """Behind a dash the first key, or the next dash, stands on the same line."""
    text = _written(value, indent + 2 if isinstance(value, list) and value else indent)
    return " " + text.lstrip("\n ") if isinstance(value, dict | list) and value else text


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), _tree, min_size=1))
def test_what_was_written_is_read(tree: dict[str, Tree]) -> None:
    assert read_yaml(_written(tree, 0).lstrip("\n") + "\n") == [tree]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a:\n- b: 1\n  c: '2'\n- - d\n  - e\n", {"a": [{"b": b"1", "c": "2"}, ["d", "e"]]}),
        ("a:\n  - b\n  -\n    c: d\ne:\n", {"a": ["b", {"c": "d"}], "e": None}),
        ("a: one\n  two\n  three\nb: x", {"a": "one two three", "b": "x"}),
        ("a: |\n  one\n    two\n\n  three\n\nb: 1.50", {"a": "one\n  two\n\nthree\n", "b": b"1.50"}),
        ("\"a b\": 'it''s'\nc: \"x\\ty\\u00e9\"", {"a b": "it's", "c": "x\tyé"}),
        ("- true\n- null\n- {}\n- []\n- -1\n- 1.5e+3", [True, None, {}, [], b"-1", b"1.5e+3"]),
        ("image: registry.example.com:5000/web:1.0", {"image": "registry.example.com:5000/web:1.0"}),
    ],
)
def test_forms(text: str, tree: Tree) -> None:
    assert read_yaml(text) == [tree]


def test_a_block_at_an_end_that_was_cut_off_has_no_line_break_of_its_own() -> None:
    assert read_yaml("a: |\n  b") == [{"a": "b"}]
    assert read_yaml("a: |\n  b\n---\nc: |\n  d") == [{"a": "b\n"}, {"c": "d"}]


def test_documents_are_parted_by_dashes() -> None:
    assert read_yaml("---\na: b\n---\n- c\n") == read_yaml("a: b\n---\n- c") == [{"a": "b"}, ["c"]]


@pytest.mark.parametrize(
    "text",
    [
        "", "word", "# a\nb: c", "a: b # c", "a: &x b", "a: *x", "a: !!str b", "a: {b: c}", "a: [b]", "a: >\n  b", "a: |2\n  b",
        "a: yes", "a: Off", "a: ~", "a: NULL", "a: 0644", "a: 1_000", "a: 12:30", "a: +1", "a: .5", "a: 1.", "a: 0x1f",
        "a: .inf", "a: 1e3", "1: a", "true: a", "a: b: c", "a:  b", "a: b ", "a: 'b", 'a: "\\x41"', "a: b\na: c", "a: b\n c: d",
        "a:\n  b: c\n d: e", "- a\nb: c", "a: b\n- c", "a: b\r\nc: d", "a: b\n...\n", "? a\n: b", "a: b\n\nc: d", "a: |\nb: c",
        "a: 'b\n  c'", "a:\tb", "a: -", "a: @b", "a: x\n  - y", "a: \u2028b",
    ],
)  # fmt: skip
def test_what_is_not_plain_to_all_readers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_yaml(text)


def test_yaml_that_would_hardly_be_shorter_stays() -> None:
    """Of one object nothing but the indentation would go."""
    text = "kind: Pod\nmetadata:\n  name: web\n  labels:\n    app: web\nspec:\n  containers:\n  - image: web:1.0\n"
    assert SmartCrusher().rewrite(Block(text, Call()), Budget(0, "")) is None
