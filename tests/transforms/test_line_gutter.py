"""LineGutter tells line numbers once; the text of every line stays exact and the numbers come back."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.rewritten import sent, used
from transforms.line_gutter import LineGutter

GUTTER = LineGutter()
stripped = partial(used, GUTTER)
STYLES = ["{:>6}→", "{:>6}\t", "{}\t", "{:05}| ", "{:>4} | ", "{:>4} │ ", "L{}: ", "{}|"]
LINES = [
    *("", "x = 1", "\treturn x", "    12→nested", "→", "7", "text \r", "a | b", "\x00", "\u2028"),
    '[lines 1-2; numbers ("1\t") left out]',
]


def numbered(lines: list[str], style: str, first: int = 1) -> str:
    return "\n".join(style.format(number) + line for number, line in enumerate(lines, first))


@pytest.mark.parametrize("style", STYLES)
def test_every_gutter_of_the_field_goes_and_comes_back(style: str) -> None:
    text = numbered([f"line_{n}()" for n in range(95, 130)], style, first=95)
    out = stripped(text)
    assert out.split("\n")[1:] == [f"line_{n}()" for n in range(95, 130)]


@pytest.mark.parametrize("mark", ["\t", "|", " | "])
def test_the_first_column_of_a_table_is_no_gutter(mark: str) -> None:
    rows = [mark.join((str(n), f"Customer {n}", "DE", "2026-03-01 09:30:00")) for n in range(1, 40)]
    text = "\n".join([mark.join(("id", "name", "country", "created_at")), *rows])
    assert stripped(text) == text


def test_in_a_long_file_some_empty_lines_keep_their_number() -> None:
    lines = [f"step_{n}()" if n % 5 else "" for n in range(1, 201)]
    out = stripped(numbered(lines, "{:>6}→"))
    kept = [line for line in out.split("\n")[1:] if "→" in line]
    assert kept == [f"{n:>6}→" for n in (45, 85, 125, 165)]
    assert [line for line in out.split("\n")[1:] if line and "→" not in line] == [line for line in lines if line]


def test_ranges_joined_in_one_output_get_a_header_each() -> None:
    one, two = numbered(["a()"] * 12, "{:>6}\t", 10), numbered(["b()"] * 12, "{:>6}\t", 80)
    out = stripped(f"{one}\n...\n{two}\n")
    assert [line for line in out.split("\n") if line.startswith("[lines")] == [
        '[lines 10-21; numbers ("    10\t") left out]',
        '[lines 80-91; numbers ("    80\t") left out]',
    ]


def test_a_number_that_is_missing_ends_the_run() -> None:
    text = numbered(["a()"] * 5, "{}\t") + "\n" + numbered(["b()"] * 5, "{}\t", 7)
    assert stripped(text) == text


def test_an_empty_line_whose_trailing_blank_was_cut_keeps_its_number() -> None:
    text = numbered(["a()"] * 12, "L{}: ").replace("L6: a()", "L6:")
    out = stripped(text)
    assert "\nL6:\n" in out


def test_a_line_whose_text_is_its_own_gutter_is_not_misread() -> None:
    text = numbered(["a()"] * 5 + ["     6→"] + ["b()"] * 9, "{:>6}→")
    assert sent(GUTTER, text) == text


def test_a_header_that_promises_too_much_restores_nothing() -> None:
    assert GUTTER.unfold('[lines 1-9; numbers ("1\t") left out]\nx') is None
    assert not GUTTER.proof("1\tx", '[lines 1-9; numbers ("1\t") left out]\nx')


@given(
    st.lists(st.lists(st.sampled_from(LINES), max_size=30), max_size=4),
    st.sampled_from(STYLES),
    st.integers(0, 2000),
    st.lists(st.sampled_from(LINES), max_size=3),
)
@settings(max_examples=150)
def test_any_numbered_text_is_settled_at_once(
    runs: list[list[str]], style: str, first: int, between: list[str]
) -> None:
    text = "\n".join("\n".join([numbered(run, style, first + 100 * at), *between]) for at, run in enumerate(runs))
    once = sent(GUTTER, text)
    assert sent(GUTTER, once) == once
