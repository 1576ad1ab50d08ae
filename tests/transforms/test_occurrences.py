"""Lines are found by the words on them, in order and each once."""

import re

from hypothesis import given
from hypothesis import strategies as st

from transforms.occurrences import Occurrences

TEXT = "an error\nnothing\nerror and error\n\nthe last"


def test_a_line_is_found_once_however_often_it_holds_the_word() -> None:
    assert list(Occurrences(TEXT).lines_with("error")) == [0, 2]


def test_a_word_that_no_line_holds_finds_nothing() -> None:
    assert list(Occurrences(TEXT).lines_with("warning")) == []
    assert list(Occurrences("").lines_with("a")) == []


def test_lines_with_any_of_several_words_are_found() -> None:
    assert Occurrences(TEXT).lines_with_any(["last", "error", "none"]) == {0, 2, 4}


@given(st.text("ab\n\r\x85", max_size=60), st.text("ab", min_size=1, max_size=3))
def test_the_same_lines_are_found_as_by_looking_at_each(text: str, word: str) -> None:
    assert list(Occurrences(text).lines_with(word)) == [n for n, line in enumerate(text.split("\n")) if word in line]


@given(st.text("ab_- \n", max_size=60), st.text("ab", min_size=1, max_size=2))
def test_whole_words_are_told_from_parts_of_longer_ones(text: str, word: str) -> None:
    """However often a word is a part before it stands alone."""
    for lines in (text, "\n".join([f"{word}a{word}_" * 30, text])):
        expected = [n for n, line in enumerate(lines.split("\n")) if word in re.findall(r"\w+", line)]
        assert list(Occurrences(lines).lines_with(word, whole=True)) == expected
        assert Occurrences(lines).has_whole(word) == bool(expected)


@given(st.text("ab \n", max_size=60))
def test_lines_are_found_where_a_form_stands_that_begins_with_a_word(text: str) -> None:
    form = re.compile(r"\bab+\b")
    found = Occurrences(text).lines_where(form, ["ab"])
    assert found == {n for n, line in enumerate(text.split("\n")) if form.search(line)}
