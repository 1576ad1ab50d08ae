"""Folded page snapshots: what an agent acts on keeps its reference, and the snapshot can be written out again."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.rewritten import rewritten, sent, used
from transforms.snapshots import devtools, playwright
from transforms.snapshots.folder import SnapshotFolder
from transforms.tokenizer import count_tokens

_folded = partial(rewritten, SnapshotFolder())
_used = partial(used, SnapshotFolder())
_sent = partial(sent, SnapshotFolder())


@pytest.fixture(autouse=True)
def _small_pages_are_folded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playwright, "_FEWEST", 1)
    monkeypatch.setattr(devtools, "_FEWEST", 1)


_ref = st.builds(" [ref={0}e{1}]".format, st.sampled_from(["", "f2", "s1"]), st.integers(0, 6))
_maybe_ref = st.one_of(_ref, st.sampled_from(["", " [no ref]", " [ref=e]", " [ref=e0099999999999]"]))
_name = st.sampled_from(["", ' "A"', ' "a > b"', ' "x [ref=e1]"', ' "\\"q"', ' "- list: /url: y"', " [checked]"])
_tail = st.sampled_from(
    ["", ":", ": text", ": /url: z", " [cursor=pointer]", " [cursor=pointer]:", " [no pointer]", " > list"]
)
_node = st.builds(
    "{0}- {1}{2}{3}{4}".format,
    st.sampled_from(["", "  ", "    ", "      ", "   "]),
    st.sampled_from(
        ["list", "listitem", "generic", "row", "link", "button", "text", "/url: #a", "'link", "list > row"]
    ),
    _name,
    _maybe_ref,
    _tail,
)
_uid = st.builds(
    "{0}{1}{2}".format,
    st.sampled_from(["", " ", "    "]),
    st.sampled_from(["uid=1_1 ", "uid=1_2 ", "uid=1_3 ", "uid=2_2 ", "uid=1_2", "[no uid] ", ""]),
    st.sampled_from(
        [
            '"text"',
            'StaticText "x"',
            'link "A" url="http://h.test/a/b#c"',
            'link "B" url="/x"',
            'link "C" url="#x"',
            'RootWebArea "P" url="http://h.test/a/b?q#c"',
            'RootWebArea "P" url="about:blank"',
        ]
    ),
)
_other = st.sampled_from(["### Page", "```yaml", "", "  ", "x [ref=e1]", "- <changed> list [ref=e2]:"])
_snapshot = st.one_of(
    st.lists(st.one_of(_node, _other), max_size=25), st.lists(st.one_of(_uid, _other), max_size=25)
).map("\n".join)


@given(_snapshot)
def test_any_snapshot_is_settled_at_once(text: str) -> None:
    assert _sent(_sent(text)) == _sent(text)


def _orders(count: int) -> str:
    """The admin page of a shop: a row for each order."""
    rows = [
        f"      - row [ref=e{9 * n + 10}]:\n        - cell [ref=e{9 * n + 11}]:\n"
        f'          - checkbox "Select order {n}" [ref=e{9 * n + 12}]\n        - rowheader [ref=e{9 * n + 13}]:\n'
        f'          - link "SO-{n}" [ref=e{9 * n + 14}] [cursor=pointer]:\n            - /url: /orders/{n}/change/\n'
        f'        - cell "paid" [ref=e{9 * n + 15}]'
        for n in range(count)
    ]
    return "\n".join(["### Page", "```yaml", "- generic [active] [ref=e1]:", "  - table [ref=e5]:", *rows, "```"])


def test_what_an_agent_acts_on_keeps_its_reference() -> None:
    text = _orders(40)
    folded = _folded(text)
    for n in range(40):
        assert f'checkbox "Select order {n}" [ref=e{9 * n + 12}]' in folded
        assert f'link "SO-{n}" [ref=e{9 * n + 14}]: /url: /orders/{n}/change/' in folded
    assert count_tokens(folded) < 0.8 * count_tokens(text)


def test_a_node_that_has_no_reference_is_not_read_as_if_it_had_one() -> None:
    text = '- heading [ref=e1]\n- button "Submit" [disabled]:\n  - option "Kim"\n' + "".join(
        f'- button "B{number}" [ref=e{number}]\n' for number in range(2, 12)
    )
    folded = _folded(text)
    assert '- button "Submit" [disabled] [no ref]:\n  - option "Kim" [no ref]\n' in folded


def test_a_reader_never_has_to_count_far() -> None:
    text = "".join(f"- listitem [ref=e{number}]: item {number}\n" for number in range(60))
    folded = _folded(text)
    assert [line for line in folded.split("\n")[1:] if "[ref=" in line] == [
        f"- listitem [ref=e{number}]: item {number}" for number in range(0, 60, 5)
    ]


def test_a_box_that_reacts_to_the_pointer_keeps_its_reference() -> None:
    """A plain box is something to act on as soon as it has properties."""
    lines = [f'- link "l{n}" [ref=e{2 * n}]\n- generic [ref=e{2 * n + 1}] [cursor=pointer]: pick {n}' for n in range(9)]
    folded = _used("\n".join(lines))
    assert all(f"- generic [ref=e{2 * n + 1}] [cursor=pointer]: pick {n}" in folded for n in range(9))


def test_an_address_that_would_read_as_another_host_stays_whole() -> None:
    text = 'uid=1_0 RootWebArea "A" url="https://shop.test/a"\n' + "".join(
        f'  uid=1_{number} link "L" url="https://shop.test/{"/cdn.test/x" if number == 3 else number}"\n'
        for number in range(1, 12)
    )
    folded = _folded(text)
    assert 'url="/4"' in folded and 'url="https://shop.test//cdn.test/x"' in folded


def test_a_snapshot_after_a_click_is_folded_as_the_one_before_it() -> None:
    """Equal lines stay equal, so that the second one can point to the first."""
    before = _orders(30)
    after = before.replace('checkbox "Select order 7"', 'checkbox "Select order 7" [checked]')
    first, second = _folded(before), _folded(after)
    assert sum(a != b for a, b in zip(first.split("\n"), second.split("\n"), strict=True)) == 1


def test_a_line_of_a_text_that_only_looks_like_a_node_is_marked() -> None:
    lines = ['uid=1_0 RootWebArea "P" url="https://h.test/a"', '  uid=1_1 "let s =', '   "so";', '  "']
    text = "\n".join([*lines, *(f'  uid=1_{n} "word {n}"' for n in range(2, 20))])
    folded = _folded(text)
    assert '\n   [no uid] "so";\n' in folded
