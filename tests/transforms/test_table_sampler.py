"""TableSampler leaves out routine rows; every line that stays is verbatim, every gap is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.goldens import Golden, load
from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.table_sampler import TableSampler
from transforms.table_text import TableText
from transforms.tokenizer import count_tokens

_SAMPLER = TableSampler()
_BUDGET = Budget(tokens=2000, handle="/o/7f3a")


def _rewritten(text: str, call: Call | None = None, question: str = "", budget: Budget = _BUDGET) -> str | None:
    rewrite = _SAMPLER.rewrite(Block(text, call or Call(), question), budget)
    return None if rewrite is None else rewrite.text


def _table(rows: int, mark: str = ",", odd: int = -1) -> str:
    cells = [[str(n), "failed" if n == odd else "paid", f"{n % 7}.50", "web"] for n in range(rows)]
    return "\n".join(mark.join(row) for row in (["id", "status", "total", "channel"], *cells))


@pytest.mark.parametrize("golden", load("table_sampler"), ids=str)
def test_goldens(golden: Golden) -> None:
    """What goes in comes out as written down, is proven, and is left alone the second time."""
    assert (_rewritten(golden.before, golden.call) or "") == golden.after
    if golden.after:
        assert _SAMPLER.proof(golden.before, golden.after)
        assert _rewritten(golden.after, golden.call) is None


@pytest.mark.parametrize("mark", [",", "\t", ";", " | ", "   "])
def test_a_rare_row_and_the_one_that_is_asked_for_stay(mark: str) -> None:
    sampled = _rewritten(_table(200, mark, odd=117), question="What is the total of `163`?")
    assert sampled is not None
    assert mark.join(("117", "failed", "5.50", "web")) in sampled
    assert mark.join(("163", "paid", "2.50", "web")) in sampled


@given(
    st.lists(st.sampled_from(["1,a,web", "2,a,web", "3,b,app", '4,"a, b",x', "x", "", "[line 2 omitted]", '"a\r,1,2']))
)
def test_whole_lines_go_and_every_gap_is_named(rows: list[str]) -> None:
    """The proof holds for every result, the budget too, and a second pass finds nothing."""
    text = "\n".join([*["id,kind,channel"] * 9, *rows * 30])
    budget = Budget(tokens=count_tokens(text) * 45 // 100, handle="/o/7f3a")
    sampled = _rewritten(text, budget=budget)
    if sampled is not None and _SAMPLER.proof(text, sampled):
        assert count_tokens(text) - count_tokens(sampled) <= budget.tokens
        assert _rewritten(sampled, budget=budget) is None


def test_nothing_goes_without_a_budget_or_a_way_back() -> None:
    assert _rewritten(_table(200), budget=Budget(0, "/o/7f3a")) is None
    assert _rewritten(_table(200), budget=Budget(2000, "")) is None


def test_a_sampled_table_is_undrawn_as_one() -> None:
    """A marker between its rows does not end a drawn table."""
    drawn = "\n".join(f"| {row.replace(',', '   | ')} |" for row in _table(200).split("\n"))
    sampled = _rewritten(drawn)
    assert sampled is not None
    undrawn = TableText().rewrite(Block(sampled, Call()), _BUDGET)
    assert undrawn is not None
    assert TableText().proof(sampled, undrawn.text)
    assert not any("   " in line for line in undrawn.text.split("\n"))


def test_a_column_of_a_sampled_csv_is_only_said_to_be_the_same_in_the_rows_that_are_shown() -> None:
    sampled = _rewritten(_table(200))
    assert sampled is not None
    folded = TableText().rewrite(Block(sampled, Call()), _BUDGET)
    assert folded is not None
    assert folded.text.startswith("[column 2 `status` is `paid` in every row shown]\n")
    assert TableText().proof(sampled, folded.text)
