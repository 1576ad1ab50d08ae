"""One form for every gap: where it is, what was there, and, once, where the whole is."""

import pytest

from transforms.contract import Omission
from transforms.lossy.proof import lines_survive
from transforms.marker import Markers

HANDLE = "/home/dev/.headroom/originals/1f2e3d4c5b6a.txt"


def test_a_gap_names_its_first_and_last_line_what_was_there_and_where_the_whole_is() -> None:
    markers = Markers(HANDLE)
    assert markers.gap(120, 480, "361 INFO lines") == (f"[lines 120-480 omitted: 361 INFO lines; full text: {HANDLE}]")
    assert markers.omitted == [Omission("lines", 120, 480)]


def test_later_gaps_of_the_same_block_do_not_name_the_whole_again() -> None:
    markers = Markers(HANDLE)
    told = [markers.gap(3, 9), markers.gap(20, 30, "passed tests"), markers.gap(40, 41)]
    assert told == [
        f"[lines 3-9 omitted; full text: {HANDLE}]",
        "[lines 20-30 omitted: passed tests]",
        "[lines 40-41 omitted]",
    ]
    assert markers.omitted == [Omission("lines", 3, 9), Omission("lines", 20, 30), Omission("lines", 40, 41)]


@pytest.mark.parametrize(("unit", "told"), [("lines", "line"), ("rows", "row"), ("keys", "key")])
def test_a_gap_of_one_is_in_the_singular(unit: str, told: str) -> None:
    markers = Markers("")
    markers.gap(1, 2)
    assert markers.gap(7, 7, unit=unit) == f"[{told} 7 omitted]"
    assert markers.omitted[1] == Omission(unit, 7, 7)


def test_the_markers_of_two_blocks_are_apart() -> None:
    first, second = Markers("/o/1"), Markers("/o/2")
    first.gap(1, 2)
    assert second.gap(1, 2).endswith("; full text: /o/2]")
    assert len(first.omitted) == len(second.omitted) == 1


def test_a_gap_is_what_the_proof_of_lossy_rewrites_reads() -> None:
    markers = Markers(HANDLE)
    shown = "\n".join(["a", markers.gap(2, 3, "more of the same: [x]"), "d", markers.gap(5, 5), ""])
    assert lines_survive("a\nb\nc\nd\ne\n", shown)
    assert not lines_survive("a\nb\nc\nd\nx\ne\n", shown)
