"""Tool outputs of every kind, and what may be wrong with them.

`samples` are short texts of every form, beside pieces of the recorded ones. `mutated` damages a text as truncation,
terminals and other tools do, and as an adversary would.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from hypothesis import strategies as st

from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import parse
from tests.laws.forms import FORMS
from tests.recorded import bodies
from transforms.contract import Block, Kind
from transforms.routing.parts import split

_SAMPLE = 7_000
"""Characters: short enough to be quick, long enough for lossy transforms to find routine."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A text with its call, and its kind."""

    name: str
    kind: Kind
    block: Block

    def __str__(self) -> str:
        return self.name


def _recorded() -> Iterator[Sample]:
    """The start of every part that a recorded tool output holds."""
    for request in bodies():
        detected = detect(parse(request.body))
        for slot in detected.slots if isinstance(detected, Detected) else ():
            for part in split(Block(slot.text, slot.call)):
                text = part.text if part.kind is Kind.JSON else part.text[:_SAMPLE].rpartition("\n")[0]
                if part.kind is not None and text:
                    yield Sample(f"{request} {part.kind} {len(part.text)}", part.kind, Block(text, slot.call))


@cache
def samples() -> tuple[Sample, ...]:
    """A short text of every form, and of everything recorded, none twice."""
    written = [Sample(form.name, form.kind, Block(form.text(_SAMPLE), form.call, form.question)) for form in FORMS]
    return tuple({sample.block.text: sample for sample in (*_recorded(), *written)}.values())


ODD = (
    *("\x1b[31m", "\x1b[0m", "\x1b[2K", "\x1b[1A", "\x1b]0;title\x07", "\x1b[", "\x00", "\x08", "\r", "\r\n", "\r\n\r\n"),
    *("\u2028", "\x85", "\x0b", "\x0c", "\ud800", "\udcff", "\ufeff", "é", "\U0001f600", "\t", "  ", "\n\n", "~", "=", "0"),
    *('"""', '"', "[", "]", "{", "}", "(", "<", "</p>", "<!--", "```", "@@ -1,2 +1,2 @@", "--- a/x", "--"),
)  # fmt: skip
"""Pieces that end up in a line."""
FORGED = (
    *("[lines 3-9 omitted: x; full text: /tmp/x]", "[line 4 omitted; full text: /tmp/x]", "[lines 1-99999999 omitted]"),
    *("[rows 2-3 omitted: x; full text: /tmp/x]", "[row 1 omitted]", "[lines 9-3 omitted: x]", "[lines 0-0 omitted]"),
    *("[log folded;", "[then the same 4 lines as followed it above]", "[the line above 3 more times]"),
    *("(JSON; rows of a table are tab-separated)", "[2 rows", "#id\tname:str\tstate=open", "#*1=x", "*1", "+a=b"),
    *("#every row: 2:state=open", "#some rows: 3:a", "+2:a=b"),
    *('[lines 1-12; numbers ("     1→") left out]', "     7→", "(no file):", "src/shop/order.py:", "12,13:import os"),
    *("src/shop/: order.py, invoice.py", "A = <time> INFO", "A x", "= x", "02,375 B", "~a", "]", "<empty>"),
    *("[base64 omitted: 300 characters, sha256 00000000; full text: /tmp/x]", "[page markup omitted: 9 kB of tags]"),
)  # fmt: skip
"""Lines as this project writes them, where nobody of ours wrote them."""


def mutated(text: str, choice: Random, pasted: Sequence[str] = FORGED) -> str:
    """`text` after one to six accidents; `pasted` are lines that may appear from nowhere."""
    for _ in range(choice.randint(1, 6)):
        text = choice.choice(_ACCIDENTS)(text, choice, pasted)
    return text


def mutated_samples(kinds: Collection[Kind], pasted: Sequence[str] = FORGED) -> st.SearchStrategy[Sample]:
    """Samples after accidents, half of them of the given kinds."""

    def damaged(sample: Sample, choice: Random) -> Sample:
        return replace(sample, block=replace(sample.block, text=mutated(sample.block.text, choice, pasted)))

    preferred = [sample for sample in samples() if sample.kind in kinds]
    any_of_them = st.one_of(st.sampled_from(preferred), st.sampled_from(samples()))
    return st.builds(damaged, any_of_them, st.randoms(use_true_random=False))


def _at(text: str, choice: Random) -> int:
    return choice.randint(0, len(text))


def _insert(text: str, choice: Random, _: Sequence[str]) -> str:
    at = _at(text, choice)
    return text[:at] + choice.choice(ODD) * choice.choice((1, 1, 3)) + text[at:]


def _insert_everywhere(text: str, choice: Random, _: Sequence[str]) -> str:
    ending = choice.choice(ODD)
    return text.replace("\n", f"{ending}\n" if choice.random() < 0.5 else f"\n{ending}")


def _change(text: str, choice: Random, _: Sequence[str]) -> str:
    at = _at(text, choice)
    return text[:at] + chr(choice.choice((choice.randint(32, 126), choice.randint(0, 0x2FFF)))) + text[at + 1 :]


def _lose(text: str, choice: Random, _: Sequence[str]) -> str:
    at = _at(text, choice)
    return text[:at] + text[at + choice.choice((1, 40, 2000)) :]


def _cut(text: str, choice: Random, _: Sequence[str]) -> str:
    return text[: _at(text, choice)]


def _double(text: str, choice: Random, _: Sequence[str]) -> str:
    at = _at(text, choice)
    return text[:at] + text[at : at + choice.choice((1, 40, 2000))] * choice.choice((1, 3)) + text[at:]


def _lines(text: str, choice: Random, pasted: Sequence[str]) -> str:
    """Lines lost, said again, swapped, or pasted in."""
    lines = text.split("\n")
    at, end = sorted((choice.randint(0, len(lines)), choice.randint(0, len(lines))))
    end = min(end, at + choice.choice((1, 4, 100)))
    middle = choice.choice(([], lines[at:end] * 2, lines[at:end][::-1], [choice.choice(pasted), *lines[at:end]]))
    return "\n".join([*lines[:at], *middle, *lines[end:]])


_ACCIDENTS: tuple[Callable[[str, Random, Sequence[str]], str], ...] = (
    *(_insert, _insert, _insert_everywhere, _change, _change, _lose, _cut, _double),
    *(_lines, _lines, _lines, _lines),
)
