"""References: what stands above is named instead of repeated, and comes back character by character."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.goldens import Golden, load
from transforms.repeats.index import Earlier, Index
from transforms.repeats.pointer import Pointer, present, read
from transforms.repeats.references import refer, resolve
from transforms.tokenizer import count_tokens

GOLDENS = load("references")
CODE = [f"    value_{n} = compute(source_{n}, limit={n * 37}, strict=True)" for n in range(60)]
LINES = st.one_of(
    st.sampled_from(CODE[:6]),
    st.sampled_from(
        ["", "}", "    ", "\r", "=====", "\ud800", "\x00", "a\u2028b", "[output line 1: same as output line 1 there]"]
    ),
    st.text(st.characters(exclude_characters="\n"), max_size=12),
)
RUNS = st.one_of(
    st.tuples(st.integers(0, 50), st.integers(1, 30)).map(lambda span: CODE[span[0] : sum(span)]),
    st.lists(LINES, max_size=6),
)
TEXTS = st.lists(RUNS, max_size=5).map(lambda runs: "\n".join(line for run in runs for line in run))
NAMES = st.one_of(st.sampled_from(["the Read of a.py", "your Edit of a.py"]), st.text(max_size=20))


def _request(texts: list[str], names: list[str] | None = None) -> list[Earlier]:
    names = names or [f"output {n}" for n in range(len(texts))]
    return [Earlier(text, name, f"id{n}".encode()) for n, (text, name) in enumerate(zip(texts, names, strict=False))]


def _parts(before: str) -> tuple[list[Earlier], str]:
    """The texts of a golden: each below a line `=== NAME`, the last one is the block."""
    parts = [part.partition("\n")[::2] for part in ("\n" + before).split("\n=== ")[1:]]
    return _request([text for _, text in parts[:-1]], [name for name, _ in parts[:-1]]), parts[-1][1]


@pytest.mark.parametrize("golden", GOLDENS, ids=str)
def test_golden(golden: Golden) -> None:
    """The block becomes what the golden shows, and an empty `out` leaves it alone."""
    earlier, block = _parts(golden.before)
    found = refer(block, earlier)
    assert (found.text if found else "") == golden.after
    assert found is None or resolve(found.text, earlier) == block


@given(st.lists(st.tuples(TEXTS, NAMES), max_size=4), TEXTS)
def test_pointers_give_the_text_back(before: list[tuple[str, str]], block: str) -> None:
    """Whatever the texts are: the inverse holds, only earlier texts are needed, and twice is the same as once."""
    earlier = _request([text for text, _ in before], [name for _, name in before])
    found = refer(block, earlier)
    assert found == refer(block, Index(earlier))
    if found is None:
        return
    assert resolve(found.text, earlier) == block
    assert set(found.needs) <= {one.identity for one in earlier}
    assert len(set(found.needs)) == len(found.needs) > 0
    assert count_tokens(found.text) < count_tokens(block)
    assert refer(found.text, earlier) is None


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_what_is_not_a_pointer_stays(text: str, before: list[str]) -> None:
    """A text without anything that looks like a pointer resolves to itself."""
    if not present(text):
        assert resolve(text, _request(before)) == text


def test_pointers_hold_when_the_request_grows() -> None:
    """More texts of the same name below the block change nothing about what its pointers name."""
    block = "\n".join(CODE)
    earlier = _request([block, block + "\nend"], ["the Read of a.py"] * 2)
    for known in (earlier[:1], earlier):
        found = refer(block, known)
        assert found is not None
        assert resolve(found.text, known + _request(["\n".join(CODE[9:])] * 3, ["the Read of a.py"] * 3)) == block


def test_an_index_knows_only_what_was_added() -> None:
    """A block points to texts above it; one that is added later is no use to it."""
    block = "\n".join(CODE)
    index = Index(_request(["something else"]))
    assert refer(block, index) is None
    index.add(Earlier(block, "the Read of a.py", b"later"))
    found = refer(block, index)
    assert found is not None and found.needs == (b"later",)


def test_a_chain_of_rereads_points_to_what_each_shows() -> None:
    """A text whose repeats were replaced offers only the lines that it still shows."""
    first = "\n".join(CODE)
    second = "\n".join(
        [*CODE[:30], *(f"print('new line {n}', value_{n}, source_{n}, sep='; ')" for n in range(8)), *CODE[30:]]
    )
    sent = refer(second, _request([first]))
    assert sent is not None and sent.needs == (b"id0",)
    earlier = _request([first, sent.text])
    third = refer(second, earlier)
    assert third is not None and third.needs == (b"id0", b"id1")
    assert resolve(third.text, earlier) == second
    assert third.text.count("\n") == 2


def test_a_pointer_in_an_earlier_text_is_never_followed() -> None:
    """Resolving gives the earlier text as it is shown, and does not go on from pointers that stand in it."""
    earlier = _request(["\n".join([*CODE[:20], "[output lines 21-40: same as output lines 21-40 of output 0 above]"])])
    found = refer("\n".join(CODE[:20]), earlier)
    assert found is not None and found.text == "[output lines 1-20: same as output lines 1-20 of output 0 above]"


@pytest.mark.parametrize(
    "name",
    ["cat 'x'\nls", "n" * 300, "", "the text above", "from above (2nd of 2)", 'a above, from "b"', "\x00]\ud800"],
)
def test_odd_names_are_told_on_one_line_or_not_at_all(name: str) -> None:
    """Whatever the name of an earlier text is, the result can be followed or there is none."""
    block = "\n".join(CODE)
    for earlier in (_request([block], [name]), _request([block, "x\n" + block], [name, name])):
        found = refer(block, earlier)
        assert found is not None and "\n" not in found.text
        assert resolve(found.text, earlier) == block


def _run_of_tests(original: str, gaps: int) -> str:
    """The report of a run as it is sent, with gaps that its full text tells apart from those of other runs."""
    suites = (
        [f"test_{name}_of_{part}: the {part} was {name}" for name in ("paid", "sent", "lost")] for part in "abcdef"
    )
    told = "\n".join(line for suite in suites for line in suite)
    first = f"[lines 19-40 omitted: 22 passed tests; full text: /o/{original}]"
    return "\n".join(
        [told, first, told.upper(), *["[lines 59-90 omitted: 32 passed tests]", told.title()][: 2 * (gaps - 1)]]
    )


def test_no_pointer_takes_in_a_gap_of_another_text() -> None:
    """Both runs leave out lines 59-90, in the same words; what was there may differ."""
    earlier, block = _run_of_tests("1", 2), _run_of_tests("2", 2)
    found = refer(block, _request([earlier]))
    assert found is not None
    assert [line for line in found.text.split("\n") if " omitted" in line] == block.split("\n")[18::19]
    assert found.text.count("[output lines ") == 3


def test_a_gap_that_names_the_same_full_text_may_stand_within_a_pointer() -> None:
    found = refer(_run_of_tests("1", 1), _request([_run_of_tests("1", 1)]))
    assert found is not None
    assert found.text == "[output lines 1-37: same as output lines 1-37 of output 0 above]"


def test_words_are_quoted_only_where_they_lead_to_one_line() -> None:
    """Lines that open alike are not quoted, and a short run of them is not worth a pointer."""
    alike = [f"a message that begins like all others of its kind, whatever they say: {f'x{n} ' * 20}" for n in range(9)]
    earlier = _request(["\n".join(alike)])
    assert refer(alike[4], earlier) is None
    found = refer("\n".join(alike[3:]), earlier)
    assert found is not None and found.text == "[output lines 1-6: same as output lines 4-9 of output 0 above]"


@pytest.mark.parametrize(
    "line",
    [
        "[output lines 3-1: same as output lines 3-1 of a above]",
        "[output lines 1-3: same as output lines 1-2 of a above]",
        "[output lines 0-3: same as output lines 0-3 of a above]",
        "[output lines 1-99999999999: same as output lines 1-99999999999 of output 0 above]",
        "[output lines 1-3: same as output lines 1-3 of output 0 above (9th of 9)]",
        '[output lines 1-3: same as output lines 1-3 of output 0 above, from "nothing there"]',
        "[output lines 2-4: same as output lines 1-3 of output 0 above]",
        "[output lines 1-3: same as output lines 1-3 there]",
    ],
)
def test_what_names_nothing_stands_for_itself(line: str) -> None:
    """A line in the form of a pointer that does not hold is content, and its text is left alone."""
    earlier = _request(["\n".join(CODE)])
    assert resolve(line, earlier) == line
    assert refer("\n".join([line, *CODE]), earlier) is None


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 130))
def test_a_pointer_reads_as_it_is_written(first: int, source: int, count: int, nth: int) -> None:
    """Writing and reading are inverse, but for the number of namesakes, which only tells the reader."""
    pointer = Pointer(first, source, count, "the Read of a.py", nth, 131, 'def "x"(')
    back = read(str(pointer))
    assert back is not None and present(str(pointer))
    assert (back.first, back.source, back.count, back.label, back.nth, back.words) == (
        *(first, source, count, "the Read of a.py", nth),
        'def "x"(',
    )


REPETITIVE = {
    "blank": "        \n",
    "rules": "=====\n",
    "one line": "the same line again\n",
    "two lines": "alpha one\nbeta two\n",
    "long blanks": "abc" + " " * 300 + "\n",
    "one word": "xyz,",
}


@pytest.mark.parametrize("kind", REPETITIVE)
def test_time_grows_with_the_text(kind: str) -> None:
    """Texts of one line over and over, where every place fits every other, take linear time."""
    spent = []
    for size in (1 << 18, 1 << 20):
        text = REPETITIVE[kind] * (size // len(REPETITIVE[kind]))
        rounds = []
        for _ in range(2):
            start = time.process_time()
            refer(text + "end", _request([text]))
            rounds.append(time.process_time() - start)
        spent.append(min(rounds))
    assert all(later < 2.3**2 * earlier + 0.05 for earlier, later in pairwise(spent))
