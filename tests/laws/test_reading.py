"""The reverse check: every line of an output is a line of the input, stands for one by the words at its top, is the text
of one, or is a marker. Over everything recorded, and with `--corpus FOLDER` over the requests of a folder besides.
"""

import re
from collections.abc import Iterator
from functools import cache

import pytest

from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import parse
from tests.laws.reading import Step, Watched, untraced
from tests.laws.texts import samples
from tests.recorded import bodies
from transforms.catalog import TRANSFORMS
from transforms.contract import Block
from transforms.rewriting import BlockRewrite, Bounds, rewrite_block
from transforms.tokenizer import count_tokens

HANDLE = "/home/dev/.headroom/originals/1f2e3d4c5b6a.txt"
_LONGEST = 400_000
"""Characters of a request's outputs in all: the check is to take seconds, not minutes."""


def blocks_of(body: bytes) -> Iterator[Block]:
    detected = detect(parse(body))
    for slot in detected.slots if isinstance(detected, Detected) else ():
        yield Block(slot.text, slot.call, slot.question)


def rewritten(block: Block) -> tuple[BlockRewrite, list[Step]]:
    """What becomes of a block, and every step on the way there."""
    watched = [Watched(transform) for transform in TRANSFORMS]
    result = rewrite_block(block, watched, Bounds(0.45, lambda _text: HANDLE), lambda work: work())
    return result, [step for transform in watched for step in transform.steps]


@cache
def steps() -> tuple[Step, ...]:
    """All that is done to the samples and to what was recorded, each on its own and in the order of the catalog."""
    blocks = [sample.block for sample in samples()]
    blocks += [block for body in bodies() for block in blocks_of(body.body) if len(block.text) < _LONGEST]
    return tuple({step: None for block in dict.fromkeys(blocks) for step in rewritten(block)[1]})


@pytest.mark.parametrize("name", [transform.name for transform in TRANSFORMS])
def test_every_line_stands_for_something_in_the_text_before(name: str) -> None:
    own = [step for step in steps() if step.name == name]
    assert own, "nothing to read"
    for step in own:
        assert untraced(step) == []


@pytest.mark.parametrize("name", [transform.name for transform in TRANSFORMS])
def test_a_changed_word_or_number_stands_for_nothing(name: str) -> None:
    """Or the check above would hold for nothing."""
    noticed = tried = 0
    for step in [step for step in steps() if step.name == name][:6]:
        lines = step.after.split("\n")
        for at in range(len(lines) // 2, len(lines))[:40]:
            is_marker = " omitted" in lines[at] and lines[at].endswith("]")
            if re.search(r"\w", lines[at]) and not is_marker:
                changed = re.sub(r"\w+(?=\W*$)", lambda found: f"9{found[0]}7", lines[at])
                after = "\n".join([*lines[:at], changed, *lines[at + 1 :]])
                tried += 1
                noticed += bool(untraced(Step(name, step.before, after)))
    assert tried
    assert noticed >= tried * 0.8, f"{noticed} of {tried}"


def test_every_line_of_a_corpus_stands_for_something(request: pytest.FixtureRequest) -> None:
    folder = request.config.getoption("--corpus")
    if folder is None:
        pytest.skip("no --corpus")
    read = 0
    for path in sorted(folder.glob("*.json")):
        for block in blocks_of(path.read_bytes()):
            result, made = rewritten(block)
            for step in made:
                assert untraced(step) == [], (path.name, step.name)
            read += bool(made)
            assert result.tokens_after <= result.tokens_before
            assert count_tokens(result.text) <= count_tokens(block.text)
    assert read
