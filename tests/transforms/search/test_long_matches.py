"""Matches in generated code: cut around what was found, every gap named by its columns."""

import re
from collections.abc import Callable
from functools import partial
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.rewritten import rewritten, used
from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.search.long_matches import LongMatches
from transforms.tokenizer import count_tokens

_TRIMMER = LongMatches()
_CALL = Call("bash", '{"command": "rg -n fetchUser dist"}')
_cut = partial(rewritten, _TRIMMER, call=_CALL)
_used = partial(used, _TRIMMER, call=_CALL)


def _code(characters: int, seed: int = 1) -> str:
    choice, calls = Random(seed), list[str]()
    while sum(map(len, calls)) < characters:
        calls.append(f"f{choice.randrange(100)}({choice.randrange(10**6)});")
    return "".join(calls)


def test_what_stands_around_every_hit_stays() -> None:
    line = f"a.js:1:{_code(900)}fetchUser(1){_code(1500, 2)}x=fetchUser;{_code(900, 3)}"
    cut = _cut(line)
    assert "fetchUser(1)" in cut
    assert "x=fetchUser;" in cut
    assert cut.startswith(line[:240])
    assert cut.endswith(line[-80:])


def test_what_the_question_names_stays_too() -> None:
    line = f"a.js:1:{_code(900)}fetchUser(1){_code(900, 2)}retryLimit=3;{_code(900, 3)}"
    cut = _cut(line, question="How high is `retryLimit`?")
    assert "retryLimit=3" in cut


@pytest.mark.parametrize(
    "line",
    [
        f"a.js:1:fetchUser;{_code(1500)}",
        f"a.js:1:{_code(4000)}",
        f"a.js:1:{'fetchUser;' * 400}",
        f"a.js:1:fetchUser;{_code(4000)}[columns 3-9 omitted]",
    ],
    ids=["not long", "nothing named", "named everywhere", "marked already"],
)
def test_a_line_that_cannot_be_cut_well_stays_whole(line: str) -> None:
    assert _used(line) == line


@given(st.integers(100, 3000), st.integers(0, 6000), st.integers(0, 6000))
def test_the_budget_holds_and_no_word_is_cut(tokens: int, before: int, behind: int) -> None:
    """Also where only a part of a gap fits the budget."""
    text = f"a.js:1:{_code(before)}fetchUser();{_code(behind, 2)}\nb.js:7:fetchUser()"
    rewrite = _TRIMMER.rewrite(Block(text, _CALL), Budget(tokens, "/o/7f3a"))
    if rewrite is None:
        return
    assert _TRIMMER.proof(text, rewrite.text)
    dropped = [text[gap.first - 1 : gap.last] for gap in rewrite.omitted]
    assert sum(map(count_tokens, dropped)) <= tokens
    for gap in rewrite.omitted:
        for edge in (gap.first - 1, gap.last):
            assert not (text[edge - 1].isalnum() and text[edge].isalnum())


@pytest.mark.parametrize(
    "forged",
    [
        lambda cut: cut.replace("columns 2", "columns 3", 1),
        lambda cut: cut.replace("f(1)", "f(2)", 1),
        lambda cut: f"{cut}\nmore",
        lambda cut: cut.replace("omitted", "omitted:", 1),
    ],
)
def test_a_wrong_result_proves_nothing(forged: Callable[[str], str]) -> None:
    line = f"a.js:1:f(1);{_code(900)}fetchUser(1){_code(1500, 2)}"
    cut = _cut(line)
    assert not _TRIMMER.proof(line, forged(cut))


@pytest.mark.parametrize(
    "piece",
    ["1,001,251,222,698 ", "03:09:17 18:06:54 ", "-6.344672e+08 ", r"\u70b8\u00e9 ", "%C3%9F%19 ", "src/a/x.py "],
)
def test_no_number_time_escape_or_path_is_shown_in_part(piece: str) -> None:
    line = f"a.js:1:{piece * 200}fetchUser(1) {piece * 200}"
    for tokens in (400, 1200, 4000):
        cut = _cut(line, budget=Budget(tokens, "/o/1"))
        shown = re.sub(r"\[columns [^\]]*\]", " ", cut.removeprefix("a.js:1:").replace("fetchUser(1) ", " "))
        assert set(shown.split()) == set(piece.split())


def test_a_line_without_signs_between_expressions_stays_whole() -> None:
    line = f"a.txt:1:{'x,' * 1500}fetchUser{',x' * 1500}"
    assert _used(line) == line


def test_letters_that_grow_when_they_are_lowered_do_not_move_the_place() -> None:
    cut = _cut(f"a.json:1:{'İ;' * 600} fetchUser(12345) {'abc;' * 600}")
    assert "fetchUser(12345)" in cut


def test_words_are_found_in_whatever_case_and_where_they_stand() -> None:
    """Also behind a letter that is longer in lower case."""
    line = f"dist/app.js:1:{'\u0130' * 50};{'let a = 1; ' * 200}FETCHUSER(id);{'let b = 2; ' * 200}"
    cut = _cut(line)
    assert "let a = 1; FETCHUSER(id);let b = 2;" in cut
    assert cut.index("]", cut.index("omitted")) < cut.index("FETCHUSER")
