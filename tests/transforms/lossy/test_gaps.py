"""Gaps are made rank by rank within the budget, where they are worth their marker."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.contract import Rewrite
from transforms.lossy.gaps import Choice, choose, leave_out, numbered, runs_of, with_blanks_between
from transforms.lossy.proof import lines_survive
from transforms.tokenizer import count_tokens

LINES = [f"line {number} of the text, which is as long as lines of programs are" for number in range(40)]
EACH = count_tokens(LINES[12] + "\n")
ALL = 10**6


def test_runs_of_ranked_lines_are_the_gaps() -> None:
    ranks = [0] * 5 + [1] * 10 + [0] * 5 + [2] * 10 + [0] * 10
    assert choose(LINES, ranks, ALL) == Choice([(5, 14), (20, 29)], at_limit=False)


def test_neighbours_of_different_rank_become_one_gap() -> None:
    assert choose(LINES, [0] * 5 + [2] * 5 + [1] * 5 + [0] * 25, ALL).gaps == [(5, 14)]


def test_a_run_worth_less_than_its_marker_stays() -> None:
    assert choose(LINES, [0] * 5 + [1] + [0] * 34, ALL) == Choice([], at_limit=False)


def test_the_first_rank_goes_first() -> None:
    ranks = [0] * 5 + [2] * 10 + [0] * 5 + [1] * 10 + [0] * 10
    assert choose(LINES, ranks, 11 * EACH) == Choice([(20, 29)], at_limit=True)


def test_of_a_rank_that_is_too_much_the_largest_run_goes_and_then_a_part() -> None:
    ranks = [0] + [1] * 8 + [0] * 5 + [1] * 12 + [0] * 14
    assert choose(LINES, ranks, 17 * EACH + 3) == Choice([(1, 5), (14, 25)], at_limit=True)


def test_what_was_chosen_stays_chosen_when_a_later_rank_is_too_much() -> None:
    ranks = [0] * 5 + [1] * 10 + [2] * 20 + [0] * 5
    assert choose(LINES, ranks, 12 * EACH) == Choice([(5, 14)], at_limit=True)


def test_markers_stand_in_place_of_the_lines() -> None:
    rewrite = leave_out(
        LINES, Choice([(5, 14), (20, 29)], at_limit=False), "/o/1", lambda first, last: f"{last - first + 1} lines"
    )
    assert rewrite is not None
    assert rewrite.text.split("\n")[4:7] == [LINES[4], "[lines 6-15 omitted: 10 lines; full text: /o/1]", LINES[15]]
    assert "[lines 21-30 omitted: 10 lines]" in rewrite.text
    assert [(gap.first, gap.last) for gap in rewrite.omitted] == [(6, 15), (21, 30)]
    assert lines_survive("\n".join(LINES), rewrite.text)


def test_gaps_that_do_not_pay_for_their_markers_are_not_made() -> None:
    handle = "/a/rather/long/path/to/the/full/text/of/this"
    assert leave_out(["a"] * 9, Choice([(2, 5)], at_limit=False), handle, lambda *_: "4 lines") is None


def test_gaps_worth_less_than_twice_their_markers_are_not_made() -> None:
    """They would save little, and a reader who misses something pays for looking it up."""
    gap, told = Choice([(5, 7)], at_limit=False), "x " * EACH
    marker = count_tokens(f"[lines 6-8 omitted: {told}; full text: /o/1]")
    assert EACH * 3 > marker > EACH * 3 / 2
    assert leave_out(LINES, gap, "/o/1", lambda *_: told) is None


def test_blank_lines_go_when_both_lines_around_them_may() -> None:
    lines = ["a", "", " ", "b", "", "c", "", "d", "", ""]
    assert with_blanks_between(lines, [1, 0, 0, 3, 0, 0, 0, 1, 0, 0]) == [1, 3, 3, 3, 0, 0, 0, 1, 0, 0]


def test_runs_reach_from_end_to_end() -> None:
    assert runs_of([True, True, False, True]) == [(0, 1), (3, 3)]
    assert runs_of([]) == []


def test_numbers_of_a_reader_are_told_where_a_gap_counts_otherwise() -> None:
    """A file read from its first line on needs no second count; ids and other numbers are none."""
    read = [f"{number:6d}\t{line}" for number, line in enumerate(LINES, 1000)]
    assert numbered(read, 5, 14) == ", numbered 1005-1014"
    assert numbered(["404: Not found"], 0, 0) == ""
    assert numbered([f"L{number}: {line}" for number, line in enumerate(LINES, 7)], 5, 14) == ", numbered 12-21"
    assert numbered([f"{number:6d}→{line}" for number, line in enumerate(LINES, 1)], 5, 14) == ""
    assert numbered([f"{number * 7}\t{line}" for number, line in enumerate(LINES)], 5, 14) == ""
    assert numbered(LINES, 5, 14) == ""


def test_lines_of_which_the_budget_lets_nothing_go_come_back_as_they_are() -> None:
    choice = choose(LINES, [0] * 5 + [1] * 20 + [0] * 15, 30)
    assert choice == Choice([], at_limit=True)
    assert leave_out(LINES, choice, "/o/1", lambda *_: "lines") == Rewrite("\n".join(LINES), at_limit=True)


@given(st.lists(st.integers(0, 3), min_size=40, max_size=40), st.integers(0, 700))
@settings(max_examples=80)
def test_gaps_are_in_order_apart_and_within_the_budget(ranks: list[int], tokens: int) -> None:
    choice = choose(LINES, ranks, tokens)
    gaps = choice.gaps
    assert choice.at_limit or gaps == choose(LINES, ranks, ALL).gaps
    assert all(ranks[at] for first, last in gaps for at in range(first, last + 1))
    assert all(before[1] < after[0] for before, after in pairwise(gaps))
    assert sum(count_tokens("\n".join(LINES[first : last + 1]) + "\n") for first, last in gaps) <= tokens
