"""Gaps within lines: which stretches of a text go within a budget, and the text without them.

Contract: pure, linear in the text. At most the budget's tokens go, the largest stretches first.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from transforms.contract import Omission, Rewrite
from transforms.lossy.gaps import Choice
from transforms.tokenizer import count_tokens

MIN_TOKENS = 100
"""Of a stretch that is worth its marker."""
_CLOSE = 0.95
"""Of the share of a stretch that fits a budget: tokens are not spread evenly in it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of the text, in characters from 0."""

    what: str
    """What stands there, as a marker names it."""
    start: int
    end: int


def long_lines(text: str, least: int) -> Iterator[tuple[int, str]]:
    """The lines of so many characters, each with the place where it starts."""
    start = 0
    for line in text.split("\n"):
        if len(line) >= least:
            yield start, line
        start += len(line) + 1


def choose(
    text: str, stretches: Sequence[Stretch], tokens: int, cut: Callable[[str, int, int], int]
) -> Choice[Stretch]:
    """The stretches that fit into `tokens`; of one that does not, the end that does.

    `cut` takes the text, where such an end may start, and where it stops, and says where it starts, there or later.
    """
    chosen, at_limit = list[Stretch](), False
    for stretch in sorted(stretches, key=lambda stretch: (stretch.start - stretch.end, stretch.start)):
        cost = count_tokens(text[stretch.start : stretch.end])
        if cost < MIN_TOKENS:
            continue
        if cost > tokens:
            at_limit = True
            fits = int((stretch.end - stretch.start) * (tokens / cost) * _CLOSE)
            stretch = replace(stretch, start=cut(text, stretch.end - fits, stretch.end))
            cost = count_tokens(text[stretch.start : stretch.end])
        if MIN_TOKENS <= cost <= tokens:
            chosen.append(stretch)
            tokens -= cost
    return Choice(sorted(chosen, key=lambda stretch: stretch.start), at_limit)


def leave_out(text: str, choice: Choice[Stretch], handle: str, told: Callable[[str, Stretch], str]) -> Rewrite | None:
    """The text with a marker in place of each gap; the first one names the `handle` too.

    `told` takes the text and a gap, and gives what stands in the brackets.
    """
    if not choice.gaps:
        return Rewrite.none_of(text, at_limit=choice.at_limit)
    out: list[str] = []
    at, source = 0, f"; full text: {handle}"
    for gap in choice.gaps:
        out += [text[at : gap.start], f"[{told(text, gap)}{source}]"]
        at, source = gap.end, ""
    omitted = tuple(Omission("characters", gap.start + 1, gap.end) for gap in choice.gaps)
    return Rewrite("".join([*out, text[at:]]), omitted, at_limit=choice.at_limit)
