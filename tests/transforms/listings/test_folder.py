"""Folded listings: every name stays, in order, and the listing can be written out again."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.rewritten import rewritten, sent
from transforms.call import Call
from transforms.contract import Block
from transforms.listings import folder as file_listing
from transforms.listings.folder import ListingFolder
from transforms.tokenizer import count_tokens

_FOLDER = ListingFolder()
_folded = partial(rewritten, _FOLDER)
_sent = partial(sent, _FOLDER)


@pytest.fixture(autouse=True)
def _short_lists_are_folded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_listing, "_FEWEST_PATHS", 2)


def test_a_list_that_can_be_looked_over_keeps_its_paths_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert _FOLDER.fold(Block("\n".join(f"src/app/file{n}.py" for n in range(250)), Call("Glob"))) is None
    assert _FOLDER.fold(Block("\n".join(f"src/app/file{n}.py" for n in range(260)), Call("Glob"))) is not None


_name = st.sampled_from(
    ["a.py", "b c.txt", "x, y", ": z", "d/", ".git", "é\ud800", "w\r", "", " ", "e: f", "./: q", "\u2028"]
)
_dir = st.sampled_from(
    ["", "./", "/", "src/", "src/x/", "/home/ada/work/tool/", "/home/ada/work/tool/src/", "C:\\w\\", "?? a/"]
)
_row = st.builds(
    "{0} {1:>2} {2} staff {3:>6} Nov 20 16:39 {4}".format,
    st.sampled_from(["-rw-r--r--", "drwxr-xr-x@", "lrwxr-xr-x"]),
    st.integers(0, 99),
    st.sampled_from(["ada", "root"]),
    st.integers(0, 9999999),
    _name,
)
_branch = st.builds(
    "{0}{1}{2}".format,
    st.sampled_from(["", "│   ", "│\xa0\xa0 ", "    ", "│ ", "  "]),
    st.sampled_from(["├── ", "└── ", "├─┬ "]),
    _name,
)
_other = st.sampled_from(
    [
        "total 8",
        "[paths are under /home/ada/work/]",
        "[tree, indented]",
        "  q",
        "12 Nov 20 16:39 n",
        "src/: a, b",
        "./: a",
    ]
)
_listing = st.one_of(
    st.lists(st.one_of(st.builds("{0}{1}".format, _dir, _name), _other), max_size=25),
    st.lists(st.one_of(_row, _other), max_size=25),
    st.lists(st.one_of(_branch, _other), max_size=25),
).map("\n".join)


@given(_listing)
def test_any_listing_is_settled_at_once(text: str) -> None:
    assert _sent(_sent(text)) == _sent(text)


@given(
    st.lists(
        st.builds(
            "{0}{1}".format,
            st.sampled_from(["src/", "src/x/", "/home/ada/work/tool/"]),
            st.sampled_from(["a.py", "main.py", "test_a.py", "x-1.min.js", "Makefile", "read me.md"]),
        ),
        min_size=2,
    )
)
def test_plain_paths_come_back(lines: list[str]) -> None:
    """A list of ordinary paths is always proven."""
    text = "\n".join(lines)
    folded = _FOLDER.fold(Block(text, Call()))
    assert folded is None or _FOLDER.unfold(folded) == text


def test_two_hundred_paths_keep_two_hundred_names() -> None:
    """Every name of a long list is there, for fewer than half of the tokens."""
    paths = [f"/home/ada/work/shop/services/s{n // 25}/handlers/handle_{n}_orders.py" for n in range(200)]
    folded = _folded("\n".join(paths))
    assert all(path.rpartition("/")[2] in folded for path in paths)
    assert all(f"\ns{n}/handlers/: " in folded for n in range(8))
    assert count_tokens(folded) < 0.5 * count_tokens("\n".join(paths))


def test_rows_and_paths_in_one_text() -> None:
    """The output of `ls -l` followed by that of `find` is folded by both rules."""
    rows = [f"-rw-r--r-- 1 root root {n} Nov 20 20:51 a{n}.txt" for n in range(1, 7)]
    text = "\n".join(["total 4", *rows, *(f"src/app/{name}.py" for name in ("main", "view", "store"))])
    folded = _folded(text)
    assert folded.endswith("\nsrc/app/: main.py, view.py, store.py")
    assert "; without a date: Nov 20 20:51]\n1 a1.txt\n" in folded and "\n6 a6.txt\n" in folded


def test_the_tree_of_npm_is_drawn_again() -> None:
    """Its stems are two wide, and a branch tells whether more hangs below it."""
    text = "a@1 /w\n├─┬ b@2\n│ ├─┬ c@3\n│ │ └── d@4 deduped\n│ └── UNMET e@5\n├── f@6\n└─┬ g@7\n  └── h@8\n"
    folded = _folded(text)
    assert "\n  b@2\n    c@3\n      d@4 deduped\n    UNMET e@5\n  f@6\n  g@7\n    h@8\n" in folded


def test_a_name_that_starts_as_a_date_keeps_its_row_whole() -> None:
    """It would be taken for the date of its row."""
    rows = [f"-rw-r--r-- 1 root root {n} Nov 20 20:51 a{n}.txt" for n in range(1, 7)]
    rows.append("-rw-r--r-- 1 root root 7 Nov 20 20:51 Nov 21 20:52 notes.txt")
    folded = _folded("\n".join(rows))
    assert folded.endswith(f"\n{rows[-1]}")


@pytest.mark.parametrize("between", ["", "=== commits ===\n"])
def test_what_follows_the_rows_is_none_of_them(between: str) -> None:
    """A line that would be taken for a row without a date costs the rows above it their common date at most."""
    rows = [f"-rw-r--r-- 1 root root {n} Nov 20 20:51 a{n}.txt" for n in range(1, 7)]
    text = "\n".join(rows) + f"\n{between}9502969 learned: a new kind\nee6a189 listings: dates\n"
    folded = _folded(text)
    assert ("without a date" in folded) == bool(between)


def test_sections_of_ls_each_have_their_columns() -> None:
    """Two folders listed in one go may differ in the widths of their columns."""
    small = [f"-rw-r--r-- 1 root root {n} Nov 20 20:51 a{n}.txt" for n in range(1, 7)]
    large = [f"-rw-r--r-- 1 root root {n * 7919:>6} Nov 20 20:51 b{n}.txt" for n in range(1, 9)]
    text = "\n".join(["a:", "total 4", *small, "", "b:", "total 4", *large])
    folded = _folded(text)
    assert folded.count("[rows without a mode: ") == 2


@pytest.mark.parametrize(("bar", "branch", "last"), [("│   ", "├── ", "└── "), ("|   ", "|-- ", "`-- ")])
def test_trees_drawn_in_other_styles(bar: str, branch: str, last: str) -> None:
    """Blanks and ASCII are drawn again as they were."""
    text = "\n".join([".", f"{branch}a", f"{bar}{branch}b", f"{bar}{last}c", f"{branch}d", f"{last}e", f"    {last}f"])
    folded = _folded(text)
    assert "\n  a\n    b\n    c\n  d\n  e\n    f" in folded
