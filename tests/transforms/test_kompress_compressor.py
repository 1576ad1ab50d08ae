"""KompressCompressor leaves out plain prose only, in whole lines, within the budget, when something is asked."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget, Rewrite
from transforms.kompress_compressor import KompressCompressor
from transforms.tokenizer import count_tokens

KOMPRESS = KompressCompressor()
BUDGET = Budget(5_000, "/o/1")
QUESTION = "What happens to a moored barge during a thunderstorm?"
PLAIN = (
    "The people of the town like to walk along the water in the evening and to look at the lights\n"
    "that come on one after the other in the windows of the houses on the hill, and they talk about\n"
    "the weather and about what the neighbours said, and then they go home to eat and to sleep.\n"
)
FACTS = [
    "## Moorings",
    "During a thunderstorm a moored barge is tied up with a second rope by the crew that is there.",
    "Each berth is 14 metres wide, and the basin lies at https://example.org/basin for all to see.",
    "You must never leave a rope in the water when the tide is about to turn in the evening.",
    "The word of Captain Brandt is what counts in the harbour, whatever other people say about it.",
    "    rope --tie --second",
]
TEXT = "# Harbour\n\n" + "\n".join(f"{PLAIN}\n{fact}\n" for fact in FACTS * 6) + "\n" + PLAIN


def shortened(text: str, question: str = QUESTION, budget: Budget = BUDGET) -> Rewrite | None:
    """The rewrite of `text`, proven."""
    rewrite = KOMPRESS.rewrite(Block(text, Call("WebFetch", '{"url":"https://example.org/h"}'), question), budget)
    assert rewrite is None or KOMPRESS.proof(text, rewrite.text)
    return rewrite


def test_plain_lines_go_and_facts_demands_names_and_answers_stay() -> None:
    rewrite = shortened(TEXT)
    assert rewrite is not None
    assert count_tokens(rewrite.text) < 0.8 * count_tokens(TEXT)
    assert all(rewrite.text.count(fact) == 6 for fact in FACTS)
    assert rewrite.text.count("The people of the town like") == PLAIN_PARAGRAPHS


PLAIN_PARAGRAPHS = len(FACTS) * 6 + 1
"""The first line of each paragraph stays."""


def test_every_gap_is_told_in_lines_of_the_original() -> None:
    rewrite = shortened(TEXT)
    assert rewrite is not None
    lines = TEXT.split("\n")
    assert rewrite.omitted
    for gap in rewrite.omitted:
        assert gap.unit == "lines"
        assert not any(fact in lines[gap.first - 1 : gap.last] for fact in FACTS)


def test_without_a_question_or_an_answer_nothing_goes() -> None:
    assert shortened(TEXT, question="") is None
    assert shortened(TEXT, question="Which spaceship lands first?") is None


def test_shortening_twice_is_shortening_once() -> None:
    rewrite = shortened(TEXT)
    assert rewrite is not None
    assert shortened(rewrite.text) is None


def test_for_less_than_a_tenth_nothing_goes() -> None:
    fact = FACTS[1] + " It takes 12 minutes.\n\n"
    assert shortened(f"{fact * 100}{PLAIN}\n{fact * 100}") is None


def test_code_stays_whole_and_so_does_what_the_question_quotes() -> None:
    code = f"```\n{PLAIN * 4}```\n"
    rewrite = shortened(f"{TEXT}\n{code}\n{TEXT}")
    assert rewrite is not None and code in rewrite.text
    line = PLAIN.split("\n")[1]
    rewrite = shortened(TEXT, f'{QUESTION} And who says "{line}"?')
    assert rewrite is None or rewrite.text.count(line) == TEXT.count(line)


@pytest.mark.parametrize("mark", ["- ", "* ", "1. ", "  a) "])
def test_lists_stay_whole(mark: str) -> None:
    items = "".join(mark + line + "\n" for line in PLAIN.split("\n") if line) + "  and so on and on\n"
    rewrite = shortened(TEXT + "\n" + items * 4 + "\n" + TEXT)
    assert rewrite is not None
    assert items * 4 in rewrite.text


def test_columns_stay_whole() -> None:
    row = "evening   barge    lamp\n"
    rewrite = shortened(TEXT + "\n" + row * 30 + "\n" + TEXT)
    assert rewrite is not None
    assert row * 30 in rewrite.text


@given(
    st.lists(
        st.sampled_from([*FACTS, PLAIN, "", "```", "\r", "\ud800", "\x00", "a\u2028b", "[line 3 omitted]"]), max_size=30
    )
)
@settings(max_examples=40)
def test_any_text_is_proven_or_left_alone(pieces: list[str]) -> None:
    KOMPRESS.rewrite(Block("\n".join(pieces), Call(), QUESTION), BUDGET)
    shortened(TEXT + "\n".join(pieces))


class Worth:
    """A scorer that says of each text what the first of its words found in `words` is worth; 0.1 without one."""

    def __init__(self, **words: float) -> None:
        self.words = words
        self.asked: list[str] = []

    def scores(self, texts: Sequence[str]) -> list[float]:
        self.asked += texts
        return [next((worth for word, worth in self.words.items() if word in text), 0.1) for text in texts]


def ranked(text: str, scorer: Worth, budget: Budget = BUDGET) -> Rewrite | None:
    """The rewrite of `text` with a scorer, proven."""
    kompress = KompressCompressor(scorer)
    rewrite = kompress.rewrite(Block(text, Call("WebFetch")), budget)
    assert rewrite is None or kompress.proof(text, rewrite.text)
    return rewrite


def test_with_a_scorer_no_question_is_needed_and_the_same_lines_stay() -> None:
    rewrite = ranked(TEXT, Worth())
    assert rewrite is not None
    assert all(rewrite.text.count(fact) == 6 for fact in FACTS if "thunderstorm" not in fact)
    assert rewrite.text.count("The people of the town like") == PLAIN_PARAGRAPHS
    assert set(rewrite.text.split("\n")) <= {*TEXT.split("\n"), *re.findall(r"^\[lines? .*\]$", rewrite.text, re.M)}


def test_a_scorer_is_asked_about_whole_passages_that_may_go_and_about_nothing_else() -> None:
    scorer = Worth()
    ranked(TEXT, scorer)
    assert scorer.asked
    lines = set(TEXT.split("\n"))
    assert all(set(text.split("\n")) <= lines for text in scorer.asked)
    assert not any(fact in text for text in scorer.asked for fact in FACTS if "thunderstorm" not in fact)


def test_what_is_worth_least_goes_first_and_what_is_worth_keeping_stays() -> None:
    passages = [f"Somebody tells of the {kind} to all who hear it.\n" + PLAIN for kind in ("weather", "lamps", "food")]
    worthy = passages[1].replace("windows", "pleasure of windows")
    text = "# Harbour\n\n" + "\n".join([passages[0], worthy, passages[2].replace("lights", "smoke")] * 10)
    rewrite = ranked(text, Worth(pleasure=0.6, smoke=0.3, lights=0.2), budget=Budget(460, "/o/1"))
    assert rewrite is not None
    lines = text.split("\n")
    gone = ["\n".join(lines[gap.first - 1 : gap.last]) for gap in rewrite.omitted]
    assert gone
    assert not any("pleasure" in gap or "smoke" in gap for gap in gone)


@given(st.lists(st.sampled_from([*FACTS, PLAIN, "", "\ud800", "[line 3 omitted]"]), min_size=30, max_size=60))
@settings(max_examples=30)
def test_with_a_scorer_any_text_is_proven_and_a_result_is_left_alone(pieces: list[str]) -> None:
    rewrite = ranked("\n".join(pieces), Worth())
    assert rewrite is None or ranked(rewrite.text, Worth()) is None


@pytest.mark.parametrize("tokens", [0, 100, 400])
def test_with_a_scorer_no_more_goes_than_the_budget_allows(tokens: int) -> None:
    rewrite = ranked(TEXT, Worth(), budget=Budget(tokens, "/o/1"))
    gone = rewrite.omitted if rewrite else ()
    lines = TEXT.split("\n")
    assert sum(count_tokens("\n".join(lines[gap.first - 1 : gap.last])) for gap in gone) <= tokens


SMALL_TALK = "It is pleasant to sit there and to watch the ducks. Some of them are brown and some of them are green. "
LONG_LINE = (
    f"The basin lies behind the wall. {SMALL_TALK}The gate is 14 metres wide. {SMALL_TALK * 2}"
    "Ships leave with the tide."
)
LONG_LINES = "# Harbour\n\n" + "\n\n".join([*[LONG_LINE] * 9, FACTS[1], *[LONG_LINE] * 9]) + "\n"


def test_of_a_long_line_plain_sentences_go_and_what_tells_something_stays() -> None:
    rewrite = shortened(LONG_LINES)
    assert rewrite is not None
    assert {gap.unit for gap in rewrite.omitted} == {"sentences"}
    assert rewrite.text.count("The gate is 14 metres wide.") == LONG_LINES.count("The gate is 14 metres wide.")
    assert rewrite.text.count("; full text: ") == 1
    assert "14 metres wide. [sentences 5-8 omitted: 44 words of plain text] Ships leave with the tide." in rewrite.text
    assert shortened(rewrite.text) is None


def test_a_sentence_with_an_asked_word_stays() -> None:
    rewrite = shortened(LONG_LINES, question=f"{QUESTION} And what of the ducks?")
    assert rewrite is None or rewrite.text.count("the ducks.") == LONG_LINES.count("the ducks.")


def test_with_a_scorer_sentences_go_by_their_worth() -> None:
    rewrite = ranked(LONG_LINES, Worth())
    assert rewrite is not None
    assert {gap.unit for gap in rewrite.omitted} == {"sentences"}
    assert ranked(LONG_LINES, Worth(ducks=0.9)) is None


@pytest.mark.parametrize("tokens", [100, 400, 700])
def test_sentences_and_lines_share_one_budget(tokens: int) -> None:
    text = LONG_LINES + TEXT
    rewrite = shortened(text, budget=Budget(tokens, "/o/1"))
    assert rewrite is None or count_tokens(text) - count_tokens(rewrite.text) <= tokens
    rewrite = ranked(text, Worth(), budget=Budget(tokens, "/o/1"))
    assert rewrite is None or count_tokens(text) - count_tokens(rewrite.text) <= tokens
