"""The comparison of a text with what stands in its place: true, bounded in lines, and linear in time."""

import time

from hypothesis import given
from hypothesis import strategies as st

from addon.views.differences import GONE, KEPT, MARKER, NEW, changes, difference

LINES = st.lists(st.sampled_from(["a", "b", "}", "", "long line"]), max_size=40).map("\n".join)


@given(LINES, LINES)
def test_both_texts_can_be_read_off_the_changes(before: str, after: str) -> None:
    found = list(changes(before, after))
    assert [line for sign, line in found if sign in (KEPT, GONE)] == before.splitlines()
    assert [line for sign, line in found if sign in (KEPT, NEW)] == after.splitlines()


def test_what_was_left_out_stands_before_the_marker_that_names_it() -> None:
    before = "first\n" + "".join(f"routine {n}\n" for n in range(50)) + "last"
    after = "first\n[lines 2-51 omitted: routine; full text: /x.txt]\nlast"
    told = difference(before, after, 40)
    assert told == [
        "  first",
        *(f"- routine {n}" for n in range(6)),
        "- … 38 lines more taken out …",
        *(f"- routine {n}" for n in range(44, 50)),
        f"{MARKER} [lines 2-51 omitted: routine; full text: /x.txt]",
        "  last",
    ]


@given(LINES, LINES, st.integers(3, 12))
def test_no_more_lines_than_asked_for(before: str, after: str, most: int) -> None:
    assert len(difference(before, after, most)) <= most


def test_a_line_that_stands_often_does_not_skip_half_of_the_text() -> None:
    block = ["{", "  x", "}"]
    before = "\n".join(["start", *block * 100, "unique end", "}"])
    after = "\n".join(["start", "}", "unique end"])
    assert (KEPT, "unique end") in list(changes(before, after))


def test_a_megabyte_takes_a_fraction_of_a_second() -> None:
    before = "\n".join(f"line {n % 700} of many words" for n in range(45_000))
    after = "\n".join(before.splitlines()[::3])
    started = time.process_time()
    difference(before, after, 300)
    assert time.process_time() - started < 0.5


def test_keys_and_control_characters_are_not_shown() -> None:
    told = "\n".join(difference("a", "key sk-ant-api03-abcdefghijklmnop \x1b[31m\x00", 10))
    assert "abcdefghijklmnop" not in told and "\x1b" not in told
