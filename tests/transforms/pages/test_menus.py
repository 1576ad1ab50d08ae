"""Menus of pages go, marked; the links of an index and the words of a page stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import goldens
from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.pages.menus import Menus
from transforms.tokenizer import count_tokens

MENUS = Menus()
READ = (
    "[page markup omitted: 9 kB of tags, scripts and styles; links stand as <address> or (/path) behind their text]\n"
)
NAMES = ("Home", "News", "Sports", "Weather", "Travel", "Food", "Music", "Books", "Art", "Health")
MENU = [f"- {name} (/{name.lower()})" for name in NAMES] * 3
ARTICLE = [f"The council met on day {n} and heard what everybody had to say about the old bridge." for n in range(60)]


def shortened(lines: list[str], question: str = "", budget: Budget | None = None, head: str = READ) -> str:
    """The proven rewrite; the text itself when there is none."""
    text = head + "\n".join(lines)
    rewrite = MENUS.rewrite(Block(text, Call(), question), budget or Budget(count_tokens(text) * 45 // 100, "/o/1"))
    assert rewrite is None or MENUS.proof(text, rewrite.text)
    return rewrite.text if rewrite else text


@pytest.mark.parametrize("golden", goldens.load("page_menus"), ids=str)
def test_goldens(golden: goldens.Golden) -> None:
    rewrite = MENUS.rewrite(Block(golden.before, golden.call), Budget(400, "/o/1"))
    assert (rewrite.text if rewrite else "") == golden.after
    assert rewrite is None or MENUS.proof(golden.before, rewrite.text)


def test_the_start_of_a_menu_and_all_of_the_article_stay() -> None:
    out = shortened([*MENU, *ARTICLE]).split("\n")
    assert out[1:5] == [*MENU[:3], "[lines 5-31 omitted: 27 links; full text: /o/1]"]
    assert out[5:] == ARTICLE


@pytest.mark.parametrize(
    "line",
    [
        "- Version 2.14 (/releases)",
        "- 한국어 2024 (/ko)",
        "- 英国纵火烧死六童夫妇被判重刑 (/news/1)",
        "- What the council said about the bridge (/news/2)",
        "- Bridge plans (/bridge)",
        "Opening hours: 9 to 5",
    ],
    ids=["version", "year", "headline without blanks", "headline", "asked for", "words"],
)
def test_what_has_a_name_of_its_own_stays(line: str) -> None:
    out = shortened([*MENU, line, *MENU, *ARTICLE], "What does it say of the `bridge plans`?")
    assert line in out.split("\n")
    assert "omitted: " in out.removeprefix(READ)


def test_a_list_of_words_below_a_menu_stays() -> None:
    words = [f"- Step {n}: turn left" for n in range(8)]
    assert all(word in shortened([*MENU, *words, *ARTICLE]) for word in words)


def test_a_list_with_a_heading_stays_for_it_is_a_part_of_the_page() -> None:
    lines = [*ARTICLE, "## Dependencies", "", *MENU]
    assert shortened(lines) == READ + "\n".join(lines)


def test_an_index_stays_for_there_the_links_are_the_page() -> None:
    lines = [*MENU, *ARTICLE[:4]]
    assert shortened(lines) == READ + "\n".join(lines)


@pytest.mark.parametrize("question", ["List all links", "what is in the menu?", "crawl the site"])
def test_whoever_asks_for_links_gets_them(question: str) -> None:
    lines = [*MENU, *ARTICLE]
    assert shortened(lines, question) == READ + "\n".join(lines)


def test_lists_of_what_was_not_read_from_a_page_stay() -> None:
    lines = [*MENU, *ARTICLE]
    assert shortened(lines, head="") == "\n".join(lines)


@pytest.mark.parametrize("budget", [Budget(0, "/o/1"), Budget(1000, "")], ids=["no tokens", "no way back"])
def test_nothing_goes_without_budget_or_handle(budget: Budget) -> None:
    lines = [*MENU, *ARTICLE]
    assert shortened(lines, budget=budget) == READ + "\n".join(lines)


@given(st.lists(st.sampled_from([*MENU[:10], *ARTICLE[:3], "", "- Sports", "- ", "- - (/x)", "\r"]), max_size=120))
def test_whole_lines_go_and_every_gap_is_named(lines: list[str]) -> None:
    out = shortened(lines)
    assert shortened(out.removeprefix(READ).split("\n")) == out
