"""Sentences of a line are told apart with care, left out whole, and a gap that names another place proves nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.lossy.proof import Cut
from transforms.marker import Markers
from transforms.prose.sentences import cut, find_cut, has_cuts, sentences

LINE = "The basin is calm. People walk there. They look at lights. They talk of little. The tide turns at noon."
CUT = "The basin is calm. [sentences 2-4 omitted: 11 words of plain text; full text: /o/1] The tide turns at noon."


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("One sentence here. Another there.", ["One sentence here. ", "Another there."]),
        ("She asked: really? “Well then!” They left.", ["She asked: really? ", "“Well then!” ", "They left."]),
        ("It costs 3.50 euros, e.g. Tuesdays. Then more.", ["It costs 3.50 euros, e.g. Tuesdays. ", "Then more."]),
        ("Mr. Smith met Dr. Jones there. They ate.", ["Mr. Smith met Dr. Jones there. ", "They ate."]),
        ("See config.json for that. no capital", ["See config.json for that. no capital"]),
        ("今日は雨です。明日は晴れ。", ["今日は雨です。", "明日は晴れ。"]),
        ("", [""]),
    ],
)
def test_a_line_is_parted_into_sentences(line: str, parts: list[str]) -> None:
    assert sentences(line) == parts


@given(st.text(st.characters(exclude_categories=()), max_size=200))
@settings(max_examples=100)
def test_sentences_joined_are_the_line(line: str) -> None:
    assert "".join(sentences(line)) == line


def test_a_gap_is_named_where_it_is_in_sentences_of_the_line() -> None:
    markers = Markers("/o/1")
    assert cut(LINE, [(1, 3)], markers) == CUT
    assert [(gap.unit, gap.first, gap.last) for gap in markers.omitted] == [("sentences", 2, 4)]
    assert cut(LINE, [(1, 1), (3, 3)], markers).count(" omitted: ") == 2


@given(
    st.lists(
        st.sampled_from(["Calm water here.", "Noon is near!", "[sentence 2 omitted: x]", "多い。", "a\u2028b"]),
        min_size=3,
        max_size=9,
    ),
    st.data(),
)
@settings(max_examples=80)
def test_what_is_cut_is_proven_and_seen_to_be_cut(pieces: list[str], data: st.DataObject) -> None:
    line = " ".join(pieces)
    total = len(sentences(line))
    if total < 3:
        return
    first = data.draw(st.integers(1, total - 2))
    last = data.draw(st.integers(first, total - 2))
    text = cut(line, [(first, last)], Markers("/o/1"))
    if "[sentence" not in line:
        assert find_cut(line, text) == Cut(names_source=True)
        assert find_cut(line, text.replace("; full text: /o/1", "")) == Cut(names_source=False)
        assert has_cuts(text)


@pytest.mark.parametrize(
    "other",
    [
        CUT.replace("2-4", "2-3"),
        CUT.replace("2-4", "3-4"),
        CUT.replace("calm", "deep"),
        CUT.replace("noon", "nine"),
        CUT.replace("] The", "]  The"),
        LINE,
        "",
    ],
)
def test_anything_else_is_no_cut_of_the_line(other: str) -> None:
    assert find_cut(LINE, other) is None


def test_a_marker_that_content_quotes_is_no_cut() -> None:
    assert not has_cuts("We wrote: [sentences 7-9 omitted: 40 words of plain text] in the log.")
