"""Sampled search results: whole lines only, every gap named, and what matters stays."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.rewritten import check_budget, rewritten, used
from transforms.search.sampler import SearchSampler

_sampled = partial(rewritten, SearchSampler())
_used = partial(used, SearchSampler())
_ROWS = [f'src/order.py:{20 + 9 * n}:        log.debug("step %s", {n})' for n in range(120)]


@given(st.lists(st.sampled_from([*_ROWS[:40], "--", "", "b.py:3:def f():", "b.py:4:x", "12:log", "\r"]), max_size=120))
def test_the_budget_holds_and_a_second_pass_finds_nothing(lines: list[str]) -> None:
    check_budget(SearchSampler(), "\n".join(lines))


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("src/order.py:9000:class LogOrder(Base):", ""),
        ("src/order.py:9000:        log.exception('step %s', 3)", ""),
        ('src/order.py:9000:        log.debug("step %s", retry_limit)', "what is done with `retry_limit`?"),
        ("src/order.py:9000:        once(log)", ""),
    ],
    ids=["declaration", "alarm", "named", "rare"],
)
def test_what_matters_stays(line: str, question: str) -> None:
    """A declaration, an alarm, what the user names and a form seen once stay among the routine."""
    sampled = _sampled("\n".join([*_ROWS[:60], line, *_ROWS[60:]]), question)
    assert line in sampled.split("\n")


def test_every_file_and_its_ends_stay() -> None:
    """Each file keeps its first and last matches; a file with few keeps all."""
    few = [f"src/few_{n}.py:{line}:log.debug({line})" for n in range(9) for line in range(7)]
    sampled = _sampled("\n".join([*_ROWS, *few]))
    kept = sampled.split("\n")
    assert all(line in kept for line in [*_ROWS[:2], *_ROWS[-2:], *few])


@pytest.mark.parametrize("heading", ["", "src/order.py", "/repo/src/order.py:"])
def test_all_matches_of_a_file_that_the_question_names_stay(heading: str) -> None:
    """Whether the path stands on each line or above them; those of other files go."""
    other = [row.replace("order", "other") for row in _ROWS]
    lines = [*_ROWS, *other]
    if heading:
        own, others = [[row.partition(":")[2] for row in rows] for rows in (_ROWS, other)]
        lines = [heading, *own, "", heading.replace("order", "other"), *others]
    sampled = _sampled("\n".join(lines), question="Who logs in src/order.py?")
    assert sampled.startswith("\n".join(lines[: len(_ROWS)]))
    assert " more matches" in sampled


def test_the_first_match_of_each_form_stays() -> None:
    calls = [f"src/order.py:{2000 + n}:        self.bill(order, {n}, {n * 7})" for n in range(40)]
    kept = _sampled("\n".join([*_ROWS[:60], *calls, *_ROWS[60:]])).split("\n")
    assert calls[0] in kept and calls[9] not in kept


def test_matches_of_the_same_text_stay() -> None:
    """Grouped by file, they are one line with their numbers, which costs little more than the marker of a gap."""
    same = [f"src/order.py:{2000 + 3 * n}:        return None" for n in range(50)]
    sampled = _sampled("\n".join([*_ROWS, *same]))
    assert sampled.endswith("\n".join(same))


def test_context_lines_stay() -> None:
    """Lines around a match were asked for and stay."""
    text = "\n".join(f"src/a.py{mark}{n}{mark}    same()" for n in range(200) for mark in "-")
    assert _used(text) == text


def test_matches_of_a_single_file_are_sampled() -> None:
    """Search in one file writes no path; such matches are sampled as well."""
    lines = [row.partition(":")[2] for row in _ROWS]
    sampled = _sampled("\n".join(lines))
    assert "more matches, at 38-" in sampled
    assert sampled.startswith("\n".join(lines[:2]))


def test_without_line_numbers_a_gap_tells_only_how_many() -> None:
    """A search that writes no numbers has none to tell."""
    sampled = _sampled("\n".join(f"src/order.py:log.debug({n})" for n in range(120)))
    assert "more matches; full text" in sampled
