"""Laws 4 and 5 over every transform: proven, deterministic, idempotent, within its budget, nothing invented."""

import hashlib
import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.texts import FORGED, Sample, mutated, mutated_samples, samples
from transforms.call import Call
from transforms.catalog import TRANSFORMS
from transforms.contract import Block, Budget, Kind, Loss, Rewrite, Transform
from transforms.tokenizer import count_tokens

ROOT = Path(__file__).parent.parent.parent
HANDLE = "/home/dev/.headroom/originals/1f2e3d4c5b6a.txt"
NOTHING = Budget(0, "")
_ANY_TEXT = st.text().map(lambda text: Sample("any text", Kind.TEXT, Block(text, Call())))
LOSSY = tuple(transform for transform in TRANSFORMS if transform.loss is Loss.LOSSY)
OTHERS = tuple(transform for transform in TRANSFORMS if transform.loss is not Loss.LOSSY)


def named(transform: Transform) -> str:
    return transform.name


every_transform = pytest.mark.parametrize("transform", TRANSFORMS, ids=named)
every_lossy_transform = pytest.mark.parametrize("transform", LOSSY, ids=named)
every_other_transform = pytest.mark.parametrize("transform", OTHERS, ids=named)


@dataclass(frozen=True, slots=True)
class Result:
    """A sample that a transform rewrites."""

    sample: Sample
    budget: Budget
    rewrite: Rewrite

    @property
    def before(self) -> str:
        return self.sample.block.text

    @property
    def after(self) -> str:
        return self.rewrite.text

    @property
    def own_lines(self) -> list[str]:
        """Lines that do not stand in the original so: legends, markers, folded lines."""
        known = set(self.before.split("\n"))
        return [line for line in self.after.split("\n") if line not in known]


def budget_for(text: str, share: float = 0.45) -> Budget:
    return Budget(int(count_tokens(text) * share), HANDLE)


def results(transform: Transform) -> tuple[Result, ...]:
    """What the transform makes of the samples of its kinds."""
    return _results()[transform.name]


@cache
def _results() -> dict[str, tuple[Result, ...]]:
    return {transform.name: tuple(_rewritten(transform)) for transform in TRANSFORMS}


def _rewritten(transform: Transform) -> Iterator[Result]:
    for sample in samples():
        if sample.kind in transform.kinds:
            budget = budget_for(sample.block.text)
            rewrite = transform.rewrite(sample.block, budget)
            if rewrite is not None:
                yield Result(sample, budget, rewrite)


@cache
def forged() -> tuple[str, ...]:
    """Lines in the notation of every transform, as another text's rewrite has them."""
    lines = {line for transform in TRANSFORMS for result in results(transform) for line in result.own_lines[:4]}
    return (*FORGED, *sorted(lines))


@every_transform
def test_every_transform_finds_something_to_do_in_the_samples(transform: Transform) -> None:
    """Or the other laws would hold for nothing."""
    assert results(transform)


@every_transform
def test_a_real_text_is_rewritten_to_fewer_tokens_and_proven(transform: Transform) -> None:
    for result in results(transform):
        assert transform.proof(result.before, result.after), result.sample
        assert count_tokens(result.after) < count_tokens(result.before), result.sample


@every_transform
def test_the_same_block_is_rewritten_the_same_way(transform: Transform) -> None:
    for result in results(transform):
        assert transform.rewrite(result.sample.block, result.budget) == result.rewrite, result.sample


def fingerprint() -> str:
    """A hash of all that the transforms make of the samples."""
    texts = [f"{t.name} {r.sample} {r.after} {r.rewrite.omitted}" for t in TRANSFORMS for r in results(t)]
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def test_another_process_with_another_hash_seed_rewrites_the_same_way() -> None:
    program = "from tests.laws.test_transforms import fingerprint; print(fingerprint())"
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4294967295"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == fingerprint()


@every_transform
def test_a_result_is_left_as_it_is(transform: Transform) -> None:
    for result in results(transform):
        again = transform.rewrite(replace(result.sample.block, text=result.after), result.budget)
        assert again is None or again.text == result.after, result.sample


