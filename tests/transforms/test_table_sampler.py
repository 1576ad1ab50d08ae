"""TableSampler leaves out routine rows; every line that stays is verbatim, every gap is named."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.rewritten import check_budget, rewritten, used
from transforms.table_sampler import TableSampler
from transforms.table_text import TableText

_sampled = partial(rewritten, TableSampler())
_used = partial(used, TableSampler())


def _table(rows: int, mark: str = ",", odd: int = -1) -> str:
    cells = [[str(n), "failed" if n == odd else "paid", f"{n % 7}.50", "web"] for n in range(rows)]
    return "\n".join(mark.join(row) for row in (["id", "status", "total", "channel"], *cells))


@pytest.mark.parametrize("mark", [",", "\t", ";", " | ", "   "])
def test_a_rare_row_and_the_one_that_is_asked_for_stay(mark: str) -> None:
    sampled = _sampled(_table(200, mark, odd=117), question="What is the total of `163`?")
    assert mark.join(("117", "failed", "5.50", "web")) in sampled
    assert mark.join(("163", "paid", "2.50", "web")) in sampled


@given(
    st.lists(
        st.sampled_from(
            ["1,a,web", "2,a,web", "3,b,app", '4,"a, b",x', "x", "", "[line 2 omitted]", '"a\r,1,2', '"a",b\rc,2']
        )
    )
)
def test_the_budget_holds_and_a_second_pass_finds_nothing(rows: list[str]) -> None:
    check_budget(TableSampler(), "\n".join([*["id,kind,channel"] * 9, *rows * 30]))


def test_a_sampled_table_is_undrawn_as_one() -> None:
    """A marker between its rows does not end a drawn table."""
    drawn = "\n".join(f"| {row.replace(',', '   | ')} |" for row in _table(200).split("\n"))
    sampled = _sampled(drawn)
    undrawn = rewritten(TableText(), sampled)
    assert not any("   " in line for line in undrawn.split("\n"))


def test_a_column_of_a_sampled_csv_is_only_said_to_be_the_same_in_the_rows_that_are_shown() -> None:
    folded = rewritten(TableText(), _sampled(_table(200)))
    assert folded.startswith("[column 2 `status` is `paid` in every row shown]\n")


def _odd_one(usual: str, odd: str) -> tuple[str, str]:
    """A CSV of 300 rows with one odd value, `usual` with digits for its `#`, and the odd row."""
    cells = [usual.replace("#", str(n * 37 % 30 + 10)) for n in range(300)]
    rows = [f"{n},web-{n % 7},{odd if n == 171 else cell},ok" for n, cell in enumerate(cells)]
    return "\n".join(["number,host,value,state", *rows]), rows[171]


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        *(("#.5%", "99.8%"), ('"1,2#.00"', '"91,512.00"'), ("#;5", "98765;00"), ("2024-03-#", "1999-01-01")),
        *(("00:00:#", "17:45:00"), (".#", "+77.2"), ("10.0.#.3", "185.220.101.4"), ("1.2.#", "7.0.0")),
        *(("10000000#", ""), ("10000000#", "-"), ("10000000#", "N/A")),
    ],
)
def test_the_one_value_that_is_unlike_its_column_stays(usual: str, odd: str) -> None:
    text, row = _odd_one(usual, odd)
    out = _sampled(text)
    assert row in out.split("\n")


@pytest.mark.parametrize("usual", ["{}Mi", "{}.5 ms", "import time: {}", "${}.00", "{} kB/s"])
def test_the_largest_quantity_of_its_unit_stays(usual: str) -> None:
    """No value is like another here, and what is asked for is another row, so that only this row's end of it tells."""
    values = [usual.format(n * 37 % 499 + 20) for n in range(300)]
    values[171] = usual.format(8190)
    rows = [f"{n},web-{n},{value},ok" for n, value in enumerate(values)]
    out = _sampled("\n".join(["number,host,memory,state", *rows]), question="How is `web-12` doing?")
    assert rows[171] in out.split("\n")


def test_the_least_stays_also_where_many_rows_have_the_most() -> None:
    values = [100 if n % 5 < 3 else 60 + n % 30 for n in range(300)]
    values[171] = 41
    text = "\n".join(["number,path,covered", *(f"{n},src/m{n % 9}.py,{value}" for n, value in enumerate(values))])
    assert "171,src/m0.py,41" in _sampled(text).split("\n")


def test_the_header_of_another_table_stays() -> None:
    orders = ["order_no,customer,total", *(f"{50000 + n},C{n % 40},{n % 70}.25" for n in range(120))]
    stock = ["sku_no,warehouse,weight", *(f"{70000 + n},W{n % 4},{n % 60}.75" for n in range(120))]
    out = _sampled("\n".join(orders + stock), question="Why is order 50077 so heavy?")
    assert "sku_no,warehouse,weight" in out
    assert "50077,C37,7.25" in out


def test_rows_with_a_name_of_the_question_stay() -> None:
    names = ["Alice" if n % 43 == 7 else f"Customer{n % 40}" for n in range(300)]
    rows = [f"{n},{name},{'paid' if n % 3 else 'open'},{n % 90}.50" for n, name in enumerate(names)]
    text = "\n".join(["id,customer,state,total", *rows])
    out = _sampled(text, question="Which orders of Alice are unpaid?")
    assert [row for row in rows if ",Alice," in row] == [row for row in out.split("\n") if ",Alice," in row]


def test_the_names_of_columns_are_no_values() -> None:
    """With ten values in a column, one more would make them too many for any to be rare."""
    days = [f"2026-02-{n % 5 + 1:02}" for n in range(80)]
    for place, day in zip((11, 17, 23, 31, 44), ("03-04", "04-05", "05-06", "06-07", "12-08"), strict=True):
        days[place] = f"2026-{day}"
    rows = "".join(f"| 0{n + 700} | {day} | hall {n % 3} | as usual |\n" for n, day in enumerate(days))
    out = _sampled("| id | day | place | note |\n|---|---|---|---|\n" + rows, question="What does 0722 say?")
    assert all(day in out for day in days)


def test_lines_of_one_cell_are_no_rows() -> None:
    cell = "\n".join(f"  g({n}, 2, 3, 7)" for n in range(9))
    text = "\n".join(["id,title,body,state", *(f'{n},t{n},"def f():\n{cell}\n",open' for n in range(60))])
    assert _used(text) == text
