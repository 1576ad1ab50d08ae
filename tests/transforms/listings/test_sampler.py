"""Sampled listings: generated folders and series go, everything else stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.listings.sampler import ListingSampler
from transforms.tokenizer import count_tokens

_SAMPLER = ListingSampler()
_BUDGET = Budget(tokens=2000, handle="/o/7f3a")
_PACKAGES = [f"./node_modules/{a}{b}/index.js" for a in "abcdefgh" for b in "klmnopqr"]
_SOURCES = [f"./src/{a}{b}.ts" for a in "abcdefgh" for b in "klmnopqr"]


def _rewritten(text: str, call: Call | None = None, budget: Budget = _BUDGET) -> str | None:
    rewrite = _SAMPLER.rewrite(Block(text, call or Call()), budget)
    return None if rewrite is None else rewrite.text


@given(
    st.lists(
        st.sampled_from([*_PACKAGES, "./src/a.ts", "", "x_1.png", "x_2.png", "./.git/objects/ab/0123456789"]),
        max_size=150,
    )
)
def test_whole_lines_go_and_every_gap_is_named(lines: list[str]) -> None:
    """The proof holds for every result, the budget too, and a second pass finds nothing."""
    text = "\n".join(lines)
    budget = Budget(tokens=count_tokens(text) * 45 // 100, handle="/o/7f3a")
    sampled = _rewritten(text, budget=budget)
    if sampled is not None:
        assert _SAMPLER.proof(text, sampled)
        assert count_tokens(text) - count_tokens(sampled) <= budget.tokens
        assert _rewritten(sampled, budget=budget) is None


def test_sources_never_go() -> None:
    """However long a listing is, a path outside of generated folders stays."""
    assert _rewritten("\n".join(_SOURCES * 4)) is None
    sampled = _rewritten("\n".join([*_SOURCES, *_PACKAGES, *_SOURCES]))
    assert sampled is not None
    assert sampled.split("\n").count(_SOURCES[0]) == 2
    assert all(path in sampled for path in _SOURCES)


def test_a_folder_that_the_call_names_stays() -> None:
    """Who lists `node_modules` wants to see what is in it."""
    call = Call("bash", '{"command": "find ./node_modules -name index.js"}')
    assert _rewritten("\n".join(_PACKAGES), call) is None


@pytest.mark.parametrize("status", [" M ", "?? ", "A  ", "MM ", "M\t", "R100\t", "M       ", "\tmodified:   "])
def test_lines_with_a_status_of_version_control_stay(status: str) -> None:
    """Each of them is a change that somebody made, whatever its name."""
    assert _rewritten("\n".join(f"{status}src/part{n}.ts" for n in range(90))) is None