@every_transform
@settings(max_examples=60)
@given(st.data())
def test_any_text_is_taken_and_a_proven_result_keeps_the_laws(transform: Transform, data: st.DataObject) -> None:
    """Whatever a text holds, our own notation too, nothing raises, and what is proven is idempotent."""
    block = data.draw(st.one_of(mutated_samples(transform.kinds, forged()), _ANY_TEXT)).block
    budget = budget_for(block.text, data.draw(st.floats(0.01, 1)))
    rewrite = transform.rewrite(block, budget)
    if rewrite in (None, Rewrite(block.text, at_limit=True)) or not transform.proof(block.text, rewrite.text):
        return
    again = transform.rewrite(replace(block, text=rewrite.text), budget)
    assert again is None or again.text == rewrite.text
    if transform.loss is Loss.LOSSY:
        assert (dropped_lines(block.text, rewrite) or dropped_or_saved(block.text, rewrite)) <= budget.tokens
        assert budget.handle in rewrite.text


@every_transform
@settings(max_examples=60)
@given(st.data())
def test_any_pair_of_texts_is_compared(transform: Transform, data: st.DataObject) -> None:
    """A proof answers for whatever it is given; a damaged result that it lets pass differs in nothing that counts."""
    result = data.draw(st.sampled_from(results(transform)))
    choice = data.draw(st.randoms(use_true_random=False))
    damaged = mutated(result.after, choice, forged())
    assert transform.proof(mutated(result.before, choice, forged()), damaged) in (True, False)
    assert transform.proof(result.before, damaged) in (True, False)


@every_transform
def test_hardly_a_result_on_damaged_text_is_thrown_away(transform: Transform) -> None:
    """An unproven result is never used, and has cost its time. Trees that lost a line cannot be drawn again."""
    choice = Random(transform.name)
    of_its_kinds = [sample for sample in samples() if sample.kind in transform.kinds]
    made = unproven = 0
    for _ in range(150):
        text = mutated(choice.choice(of_its_kinds).block.text, choice)
        rewrite = transform.rewrite(Block(text, Call()), budget_for(text))
        if rewrite is not None:
            made += 1
            unproven += not transform.proof(text, rewrite.text)
    assert unproven <= made * 0.3, f"{unproven} of {made}"


@every_transform
def test_a_result_proves_nothing_for_another_text(transform: Transform) -> None:
    others = [sample.block.text for sample in samples()]
    for result in results(transform):
        assert not transform.proof(result.before, "")
        assert not transform.proof("", result.after)
        for other in others:
            assert other == result.before or not transform.proof(other, result.after), result.sample
            assert other == result.before or not transform.proof(result.before, other), result.sample


