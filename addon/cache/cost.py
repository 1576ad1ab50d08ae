"""Whether it pays to break the provider's prompt cache once and rewrite what it holds already.

Prices are in units of one fresh input token: writing to the cache 1.25 (2 for a cache that lasts an hour), reading 0.1
or what the model's price says.
https://platform.claude.com/docs/en/build-with-claude/prompt-caching, https://developers.openai.com/api/docs/guides/prompt-caching
"""

from dataclasses import dataclass

from addon.figures.prices import price_of

WRITE = 1.25
WRITE_HOUR = 2.0
READ = 0.1


def read_price(model: str) -> float:
    """What reading one cached token costs: by the model's list price, where there is one."""
    price = price_of(model.rpartition("/")[2])
    return READ if price is None else price.cached / price.fresh


@dataclass(frozen=True, slots=True)
class Attach:
    """A conversation that began before us."""

    prompt_tokens: int
    """Of the prompt from the first block that would change on, as the client sends it."""
    saved_tokens: int
    """How many of them a rewrite saves."""
    turns: int
    """Turns so far; as many more are expected, the best guess for something of unknown length."""
    write: float = WRITE
    """What writing one token to the cache costs."""
    read: float = READ
    """What reading one costs."""

    @property
    def kept(self) -> float:
        """Cost of this turn and the expected ones when nothing changes: every turn reads all of it."""
        return self.read * self.prompt_tokens * (1 + self.turns)

    @property
    def rewritten(self) -> float:
        """Cost when it is rewritten now: written once, then read."""
        return (self.write + self.read * self.turns) * (self.prompt_tokens - self.saved_tokens)

    @property
    def pays(self) -> bool:
        """Whether rewriting is cheaper."""
        return self.saved_tokens > 0 and self.rewritten < self.kept

    def __str__(self) -> str:
        sign = "<" if self.rewritten < self.kept else ">="
        told = f"{self.saved_tokens} of {self.prompt_tokens} tokens saved, {self.turns} more turns expected"
        return f"rewriting history costs {self.rewritten:.0f} {sign} {self.kept:.0f} for keeping it ({told})"
