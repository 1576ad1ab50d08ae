"""Breaking the cache once pays only for much saved and many turns to come."""

import pytest

from addon.cache.cost import READ, WRITE_HOUR, Attach, read_price


@pytest.mark.parametrize(
    ("saved", "turns", "pays"),
    [
        (0, 100, False),
        (100, 100, False),
        (500, 5, False),
        (500, 12, True),
        (900, 2, True),
        (300, 40, True),
        (300, 20, False),
    ],
)
def test_it_pays_for_much_saved_and_many_turns(saved: int, turns: int, pays: bool) -> None:
    assert Attach(prompt_tokens=1000, saved_tokens=saved, turns=turns).pays is pays


def test_a_cache_of_an_hour_is_dearer_to_write() -> None:
    assert Attach(1000, 500, 12).pays
    assert not Attach(1000, 500, 12, write=WRITE_HOUR).pays


def test_a_model_whose_cached_tokens_cost_less_is_rewritten_later() -> None:
    assert read_price("anthropic/claude-opus-5-5-20260901") < read_price("claude-sonnet-4-5") == READ
    assert not Attach(1000, 500, 12, read=read_price("claude-opus-5-5")).pays


def test_models_without_a_price_are_taken_to_be_as_most() -> None:
    assert read_price("somebody/model") == read_price("claude-opus-4-8") == READ
    assert read_price("gpt-6.2-sol") == pytest.approx(0.05)


def test_the_sum_can_be_read() -> None:
    assert str(Attach(1000, 500, 12)) == (
        "rewriting history costs 1225 < 1300 for keeping it (500 of 1000 tokens saved, 12 more turns expected)"
    )
