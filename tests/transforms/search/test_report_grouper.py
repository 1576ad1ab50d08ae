"""Reports of linters and compilers by file: nothing lost, and what is likely quoted stays whole."""

from hypothesis import given
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.search.report_grouper import ReportGrouper

_NONE = Budget(tokens=0, handle="")
_GROUPER = ReportGrouper()
_text = st.sampled_from(["", " E501 line too long", " error: x: y", "(1): x", "12:5: x", "é", "\r"])
_path = st.sampled_from(["a.py", "src/x.ts", "C:\\w\\x.cs", "a(1).ts"])
_number = st.integers(0, 30)
_line = st.one_of(
    st.builds("{0}:{1}:{2}:{3}".format, _path, _number, _number, _text),
    st.builds("{0}({1},{2}): error TS1:{3}".format, _path, _number, _number, _text),
    st.builds("{0}({1}): warning{2}".format, _path, _number, _text),
    st.builds("  {0}".format, _text),
    st.sampled_from(["(12,5): x", "a.py:", "(no file):", "3:x", "", "--", "Found 3 errors."]),
)


def _rewritten(text: str) -> str | None:
    rewrite = _GROUPER.rewrite(Block(text, Call()), _NONE)
    return None if rewrite is None else rewrite.text


@given(st.lists(_line, min_size=8, max_size=30).map("\n".join))
def test_a_report_comes_back_from_its_groups_or_the_proof_says_no(text: str) -> None:
    """The proof holds but where the report imitates our own form, and a grouped one is not grouped again."""
    grouped = _rewritten(text)
    if grouped is not None:
        assert _GROUPER.proof(text, grouped) or "(no file):" in text
        assert _rewritten(grouped) is None