@every_transform
def test_what_is_added_taken_away_or_swapped_is_noticed(transform: Transform) -> None:
    """Where there is an inverse, two orders of lines may stand for the same text."""
    for result in results(transform):
        lines = result.after.split("\n")
        middle = len(lines) // 2
        for place in {0, middle, len(lines)}:
            added = "\n".join([*lines[:place], "nobody wrote this line 4711", *lines[place:]])
            assert not transform.proof(result.before, added), f"{result.sample}: a line added at {place}"
        for place in range(0, len(lines) - 1, max(1, len(lines) // 20)):
            this, other = lines[place : place + 2]
            taken = "\n".join([*lines[:place], *lines[place + 1 :]])
            assert not this.strip() or not transform.proof(result.before, taken), f"{result.sample}: without {this!r}"
            swapped = "\n".join([*lines[:place], other, this, *lines[place + 2 :]])
            harmless = this == other or transform.loss is Loss.LOSSLESS
            assert harmless or not transform.proof(result.before, swapped), f"{result.sample}: {this!r} swapped"


@every_transform
def test_a_changed_digit_is_noticed(transform: Transform) -> None:
    """Anywhere but in what explains: how to read the text, and what stood in a gap."""
    for result in results(transform):
        text = result.after
        places = [m.start() for m in re.finditer(r"\d", text) if not in_explanation(text, m.start())]
        for place in places[:: max(1, len(places) // 40)]:
            digit = str((int(text[place]) + 1) % 10)
            changed = text[:place] + digit + text[place + 1 :]
            line = text[text.rfind("\n", 0, place) + 1 :].partition("\n")[0]
            assert not transform.proof(result.before, changed), f"{result.sample}: digit {place} of {line[:200]!r}"


_EXPLAINED = re.compile(
    r"^\[[a-z]+ [\d-]+ omitted.*\]\r?$|\[[\w -]+ omitted[^\n\]]*\]|^\((?:JSON|YAML|records)[^\n]*", re.MULTILINE
)
"""Markers, on a line of their own or within one, and the legend of rewritten JSON."""


def in_explanation(text: str, place: int) -> bool:
    start = text.rfind("\n", 0, place) + 1
    line = text[start:].partition("\n")[0]
    return any(m.start() <= place - start < m.end() for m in _EXPLAINED.finditer(line))


@every_other_transform
def test_without_loss_the_budget_is_ignored_and_nothing_is_omitted(transform: Transform) -> None:
    for result in results(transform):
        assert result.rewrite.omitted == ()
        for budget in (NOTHING, Budget(0, HANDLE), Budget(10**6, "")):
            assert transform.rewrite(result.sample.block, budget) == result.rewrite, result.sample


@every_lossy_transform
@pytest.mark.parametrize("budget", [NOTHING, Budget(0, HANDLE), Budget(1000, "")], ids=str)
def test_without_a_budget_or_a_way_back_nothing_is_dropped(transform: Transform, budget: Budget) -> None:
    for result in results(transform):
        assert transform.rewrite(result.sample.block, budget) is None, result.sample


@every_lossy_transform
@pytest.mark.parametrize("share", [0.05, 0.15, 0.25, 0.45, 0.8])
def test_at_most_the_budget_is_dropped_and_every_gap_is_named(transform: Transform, share: float) -> None:
    for result in results(transform):
        budget = budget_for(result.before, share)
        rewrite = transform.rewrite(result.sample.block, budget)
        if rewrite is None or rewrite == Rewrite(result.before, at_limit=True):
            continue
        assert dropped_tokens(result.before, rewrite) <= budget.tokens, result.sample
        assert transform.proof(result.before, rewrite.text), result.sample
        assert rewrite.omitted, result.sample
        assert rewrite.text.count(f"; full text: {HANDLE}]") == 1, result.sample
        assert rewrite.text.count(" omitted") >= len(rewrite.omitted), result.sample


@every_lossy_transform
@pytest.mark.parametrize("share", [0.02, 0.05, 0.15, 0.25])
def test_where_a_larger_budget_would_let_more_go_the_result_says_so(transform: Transform, share: float) -> None:
    for result in results(transform):
        block = result.sample.block
        rewrite, more = (transform.rewrite(block, budget_for(result.before, share)) for share in (share, 1.0))
        if rewrite is None or not rewrite.at_limit:
            assert rewrite == more, result.sample
        assert more is None or not more.at_limit, result.sample


def dropped_tokens(text: str, rewrite: Rewrite) -> int:
    """What stood in the gaps; where that is not lines or rows of one array, what the transform says, or the saving."""
    if {gap.unit for gap in rewrite.omitted} == {"rows"} and text.startswith("[{"):
        rows = [row for gap in rewrite.omitted for row in json.loads(text)[gap.first - 1 : gap.last]]
        return count_tokens(json.dumps(rows, separators=(",", ":"))[1:-1])
    return dropped_lines(text, rewrite) or dropped_or_saved(text, rewrite)


def dropped_lines(text: str, rewrite: Rewrite) -> int:
    """Tokens of the lines that stood in the gaps; 0 where these are not of lines alone."""
    if {gap.unit for gap in rewrite.omitted} != {"lines"}:
        return 0
    lines = text.split("\n")
    return sum(count_tokens("\n".join(lines[gap.first - 1 : gap.last])) for gap in rewrite.omitted)


def dropped_or_saved(text: str, rewrite: Rewrite) -> int:
    return count_tokens(text) - count_tokens(rewrite.text) if rewrite.dropped is None else rewrite.dropped


@every_transform
def test_no_word_is_invented(transform: Transform) -> None:
    """What is no word of the original is one of the notation's own, which stand in the transforms' source."""
    for result in results(transform):
        known = words(result.before) | words(_CODES.sub(" ", result.before)) | words(unescaped(result.before))
        invented = words(unescaped(_EXPLAINED.sub("", result.after))) - known - notation()
        assert not invented, f"{result.sample}: {sorted(invented)[:10]}"


@every_transform
@settings(max_examples=60)
@given(st.data())
def test_no_number_path_or_identifier_is_invented_in_any_text(transform: Transform, data: st.DataObject) -> None:
    """However a text is damaged: every one in what is proven stands in the original, but for counts of our own."""
    block = data.draw(mutated_samples(transform.kinds, forged())).block
    rewrite = transform.rewrite(block, budget_for(block.text))
    if rewrite is None or not transform.proof(block.text, rewrite.text):
        return
    text, own = block.text, unicode_unescaped(_COUNTED.sub(" ", _EXPLAINED.sub(" ", rewrite.text)))
    page = html.unescape(text)
    plain = (text, page, re.sub(r"<[^>]*>", "", page), unescaped(text), unicode_unescaped(text))
    known = {atom for spelling in (*plain, *displayed(text), _CODES.sub(" ", text)) for atom in atoms_of(spelling)}
    letters = set(re.findall(r"^([A-Z]{1,2}) = ", rewrite.text, re.MULTILINE))
    spelled = atoms_of(own) & atoms_of(_CODES.sub(" ", own)) & atoms_of(unescaped(own))
    invented = spelled - known - letters - own_words()
    assert not {atom for atom in invented if len(atom) > 1}, sorted(invented)[:10]


_COUNTED = re.compile(
    r"\[(?:the line above|then the same|grouped|rows without|lines|page markup|column|output lines)[^\n]*\]|"
    r"[\[{]\d+ rows$|(?:(?<=[\t+\n])|(?<=row: )|(?<=rows: ))\d+:|(?<![\w.])\*\d+|^[A-Z]{1,2}(?= = )",
    re.MULTILINE,
)
"""Our own counts and places: lines that are said again, rows of a table, the place of a key, a value told elsewhere."""


def atoms_of(text: str) -> set[str]:
    """Numbers of any length, and names of two characters and more."""
    return set(re.findall(r"\d+|[^\W\d]\w+", text))


def displayed(text: str) -> Iterator[str]:
    """What a terminal shows: of every line, what stood on it whenever the cursor was about to go back."""
    if not _CONTROL.search(text):
        return
    for spelling in (_CODES.sub("", text), _CODES.sub("", re.sub(r"[\x00-\x07]", "", text))):
        yield re.sub(r"[\x00-\x09\x0b-\x1f]", "", spelling)
        for line in filter(_CONTROL.search, spelling.split("\n")):
            yield from _painted(line)
    yield re.sub(r"[\x00-\x08]", " ", text)


def _painted(line: str) -> Iterator[str]:
    cells: list[str] = []
    at = 0
    for stroke in re.findall(r"\x08+|\r|[^\x08\r]+", line):
        if stroke[0] in "\x08\r":
            yield "".join(cells)
            at = max(0, at - len(stroke)) if stroke[0] == "\x08" else 0
        else:
            cells[at : at + len(stroke)] = stroke
            at += len(stroke)
    yield "".join(cells)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


@cache
def own_words() -> set[str]:
    """The words of the notation, short ones too; numbers are none."""
    source = "".join(path.read_text() for path in (ROOT / "transforms").rglob("*.py"))
    return {atom for atom in atoms_of(source) if not atom.isdecimal()}


def unicode_unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)


_CODES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]")


def words(text: str) -> set[str]:
    """Names and numbers of four characters and more."""
    return set(re.findall(r"\w{4,}", text))


def unescaped(text: str) -> str:
    """Without the escapes of JSON that would grow together with the word behind them."""
    return re.sub(r'\\[bfnrt"\\/]', " ", text)


@cache
def notation() -> set[str]:
    """The words in the source of the transforms; numbers are none."""
    source = "".join(path.read_text() for path in sorted((ROOT / "transforms").rglob("*.py")))
    return {word for word in words(source) if not word.isdecimal()}
