"""Grouped search results: nothing lost, nothing falsified, each path said once where it repeats."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.rewritten import rewritten, sent
from transforms.call import Call
from transforms.contract import Block
from transforms.search.path_grouper import PathGrouper
from transforms.tokenizer import count_tokens

_GROUPER = PathGrouper()
_grouped = partial(rewritten, _GROUPER)
_sent = partial(sent, _GROUPER)

_path = st.sampled_from(
    [
        "a.py",
        "src/x.py",
        "./src/a-12-b.py",
        "/root/src/x.py",
        "C:\\w\\x.cs",
        "my dir/b c.md",
        "d/e:f.json",
        "2024-01.md",
    ]
)
_text = st.sampled_from(
    [
        "",
        "x",
        "  y = 1",
        "a: b",
        "7:x",
        "--",
        "(no file):",
        "x:",
        "[same text as a.py:1]",
        "\r",
        "\u2028z",
        "é\ud800",
        "w" * 170,
    ]
)
_line = st.one_of(
    st.builds("{0}:{1}:{2}".format, _path, st.integers(0, 30), _text),
    st.builds("{0}-{1}-{2}".format, _path, st.integers(0, 30), _text),
    st.builds("{0}:{1}".format, _path, _text),
    st.builds("{0}-{1}".format, _path, _text),
    st.builds("  Line {0}: {1}".format, st.integers(0, 30), _text),
    _text,
    st.sampled_from(
        ["--", "[grouped by file]", "a.py:", "12:x", "[lines 3-9 omitted: x]", "[grouped by file, indented]"]
    ),
)
_results = st.lists(_line, max_size=25).map("\n".join)


@given(_results)
def test_any_results_are_settled_at_once(text: str) -> None:
    assert _sent(_sent(text)) == _sent(text)


@given(st.lists(st.builds("{0}:{1}:{2}".format, _path, st.integers(0, 30), st.text()), min_size=1, max_size=25))
def test_matches_of_any_text_come_back(lines: list[str]) -> None:
    """Whatever stands behind path and number, also what is no character, comes back."""
    text = "\n".join(lines)
    grouped = _GROUPER.fold(Block(text, Call()))
    assert grouped is None or _GROUPER.unfold(grouped) == text or "(no file)" in text or "same text" in text


def test_a_file_with_many_matches_is_named_again() -> None:
    """A reader in the middle of a long group sees which file it is, and the numbers stay in order."""
    text = "\n".join(f"src/long/name.py:{n}:value = {n} * 'some text that fills the line'" for n in range(1, 400))
    grouped = _grouped(text)
    assert 2 < grouped.count("src/long/name.py:\n") < 10


def test_every_path_stands_in_one_piece() -> None:
    """The path of each matched file can be quoted from the result."""
    paths = [f"packages/p{n % 7}/src/deep/mod_{n}.ts" for n in range(30)]
    text = "\n".join(f"{path}:{line}:import x{line}" for path in paths for line in (3, 9))
    grouped = _grouped(text)
    assert all(path in grouped for path in paths)
    assert count_tokens(grouped) < 0.8 * count_tokens(text)


def test_equal_texts_out_of_order_are_not_merged() -> None:
    """Numbers that do not rise cannot be put back in order, so each match keeps its line."""
    text = "a/b.py:9:x = 1\na/b.py:3:x = 1\na/b.py:5:y"
    assert _grouped(text) == "[grouped by file]\na/b.py:\n9:x = 1\n3:x = 1\n5:y"


def test_a_long_text_that_comes_again_in_its_own_file_is_said_once_with_both_numbers() -> None:
    long = "value = " + "x" * 170
    text = f"a/b.py:3:{long}\na/b.py:9:{long}\na/c.py:1:{long}"
    assert _grouped(text) == f"[grouped by file]\na/b.py:\n3,9:{long}\na/c.py:1:[same text as a/b.py:3]"


def test_markers_of_a_sampler_stay_inside_their_group() -> None:
    """A marker between matches of one file neither ends the group nor changes."""
    text = "a/b.py:1:x\na/b.py:2:y\n[lines 3-40 omitted: 38 more matches; full text: /o/1]\na/b.py:99:z"
    grouped = _grouped(text)
    assert grouped.count("a/b.py:\n") == 1
