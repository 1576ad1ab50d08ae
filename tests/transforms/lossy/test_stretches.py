"""Gaps within a line: the largest first, of one that is too large its end, and none that is not worth its marker."""

from transforms.contract import Rewrite
from transforms.lossy.gaps import Choice
from transforms.lossy.stretches import MIN_TOKENS, Stretch, choose, leave_out

TEXT = " ".join(f"value{n}" for n in range(400))


LARGE, SMALL = Stretch("columns", 0, 2000), Stretch("columns", 2100, 2200)


def from_there(_text: str, start: int, _end: int) -> int:
    return start


def test_a_stretch_that_is_too_large_goes_in_part_and_tells_of_the_limit() -> None:
    choice = choose(TEXT, [LARGE], 200, from_there)
    assert choice.at_limit
    assert [gap.end for gap in choice.gaps] == [LARGE.end] and choice.gaps[0].start > LARGE.start


def test_a_stretch_that_is_not_worth_a_marker_stays_whatever_the_budget() -> None:
    assert choose(TEXT, [SMALL], 10, from_there) == Choice([], at_limit=False)
    assert choose(TEXT, [SMALL], 10**6, from_there) == Choice([], at_limit=False)


def test_where_the_budget_allows_less_than_a_marker_is_worth_the_text_comes_back_as_it_is() -> None:
    choice = choose(TEXT, [LARGE], MIN_TOKENS - 1, from_there)
    assert leave_out(TEXT, choice, "/o/1", lambda _text, gap: gap.what) == Rewrite(TEXT, at_limit=True)
