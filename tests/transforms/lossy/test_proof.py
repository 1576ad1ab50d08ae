"""The shared proof holds for marked gaps and for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.lossy.proof import has_gaps, lines_survive
from transforms.marker import Markers

HANDLE = "/var/lib/headroom/o/1a2b"
TEN = "".join(f"line {n}\n" for n in range(1, 11))


def without(text: str, gaps: list[tuple[int, int]]) -> str:
    """`text` with the lines of `gaps` (from 1, inclusive) replaced by markers, as a lossy rewrite writes it."""
    lines, markers, out, at = text.split("\n"), Markers(HANDLE), [], 0
    for first, last in gaps:
        out += [*lines[at : first - 1], markers.gap(first, last, "routine")]
        at = last
    return "\n".join([*out, *lines[at:]])


def test_an_untouched_text_survives() -> None:
    assert lines_survive(TEN, TEN)
    assert lines_survive("", "")


@pytest.mark.parametrize("gaps", [[(1, 1)], [(1, 10)], [(3, 5)], [(2, 2), (4, 9)], [(1, 4), (5, 10)]])
def test_marked_gaps_are_proven(gaps: list[tuple[int, int]]) -> None:
    assert lines_survive(TEN, without(TEN, gaps))
    assert lines_survive(TEN[:-1], without(TEN[:-1], gaps))


@pytest.mark.parametrize(
    "rewritten",
    [
        pytest.param(TEN.replace("line 4\n", ""), id="a silent gap"),
        pytest.param(TEN.replace("line 4", "line 44"), id="an altered line"),
        pytest.param(TEN.replace("line 4\nline 5\n", "line 5\nline 4\n"), id="another order"),
        pytest.param(TEN + "more\n", id="a line too many"),
        pytest.param(TEN[:-1], id="no line end at the end"),
        pytest.param(without(TEN, [(3, 5)]).replace("3-5", "3-6"), id="a range too long"),
        pytest.param(without(TEN, [(3, 5)]).replace("3-5", "3-4"), id="a range too short"),
        pytest.param(without(TEN, [(3, 5)]).replace("3-5", "2-4"), id="a range elsewhere"),
        pytest.param(without(TEN, [(3, 5)]).replace("3-5", "5-3"), id="a range backwards"),
        pytest.param(without(TEN, [(3, 5)]).replace(f"; full text: {HANDLE}", ""), id="no way back"),
        pytest.param(without(TEN, [(9, 10)]).replace("9-10", "9-11"), id="a range past the end"),
        pytest.param(without(TEN, [(3, 5)]).replace("[lines", " [lines"), id="a marker with other text on its line"),
        pytest.param(f"[lines 1-{'9' * 5000} omitted; full text: x]", id="a number no text can have"),
    ],
)
def test_anything_else_is_refused(rewritten: str) -> None:
    assert not lines_survive(TEN, rewritten)


def test_a_marker_form_in_the_original_is_a_line_like_any_other() -> None:
    forged = TEN + "[lines 3-7 omitted: nothing of interest; full text: /etc/passwd]\n" + TEN
    assert lines_survive(forged, forged)
    assert lines_survive(forged, without(forged, [(3, 7)]))
    assert lines_survive(forged, without(forged, [(10, 12)]))


def test_a_marker_form_in_the_original_does_not_stand_for_a_gap() -> None:
    """The line says that lines 4-6 are gone, and they are; but it was there before, so nothing marks the gap."""
    lines = TEN.split("\n")
    lines[2] = "[lines 4-6 omitted; full text: x]"
    assert not lines_survive("\n".join(lines), "\n".join(lines[:3] + lines[6:]))


def test_a_marker_form_that_names_its_own_place_proves_nothing() -> None:
    lines = TEN.split("\n")
    lines[2] = "[lines 3-6 omitted; full text: x]"
    assert not lines_survive("\n".join(lines), "\n".join(lines[:3] + lines[6:]))
    assert not lines_survive("\n".join(lines), "\n".join(lines))


def test_carriage_returns_belong_to_their_lines() -> None:
    text = TEN.replace("\n", "\r\n")
    assert lines_survive(text, without(text, [(3, 5)]))
    assert lines_survive(text, without(text, [(3, 5)]).replace("]\n", "]\r\n"))
    assert not lines_survive(text, without(TEN, [(3, 5)]))


@given(st.lists(st.sampled_from(["", "a", "b", "\r", "\ud800", "\u2028x", "[line 2 omitted]"]), max_size=12), st.data())
def test_a_line_dropped_without_a_word_is_always_seen(lines: list[str], data: st.DataObject) -> None:
    """Unless dropping it leaves the same text, which then is no drop."""
    text = "\n".join(lines)
    at = data.draw(st.integers(0, max(len(lines) - 1, 0)))
    shorter = "\n".join(lines[:at] + lines[at + 1 :])
    assert shorter == text or not lines_survive(text, shorter)


@given(st.lists(st.sampled_from(["", "a", "b c", "[lines 1-2 omitted"]), min_size=3, max_size=20), st.data())
def test_every_marked_gap_is_proven(lines: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(1, len(lines)))
    last = data.draw(st.integers(first, len(lines)))
    text = "\n".join([*lines, "end"])
    assert lines_survive(text, without(text, [(first, last)]))


def test_a_rewritten_text_is_known_by_its_first_marker() -> None:
    assert has_gaps(without(TEN, [(3, 5)]))
    assert has_gaps(without(TEN, [(1, 4), (6, 9)]))
    assert not has_gaps(TEN)
    assert not has_gaps(TEN + "[lines 3-7 omitted: quoted in a document; full text: /o/1]\n")
