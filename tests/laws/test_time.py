"""Law 9 over every transform: the time it takes is linear in the text, for every form and for what no tool writes."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.laws.forms import FORMS, Form
from tests.laws.texts import ODD
from transforms.call import Call
from transforms.catalog import TRANSFORMS
from transforms.contract import Block, Budget, Loss, Transform
from transforms.table_sampler import TableSampler

pytestmark = pytest.mark.usefixtures("no_garbage_collection")

SIZES, SIZES_OF_RUNS = (1 << 17, 1 << 18, 1 << 19), (1 << 14, 1 << 15, 1 << 16)
PER_DOUBLING = 2.6
"""2 is linear; the rest is for memory and caches. On the mean of the doublings, since a single time may be off."""
QUICK = 0.25
"""Seconds for the longest text below which nothing is compared: what is quadratic takes many times as long."""
TRIES = 5
"""The least of several measurements counts: a busy machine makes single ones longer, none shorter."""
REPEATED = (
    *(" ", "\n", "a", "a ", "a\n\n", "0 ", "[[1],", '{"a":', "\\", "\x1b[31m", "a\x08", "├── ", "│   ", "<p>", "<a href="),
    *("a/", "a:1:", "a-1-", "+", "% ", "5%\r", "━", "#", ",", "ab.c/", "at x.y(Z.java:1)\n", "PASSED ", "[1] "),
    *("Aa0", "1\t", "| a ", "diff --git a/x b/x\n", "@@ -1 +1 @@\n", "&amp;", "2026-02-11 "),
)  # fmt: skip
"""Pieces besides the odd ones, of which a long run may be slow to read."""


def seconds(transform: Transform, block: Block) -> tuple[float, bool]:
    """CPU time of a rewrite and its proof, and whether there was one."""
    budget = Budget(len(block.text) // 8, "/o/1f2e3d4c.txt")
    started = time.process_time()
    if (rewrite := transform.rewrite(block, budget)) is not None:
        transform.proof(block.text, rewrite.text)
    return time.process_time() - started, rewrite is not None


def assert_linear(
    transform: Transform,
    write: Callable[[int], str],
    call: Call,
    sizes: tuple[int, ...],
    asked: Callable[[str], str] = lambda text: "",
) -> None:
    texts = [write(size) for size in sizes]
    least, rewritten = [float("inf")] * len(sizes), [True] * len(sizes)
    for attempt in range(TRIES):
        for at in reversed(range(len(sizes))):
            block = Block(
                texts[at] + "\n" * attempt, call, asked(texts[at])
            )  # never the same twice: some remember the last text
            took, rewritten[at] = seconds(transform, block)
            least[at] = min(least[at], took)
            if least[-1] < QUICK:
                return
        first = rewritten.index(rewritten[-1])  # a shorter text may be declined, which is quick
        if least[-1] <= PER_DOUBLING ** (len(sizes) - 1 - first) * least[first]:
            return
    pytest.fail(f"{transform.name}: seconds {least} for {sizes} characters of {texts[0][:40]!r}")


def words_of(text: str) -> str:
    """A question that names all there is in a text."""
    return text.replace(",", " ").replace("\t", " ")


@pytest.mark.parametrize("form", {form.kind: form for form in FORMS}.values(), ids=lambda form: form.name)
def test_a_question_that_grows_with_the_text_changes_nothing_in_that(form: Form) -> None:
    for transform in TRANSFORMS:
        if form.kind in transform.kinds and transform.loss is Loss.LOSSY:
            assert_linear(transform, form.text, form.call, SIZES, words_of)


def test_nor_do_thousands_of_rows_that_it_names() -> None:
    def write(size: int) -> str:
        return "id,name,state\n" + "".join(f"{n},Name{n},open\n" for n in range(size // 17))

    assert_linear(TableSampler(), write, Call("Bash", "{}"), SIZES, words_of)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_twice_the_text_takes_twice_the_time(form: Form) -> None:
    for transform in TRANSFORMS:
        if form.kind in transform.kinds:
            assert_linear(transform, form.text, form.call, SIZES)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.name)
def test_no_run_of_one_piece_takes_longer_than_its_length(transform: Transform) -> None:
    """What regular expressions that backtrack, and recursion, cannot stand."""
    for piece in (*ODD, *REPEATED):
        assert_linear(transform, partial(repeated, piece), Call(), SIZES_OF_RUNS)


def repeated(piece: str, characters: int) -> str:
    return piece * (characters // len(piece))
