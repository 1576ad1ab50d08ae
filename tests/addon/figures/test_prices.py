"""Prices: which names they are found by, and what they are for long prompts."""

import pytest

from addon.figures.prices import price_of
from addon.wire.usage import Usage


@pytest.mark.parametrize(
    "name", ["claude-opus-5-5", "claude-opus-5-5-20260922", "claude-opus-5-5[1m]", "gpt-6.1-sol-2026-09-29"]
)
def test_a_snapshot_costs_what_its_model_does(name: str) -> None:
    assert price_of(name) is not None


@pytest.mark.parametrize("name", ["", "gpt-6.1-sol-mini", "claude-opus-9", "llama-4"])
def test_a_model_that_is_not_listed_has_no_price(name: str) -> None:
    assert price_of(name) is None


def test_a_response_costs_by_kind_of_token() -> None:
    price = price_of("claude-sonnet-5-5")
    assert price is not None
    usage = Usage(input_tokens=1_000_000, cached_tokens=600_000, written_tokens=300_000, output_tokens=100_000)
    assert price.of(usage) == pytest.approx(0.1 * 2 + 0.6 * 0.1 + 0.3 * 2.5 + 0.1 * 10)


def test_a_long_prompt_has_prices_of_its_own() -> None:
    price = price_of("gpt-6.1-sol")
    assert price is not None
    assert price.for_prompt(272_000) == price
    assert (price.for_prompt(272_001).fresh, price.for_prompt(272_001).output) == (4, 15)
