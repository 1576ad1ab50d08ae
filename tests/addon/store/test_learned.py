"""A tool whose shortened outputs are asked for again is shortened less, and recovers slowly."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from addon.store.learned import FILE, Experience, Learned, Sort
from transforms.contract import Kind

BASH, GREP = Sort("Bash", Kind.LOG), Sort("Grep", Kind.SEARCH)


@pytest.fixture
def learned(tmp_path: Path) -> Iterator[Learned]:
    made = Learned(tmp_path / "home")
    yield made
    made.close()


def share(learned: Learned, sort: Sort) -> float:
    """What a sort of output gets of the lossy budget."""
    return learned.shares().get(sort.tool, {}).get(sort.kind, 1.0)


def test_nothing_is_held_against_a_tool_that_nothing_is_known_of(learned: Learned) -> None:
    assert learned.all() == []
    assert share(learned, BASH) == 1.0


def test_the_share_falls_with_every_question_and_recovers_slowly(learned: Learned) -> None:
    learned.learn([BASH] * 4, [BASH] * 2)
    low = share(learned, BASH)
    assert 0 < low < 1
    learned.learn([BASH] * 2, [])
    assert low < share(learned, BASH) < low + 0.2
    learned.learn([], [BASH] * 20)
    assert share(learned, BASH) == 0.0


def test_tools_are_counted_apart_and_survive_a_restart(learned: Learned, tmp_path: Path) -> None:
    learned.learn([BASH, GREP], [GREP])
    learned.close()
    again = Learned(tmp_path / "home")
    assert again.all() == [Experience(BASH, 1, 0), Experience(GREP, 1, 1)]
    again.close()


def test_what_is_asked_for_again_is_held_against_its_kind_only(learned: Learned) -> None:
    learned.learn([BASH] * 4, [BASH] * 3)
    assert share(learned, BASH) < 0.6
    assert share(learned, Sort("Bash", Kind.JSON)) == 1.0


def test_old_experience_counts_less(learned: Learned) -> None:
    learned.learn([BASH] * 250, [BASH] * 10)
    assert learned.all() == [Experience(BASH, 125, 5)]


def test_names_that_never_come_again_do_not_pile_up_and_cost_no_other_tool_its_experience(learned: Learned) -> None:
    learned.learn([BASH] * 60, [BASH] * 12)
    for call in range(2_500):
        learned.learn([Sort(f"mcp__session_{call}__run", Kind.LOG)], [])
        if call % 100 == 0:
            learned.write()
    known = learned.all()
    assert len(known) <= 1_100
    assert BASH in [experience.sort for experience in known]
    assert share(learned, BASH) < 0.9


def test_it_can_be_reset(learned: Learned) -> None:
    learned.learn([BASH], [BASH])
    assert learned.all() != []
    learned.learn([BASH], [BASH])
    learned.reset()
    assert learned.all() == []


def test_an_unusable_folder_costs_the_learning_only(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    learned = Learned(tmp_path / "home")
    learned.learn([BASH], [])
    assert share(learned, BASH) == 1.0


def test_a_folder_that_is_deleted_costs_what_was_learned_and_nothing_that_comes_after(
    learned: Learned, tmp_path: Path
) -> None:
    learned.learn([BASH], [BASH])
    learned.write()
    shutil.rmtree(tmp_path / "home")
    assert learned.shares() == {}
    learned.learn([GREP], [])
    learned.close()
    again = Learned(tmp_path / "home")
    assert again.all() == [Experience(GREP, 1, 0)]
    again.close()


def test_a_kind_that_only_a_newer_version_has_costs_nothing_of_what_is_known(learned: Learned, tmp_path: Path) -> None:
    learned.learn([BASH] * 2, [BASH] * 2)
    low = share(learned, BASH)
    with closing(sqlite3.connect(tmp_path / "home" / FILE)) as newer, newer:
        newer.execute("INSERT INTO learned_of_kinds VALUES ('Bash', 'hologram', 3, 3)")
    assert share(learned, BASH) == low < 1
    assert [known.sort for known in learned.all()] == [BASH]


def test_the_file_is_readable_by_its_owner_only(learned: Learned, tmp_path: Path) -> None:
    learned.learn([BASH], [])
    learned.write()
    assert (tmp_path / "home" / "learned.sqlite").stat().st_mode & 0o077 == 0
