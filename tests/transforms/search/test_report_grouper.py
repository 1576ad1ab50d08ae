"""Reports of linters and compilers by file: nothing lost, and what is likely quoted stays whole."""

from hypothesis import given
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block
from transforms.search.report_grouper import ReportGrouper

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


@given(st.lists(_line, min_size=8, max_size=30).map("\n".join))
def test_a_report_comes_back_from_its_groups_or_the_proof_says_no(text: str) -> None:
    """The proof holds but where the report imitates our own form, and a grouped one is not grouped again."""
    grouped = _GROUPER.fold(Block(text, Call()))
    if grouped is not None:
        assert _GROUPER.unfold(grouped) == text or "(no file):" in text
        assert _GROUPER.fold(Block(grouped, Call())) is None
