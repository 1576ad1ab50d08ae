"""ESLint's tables: what is said again is said once, and every table can be written out again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.search.report_grouper import ReportGrouper
from transforms.search.stylish import decode, encode
from transforms.tokenizer import count_tokens

_NONE = Budget(tokens=0, handle="")
_GROUPER = ReportGrouper()
_Row = tuple[int, int, str, str, str]

_row = st.tuples(
    st.integers(1, 1200),
    st.integers(1, 130),
    st.sampled_from(["error", "warning"]),
    st.sampled_from(
        ["Unexpected var", "'a' is not defined", "Parsing error: Unexpected token", "Two  blanks", "é 1:2"]
    ),
    st.sampled_from(["no-var", "no-undef", "@x/y", ""]),
)


def _table(rows: list[_Row]) -> list[str]:
    """As ESLint draws it."""
    cells = [tuple(map(str, row)) for row in sorted(rows, key=lambda row: row[:2])]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        f"  {a.rjust(wide[0])}:{b.ljust(wide[1])}  {c.ljust(wide[2])}  {d.ljust(wide[3])}  {e}".rstrip()
        for a, b, c, d, e in cells
    ]


def _report(*tables: list[_Row]) -> str:
    files = [f"/app/src/file{n}.js\n" + "\n".join(_table(rows)) + "\n" for n, rows in enumerate(tables) if rows]
    return "\n" + "\n".join(files) + "\n✖ 9 problems (4 errors, 5 warnings)\n"


_MANY: list[_Row] = [(7 * n, n % 9 + 1, "error", "Strings must use doublequote", "quotes") for n in range(1, 40)]


def test_findings_that_say_the_same_stand_on_one_row() -> None:
    text = _report([*_MANY, (3, 1, "warning", "Unexpected var", "no-var")])
    folded = _GROUPER.rewrite(Block(text, Call()), _NONE)
    assert folded is not None
    assert _GROUPER.proof(text, folded.text)
    assert "\n3:1  warning  Unexpected var  no-var\n7:2,14:3,21:4," in folded.text
    assert folded.text.count("Strings must use doublequote") == 1
    assert count_tokens(folded.text) < 0.4 * count_tokens(text)


def test_rare_errors_stay_as_they_were_drawn() -> None:
    """They are quoted; what is only warned of is not."""
    rows: list[_Row] = [(n, 5, "warning", "Unexpected console statement", "no-console") for n in range(2, 30)]
    text = _report([*rows, (11, 9, "error", "'fetch' is not defined", "no-undef")])
    folded = encode(text)
    assert folded is not None and decode(folded) == text
    assert "\n  11:9  error    'fetch' is not defined        no-undef\n" in folded


def test_a_table_that_is_drawn_otherwise_stays() -> None:
    text = _report(_MANY).replace("file0.js\n", "file0.js\n  99:1  error  out of place  rule\n")
    assert encode(text) is None
    both = _report(_MANY, _MANY[:9]).replace("file1.js\n", "file1.js\n  99:1  error  out of place  rule\n")
    folded = encode(both)
    assert folded is not None and decode(folded) == both
    assert "\n  99:1  error  out of place  rule\n" in folded


@pytest.mark.parametrize("text", ["", "an  error  occurred", "  1:2  error  once  rule", _report(_MANY[:3])])
def test_little_is_left_alone(text: str) -> None:
    assert encode(text) is None


@given(st.lists(st.lists(_row, max_size=12), max_size=4))
def test_a_report_is_undone_or_the_proof_says_no(tables: list[list[_Row]]) -> None:
    """The tables come back; a folded report is left alone the second time."""
    text = _report(*tables)
    folded = encode(text)
    if folded is not None and _GROUPER.proof(text, folded):
        assert decode(folded) == text
        assert encode(folded) is None


@given(
    st.lists(
        st.sampled_from(["  1:2  error  a  b", "1:2,3:4  error  a  b", "  3:4  error  a  b", "x", ""]), max_size=30
    )
)
def test_any_rows_are_taken(lines: list[str]) -> None:
    text = "\n".join(lines)
    folded = encode(text)
    assert folded is None or _GROUPER.proof(text, folded) in (True, False)
