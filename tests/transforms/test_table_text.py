"""TableText takes out what only draws a table, and columns of one value; every cell comes back."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import goldens
from tests.transforms.rewritten import used
from transforms.table_text import TableText, with_constants

TABLES = TableText()
compact = partial(used, TABLES)
CELLS = st.sampled_from(["", "a", "b c", "12", "-", "---", "eu-west-1", "é", "+", "`", ":", "\u2028", "\x00", "[x]"])
DRAWN = next(iter(goldens.load("table_text"))).before


def test_a_box_drawn_table_becomes_a_plain_one() -> None:
    table = "┌───┬────┐\n│ n │ p  │\n├───┼────┤\n│ a │ 1  │\n├───┼────┤\n│ b │ 12 │\n└───┴────┘\n"
    assert compact(table) == "|n|p|\n|---|---|\n|a|1|\n|b|12|\n"


@pytest.mark.parametrize("odd", ["| 3 | cat x|wc -l |", "| 3 |", "| 3 | a | b | c |"])
def test_a_table_with_more_or_fewer_cells_than_columns_stays(odd: str) -> None:
    rule = "+----+-----------+"
    table = "\n".join([rule, "| id | command   |", rule, "|  1 | ls        |", odd, rule])
    assert compact(table) == table
    assert compact(f"{table}\n\n{DRAWN}") == f"{table}\n\n{compact(DRAWN)}"


def test_a_bar_within_a_box_drawn_cell_keeps_the_table_as_it_is() -> None:
    table = "┌───┬─────┐\n│ n │ p   │\n├───┼─────┤\n│ a │ x|y │\n└───┴─────┘\n"
    assert compact(f"{table}\n{DRAWN}") == f"{table}\n{compact(DRAWN)}"


def test_a_row_of_dashes_is_data() -> None:
    table = "| a   | b   |\n|-----|-----|\n| 1   | 2   |\n| --- | --- |\n| 3   | 4   |"
    assert compact(table) == "|a|b|\n|---|---|\n|1|2|\n|---|---|\n|3|4|"


@pytest.mark.parametrize("change", [("db-one", "db-0ne"), ("|1|", "|"), ("2 rows", "3 rows"), ("|2|db-two||\n", "")])
def test_the_proof_sees_a_changed_cell_row_or_line(change: tuple[str, str]) -> None:
    out = compact(DRAWN)
    assert change[0] in out
    assert not TABLES.proof(DRAWN, out.replace(*change))


def test_a_csv_with_quoted_cells_stays() -> None:
    text = "a,b,c\n" + '1,"x,y",3\n' * 20
    assert compact(text) == text


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=14), st.sampled_from([",", "\t", "|", " | "])
)
@settings(max_examples=150)
def test_any_rows_keep_their_cells_and_are_settled_at_once(rows: list[list[str]], delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in rows)
    out = compact(text)
    assert not out.startswith("[column") or with_constants(out) == text
    assert compact(out) == out


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=2, max_size=8), st.integers(0, 200), st.integers(0, 9)
)
@settings(max_examples=100)
def test_any_drawn_table_is_settled_at_once(rows: list[list[str]], at: int, cut: int) -> None:
    text = "+-----+-----+\n" + "\n".join(f"| {a:<9} | {b:>9} |" for a, b in rows) + "\n+-----+-----+"
    out = compact(text[:at] + text[at + cut :])
    assert compact(out) == out
