"""List prices of models, as their providers publish them: US dollars for a million tokens, standard service.

Only what stands on a provider's own page is here; any other model has no price, and what it costs is not guessed.
OpenAI: https://developers.openai.com/api/docs/pricing, Anthropic: https://platform.claude.com/docs/en/about-claude/pricing
(5-minute cache writes).
"""

import re
from dataclasses import dataclass, replace

from addon.wire.usage import Usage

PRICES_OF = "2026-11-20"
"""The day on which the table was held against the pages above."""
_MILLION = 1_000_000
_DATED = re.compile(r"(?:-\d{8}|-\d{4}-\d{2}-\d{2})?(?:\[1m\])?$")
"""What providers put behind a model's name: the day of a snapshot, Claude Code's mark for a long context."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one model's tokens cost."""

    fresh: float
    """Input that is neither read from the cache nor written to it."""
    cached: float
    """Input read from the prompt cache."""
    written: float
    """Input written to the prompt cache."""
    output: float
    long_prompt: int = 0
    """From more input tokens than this on, the whole request has other prices; 0: never."""
    long_input: float = 1.0
    long_output: float = 1.0
    """By how much input and output then cost more."""

    def for_prompt(self, input_tokens: int) -> "Price":
        """The prices that hold for a prompt of this size."""
        if not self.long_prompt or input_tokens <= self.long_prompt:
            return self
        k = self.long_input
        return replace(
            self,
            fresh=k * self.fresh,
            cached=k * self.cached,
            written=k * self.written,
            output=self.long_output * self.output,
        )

    def of(self, usage: Usage) -> float:
        """Dollars for one response's figures."""
        prompt = usage.fresh_tokens * self.fresh + usage.cached_tokens * self.cached
        return (prompt + usage.written_tokens * self.written + usage.output_tokens * self.output) / _MILLION

    def of_first(self, tokens: int, usage: Usage) -> float:
        """Dollars that new input costs beside these figures: it is written to the cache, where there is one."""
        return tokens * (self.written if usage.written_tokens else self.fresh) / _MILLION

    def of_again(self, tokens: int, usage: Usage) -> float:
        """Dollars that input of earlier turns costs: it is read from the cache, where that held."""
        return tokens * (self.cached if usage.cached_tokens else self.fresh) / _MILLION

    def of_lost(self, tokens: int) -> float:
        """Dollars more that input costs which had to be written to the cache anew instead of being read from it."""
        return tokens * max(0.0, self.written - self.cached) / _MILLION


_SOL = 272_000
_PRICES = {
    "claude-fable-5-1": Price(10, 0.25, 12.5, 50),
    "claude-fable-5": Price(10, 1, 12.5, 50),
    "claude-opus-5-5": Price(4, 0.2, 5, 20),
    "claude-opus-5": Price(5, 0.5, 6.25, 25),
    "claude-opus-4-8": Price(5, 0.5, 6.25, 25),
    "claude-opus-4-7": Price(5, 0.5, 6.25, 25),
    "claude-opus-4-6": Price(5, 0.5, 6.25, 25),
    "claude-opus-4-5": Price(5, 0.5, 6.25, 25),
    "claude-sonnet-5-5": Price(2, 0.1, 2.5, 10),
    "claude-sonnet-5": Price(2, 0.2, 2.5, 10),
    "claude-haiku-5-5": Price(0.1, 0.01, 0.125, 0.5, long_prompt=100_000, long_input=5, long_output=5),
    "gpt-6.2-sol": Price(2, 0.1, 2.5, 10, long_prompt=_SOL, long_input=2, long_output=1.5),
    "gpt-6.1-sol": Price(2, 0.1, 2.5, 10, long_prompt=_SOL, long_input=2, long_output=1.5),
    "gpt-6-sol": Price(2, 0.2, 2.5, 10, long_prompt=_SOL, long_input=2, long_output=1.5),
    "gpt-6-luna": Price(0.1, 0.01, 0.125, 0.5, long_prompt=_SOL, long_input=2, long_output=1.5),
}


def price_of(model: str) -> Price | None:
    """The price of a model by the name that the provider's answer gives, or None where none is published here."""
    return _PRICES.get(_DATED.sub("", model.lower()))
