"""The ledger gives back what was decided first, whatever happened in between."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from addon.store.ledger import Decision, LedgerUnavailable, MemoryLedger, SqliteLedger, key
from transforms.contract import Loss
from transforms.reasons import Reason

REWRITE = Decision("short \ud800 text", "log_folder", Loss.LOSSLESS, 100, 40, Reason.COMPRESSED)
KEEP = Decision(None, "none", None, 100, 100, Reason.TOO_SMALL)
ONE, TWO = key("call_1", 0, "text"), key("call_1", 1, "text")


type Opener = Callable[[Path], SqliteLedger]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens ledgers and closes them when the test is over."""
    ledgers: list[SqliteLedger] = []

    def open_one(home: Path) -> SqliteLedger:
        ledgers.append(SqliteLedger.open(home))
        return ledgers[-1]

    yield open_one
    for ledger in ledgers:
        ledger.close()


def test_the_key_tells_id_part_and_text_apart() -> None:
    keys = {
        key("a", 0, "b"),
        key("a", 1, "b"),
        key("ab", 0, ""),
        key("", 0, "ab"),
        key("a", 0, "\ud800"),
        key("a", 0, "é"),
    }
    assert len(keys) == 6
    assert key("a", 0, "b") == key("a", 0, "b")


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_the_first_writer_wins(kind: str, tmp_path: Path, opened: Opener) -> None:
    ledger = MemoryLedger() if kind == "memory" else opened(tmp_path)
    assert ledger.record({ONE: REWRITE}) == {ONE: REWRITE}
    assert ledger.record({ONE: KEEP, TWO: KEEP}) == {ONE: REWRITE, TWO: KEEP}
    assert ledger.recall([ONE, TWO, b"missing"]) == {ONE: REWRITE, TWO: KEEP}


def test_decisions_survive_a_restart_and_are_shared_between_processes(tmp_path: Path, opened: Opener) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    first.record({ONE: REWRITE})
    assert second.record({ONE: KEEP}) == {ONE: REWRITE}
    first.close()
    assert opened(tmp_path).recall([ONE]) == {ONE: REWRITE}


def test_what_was_recorded_survives_kill_9(tmp_path: Path, opened: Opener) -> None:
    script = (
        "import sys, os, signal; from pathlib import Path; from tests.addon.store.test_ledger import *\n"
        "ledger = SqliteLedger.open(Path(sys.argv[1])); ledger.record({ONE: REWRITE}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=os.getcwd(), timeout=30, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert opened(tmp_path).recall([ONE]) == {ONE: REWRITE}


def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, opened: Opener) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"this is no database, and long enough to be told from one" * 20)
    ledger = opened(tmp_path)
    assert ledger.record({ONE: KEEP}) == {ONE: KEEP}
    assert (tmp_path / "ledger.damaged").exists()


def test_a_newer_schema_is_left_alone_and_said_to_be_unavailable(tmp_path: Path, opened: Opener) -> None:
    opened(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(LedgerUnavailable, match="newer version"):
        opened(tmp_path)


def test_a_folder_that_cannot_be_made_is_said_to_be_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LedgerUnavailable):
        SqliteLedger.open(tmp_path / "file" / "home")


def test_a_table_that_is_gone_is_an_unavailable_ledger_not_a_crash(tmp_path: Path, opened: Opener) -> None:
    ledger = opened(tmp_path)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("DROP TABLE decisions")
    connection.close()
    with pytest.raises(LedgerUnavailable):
        ledger.recall([ONE])
    with pytest.raises(LedgerUnavailable):
        ledger.record({ONE: KEEP})


def test_the_state_is_readable_by_its_owner_only(tmp_path: Path, opened: Opener) -> None:
    opened(tmp_path / "home").record({ONE: KEEP})
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    for file in (tmp_path / "home").iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_rows_unused_for_a_month_go_and_used_ones_stay(tmp_path: Path, opened: Opener) -> None:
    opened(tmp_path).record({ONE: KEEP, TWO: REWRITE})
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("UPDATE decisions SET used_day = used_day - 29")
    connection.close()
    opened(tmp_path).recall([ONE])
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("UPDATE decisions SET used_day = used_day - 2")
    connection.close()
    assert opened(tmp_path).recall([ONE, TWO]) == {ONE: KEEP}


def test_the_memory_is_bounded_and_forgets_what_was_used_least() -> None:
    ledger = MemoryLedger(limit=700)
    ledger.record({b"a": KEEP, b"b": KEEP, b"c": KEEP})
    ledger.recall([b"a"])
    ledger.record({b"d": KEEP})
    assert set(ledger.recall([b"a", b"b", b"c", b"d"])) == {b"a", b"c", b"d"}


def test_a_ledger_that_cannot_be_written_is_still_read(tmp_path: Path, opened: Opener) -> None:
    """A full or read-only disk: running conversations go on as they were sent, also after a restart."""
    opened(tmp_path).record({ONE: REWRITE})
    with sqlite3.connect(tmp_path / "ledger.sqlite") as other:
        other.execute("BEGIN EXCLUSIVE")
        ledger = opened(tmp_path)
        assert ledger.recall([ONE]) == {ONE: REWRITE}
        with pytest.raises(LedgerUnavailable):
            ledger.record({TWO: KEEP})
        other.rollback()
    other.close()
