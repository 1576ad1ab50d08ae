"""Sampled listings: generated folders and series go, everything else stays."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.rewritten import check_budget, rewritten, used
from transforms.call import Call
from transforms.listings.sampler import ListingSampler

_sampled = partial(rewritten, ListingSampler())
_used = partial(used, ListingSampler())
_PACKAGES = [f"./node_modules/{a}{b}/index.js" for a in "abcdefgh" for b in "klmnopqr"]
_SOURCES = [f"./src/{a}{b}.ts" for a in "abcdefgh" for b in "klmnopqr"]


@given(
    st.lists(
        st.sampled_from([*_PACKAGES, "./src/a.ts", "", "x_1.png", "x_2.png", "./.git/objects/ab/0123456789"]),
        max_size=150,
    )
)
def test_the_budget_holds_and_a_second_pass_finds_nothing(lines: list[str]) -> None:
    check_budget(ListingSampler(), "\n".join(lines))


def test_sources_never_go() -> None:
    """However long a listing is, a path outside of generated folders stays."""
    sources = "\n".join(_SOURCES * 4)
    assert _used(sources) == sources
    sampled = _sampled("\n".join([*_SOURCES, *_PACKAGES, *_SOURCES]))
    assert sampled.split("\n").count(_SOURCES[0]) == 2
    assert all(path in sampled for path in _SOURCES)


def test_a_folder_that_the_call_names_stays() -> None:
    """Who lists `node_modules` wants to see what is in it."""
    call = Call("bash", '{"command": "find ./node_modules -name index.js"}')
    packages = "\n".join(_PACKAGES)
    assert _used(packages, call=call) == packages


def test_a_file_of_a_series_that_the_question_names_stays() -> None:
    shots = [f"screenshots/of_the_shop/shot_{n:03}_{n * 7919}.png" for n in range(90)]
    kept = _sampled("\n".join(shots), f"What does {shots[41]} show?").split("\n")
    assert shots[41] in kept
    assert len(kept) < 20


def test_a_few_numbered_names_are_no_series() -> None:
    names = [f"{kind}/{kind}_of_the_shop_{n}_{n * 7919}.png" for kind in "abcdefgh" for n in range(10)]
    assert _used("\n".join(names)) == "\n".join(names)


@pytest.mark.parametrize("status", [" M ", "?? ", "A  ", "MM ", "M\t", "R100\t", "M       ", "\tmodified:   "])
def test_lines_with_a_status_of_version_control_stay(status: str) -> None:
    """Each of them is a change that somebody made, whatever its name."""
    text = "\n".join(f"{status}src/part{n}.ts" for n in range(90))
    assert _used(text) == text
