"""The ledger gives back what was decided first, whatever happened in between."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from addon.store import sqlite_ledger
from addon.store.ledger import Decision, FrontedLedger, LedgerUnavailable, MemoryLedger, key
from addon.store.sqlite_ledger import SqliteLedger
from transforms.contract import Loss, Omission
from transforms.reasons import Reason

REWRITE = Decision("short \ud800 text", "log_folder", Loss.LOSSLESS, 100, 40, Reason.COMPRESSED)
KEEP = Decision(None, "none", None, 100, 100, Reason.TOO_SMALL)
ONE, TWO = key("call_1", 0, "text"), key("call_1", 1, "text")


def execute(home: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What somebody else does to the file."""
    with closing(sqlite3.connect(home / "ledger.sqlite")) as connection, connection:
        return connection.execute(statement, values).fetchall()


type Opener = Callable[[Path], FrontedLedger]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens ledgers and closes them when the test is over."""
    ledgers: list[FrontedLedger] = []

    def open_one(home: Path) -> FrontedLedger:
        ledgers.append(FrontedLedger(SqliteLedger.open(home)))
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
        "ledger = FrontedLedger(SqliteLedger.open(Path(sys.argv[1]))); ledger.record({ONE: REWRITE}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=os.getcwd(), timeout=30, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert opened(tmp_path).recall([ONE]) == {ONE: REWRITE}


def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, opened: Opener) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"this is no database, and long enough to be told from one" * 20)
    ledger = opened(tmp_path)
    assert ledger.record({ONE: KEEP}) == {ONE: KEEP}
    assert (tmp_path / "ledger.damaged").exists()


def test_a_file_that_is_damaged_while_in_use_costs_what_it_held_and_is_set_aside(
    tmp_path: Path, opened: Opener
) -> None:
    ledger = opened(tmp_path)
    ledger.record({key("call", n, "x" * 99): REWRITE for n in range(500)})
    execute(tmp_path, "PRAGMA wal_checkpoint(TRUNCATE)")
    size = (tmp_path / "ledger.sqlite").stat().st_size
    with (tmp_path / "ledger.sqlite").open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (size - 100))
    reader = opened(tmp_path)
    assert reader.recall([ONE]) == {}
    assert reader.record({ONE: KEEP}) == {ONE: KEEP}
    with suppress(LedgerUnavailable):
        ledger.recall([ONE])
    assert ledger.recall([ONE]) == {ONE: KEEP}
    assert (tmp_path / "ledger.damaged").exists()


def test_a_folder_that_is_deleted_while_in_use_is_begun_anew_by_all_who_use_it(tmp_path: Path, opened: Opener) -> None:
    home = tmp_path / "home"
    first, second = opened(home), opened(home)
    first.record({ONE: REWRITE})
    shutil.rmtree(home)
    first.record({TWO: KEEP})
    assert second.record({TWO: REWRITE}) == {TWO: KEEP}
    assert opened(home).recall([ONE, TWO]) == {TWO: KEEP}
    assert first.recall([ONE]) == {ONE: REWRITE}, "what is going on goes on"


def test_a_folder_that_was_not_there_for_a_while_is_used_again(tmp_path: Path, opened: Opener) -> None:
    home = tmp_path / "home"
    ledger = opened(home)
    ledger.record({ONE: REWRITE})
    home.rename(tmp_path / "elsewhere")
    home.write_text("in the way")
    for _ in range(2):
        with pytest.raises(LedgerUnavailable):
            ledger.record({TWO: KEEP})
    home.unlink()
    (tmp_path / "elsewhere").rename(home)
    ledger.record({TWO: KEEP})
    assert opened(home).recall([ONE, TWO]) == {ONE: REWRITE, TWO: KEEP}


def test_a_newer_schema_is_left_alone_and_said_to_be_unavailable(tmp_path: Path, opened: Opener) -> None:
    opened(tmp_path).close()
    execute(tmp_path, "PRAGMA user_version=99")
    with pytest.raises(LedgerUnavailable, match="newer version"):
        opened(tmp_path)


def test_an_older_schema_is_set_aside_like_a_damaged_file(tmp_path: Path, opened: Opener) -> None:
    opened(tmp_path).close()
    execute(tmp_path, "PRAGMA user_version=1")
    assert opened(tmp_path).record({ONE: KEEP}) == {ONE: KEEP}
    assert (tmp_path / "ledger.damaged").exists()


def test_a_folder_that_cannot_be_made_is_said_to_be_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LedgerUnavailable):
        SqliteLedger.open(tmp_path / "file" / "home")


def test_a_table_that_is_gone_is_an_unavailable_ledger_not_a_crash(tmp_path: Path, opened: Opener) -> None:
    ledger = opened(tmp_path)
    execute(tmp_path, "DROP TABLE decisions")
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
    execute(tmp_path, "UPDATE decisions SET used_day = used_day - 29")
    opened(tmp_path).recall([ONE])
    execute(tmp_path, "UPDATE decisions SET used_day = used_day - 2")
    ledger = opened(tmp_path)
    ledger.prune()
    assert ledger.recall([ONE, TWO]) == {ONE: KEEP}


def test_what_is_too_old_or_too_much_goes_also_from_a_ledger_that_stays_open(
    tmp_path: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(tmp_path)
    ledger.record({ONE: KEEP, TWO: REWRITE, b"3": KEEP})
    for key_of, days in ((ONE, 31), (TWO, 1)):
        execute(tmp_path, "UPDATE decisions SET used_day = used_day - ? WHERE key = ?", days, key_of)
    ledger.prune()
    assert _stored(tmp_path) == {TWO, b"3"}
    monkeypatch.setattr(sqlite_ledger, "KEEP_ROWS", 1)
    ledger.prune()
    assert _stored(tmp_path) == {b"3"}


def test_a_large_ledger_of_which_all_is_due_is_forgotten_a_part_at_a_time(
    tmp_path: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tmp_path).record({bytes([n]): KEEP for n in range(7)})
    execute(tmp_path, "UPDATE decisions SET used_day = used_day - 31")
    monkeypatch.setattr(sqlite_ledger, "_FORGOTTEN_AT_ONCE", 3)
    ledger = opened(tmp_path)
    for left in (4, 1, 0):
        ledger.prune()
        assert len(_stored(tmp_path)) == left
    ledger.record({bytes([n]): KEEP for n in range(6)})
    monkeypatch.setattr(sqlite_ledger, "KEEP_ROWS", 1)
    ledger.prune()
    assert len(_stored(tmp_path)) == 3


def test_of_what_is_too_much_the_oldest_goes_first(
    tmp_path: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(tmp_path)
    ledger.record({bytes([age]): KEEP for age in range(20)})
    for age in range(20):
        execute(tmp_path, "UPDATE decisions SET used_day = used_day - ? WHERE key = ?", age, bytes([age]))
    monkeypatch.setattr(sqlite_ledger, "KEEP_ROWS", 12)
    monkeypatch.setattr(sqlite_ledger, "_FORGOTTEN_AT_ONCE", 5)
    for left in (15, 12, 12):
        ledger.prune()
        assert _stored(tmp_path) == {bytes([age]) for age in range(left)}


def test_opening_forgets_nothing_and_makes_no_index_of_what_is_there(tmp_path: Path, opened: Opener) -> None:
    """A request waits for it, however large the ledger is."""
    opened(tmp_path).record({ONE: KEEP})
    execute(tmp_path, "UPDATE decisions SET used_day = used_day - 31")
    execute(tmp_path, "DROP INDEX by_day")
    ledger = opened(tmp_path)
    assert _stored(tmp_path) == {ONE}
    assert _indexes(tmp_path) == set()
    ledger.prune()
    assert _stored(tmp_path) == set()
    assert _indexes(tmp_path) == {"by_day"}


def test_a_new_ledger_has_its_index_from_the_beginning(tmp_path: Path, opened: Opener) -> None:
    opened(tmp_path)
    assert _indexes(tmp_path) == {"by_day"}


def _indexes(home: Path) -> set[str]:
    return {name for (name,) in execute(home, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql NOT NULL")}


def _stored(home: Path) -> set[bytes]:
    return {key for (key,) in execute(home, "SELECT key FROM decisions")}


def test_forgetting_reads_no_decision_however_many_there_are(tmp_path: Path) -> None:
    ledger = SqliteLedger.open(tmp_path)
    statements: list[str] = []
    ledger._connection.set_trace_callback(statements.append)
    ledger.prune()
    ledger._connection.set_trace_callback(None)
    plans = [
        (step, statement)
        for statement in statements
        if statement.startswith("DELETE")
        for *_, step in ledger._connection.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]
    assert len(plans) >= 2
    ledger.close()
    assert [plan for plan in plans if plan[0].startswith("SCAN") and "USING COVERING INDEX" not in plan[0]] == []


def test_the_memory_is_bounded_and_forgets_what_was_used_least() -> None:
    ledger = MemoryLedger(limit=1700)
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
    with suppress(LedgerUnavailable):
        ledger.record({TWO: KEEP})
    assert ledger.record({TWO: KEEP}) == {TWO: KEEP}, "written again once the lock is gone"


def test_a_ledger_that_another_process_writes_is_read_without_waiting(tmp_path: Path, opened: Opener) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    first.record({ONE: REWRITE})
    with sqlite3.connect(tmp_path / "ledger.sqlite") as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        assert second.recall([ONE]) == {ONE: REWRITE}
        assert time.monotonic() - started < 0.2
        other.rollback()
    other.close()


_FILLING = """
import resource, sys; from pathlib import Path
from tests.addon.store.test_ledger import *
ledger = FrontedLedger(SqliteLedger.open(Path(sys.argv[1])))
ledger.record({ONE: REWRITE})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
recorded = 0
try:
    while True:
        ledger.record({key("call", recorded, ""): replace(REWRITE, replacement=str(recorded) * 1000)})
        recorded += 1
except LedgerUnavailable as error:
    print(recorded, sorted(ledger.recall([ONE, key("call", recorded, "")])) == [ONE], ledger.recall([ONE])[ONE] == REWRITE)
"""


def test_on_a_full_disk_nothing_new_is_recorded_and_all_that_was_is_read(tmp_path: Path, opened: Opener) -> None:
    command = [sys.executable, "-c", _FILLING, str(tmp_path)]
    done = subprocess.run(command, cwd=os.getcwd(), timeout=60, check=True, capture_output=True, text=True)
    recorded, *held = done.stdout.split()
    assert held == ["True", "True"]
    ledger = opened(tmp_path)
    assert len(ledger.recall(key("call", n, "") for n in range(int(recorded) + 5))) == int(recorded) > 3


_WRITING = """
import sys; from pathlib import Path
from tests.addon.store.test_ledger import *
ledger = FrontedLedger(SqliteLedger.open(Path(sys.argv[1])))
for number in range(10**6):
    ledger.record({key("call", number, ""): replace(REWRITE, replacement=str(number) * 300)})
    print(number, flush=True)
"""


def test_killed_in_the_middle_of_writing_all_that_was_promised_is_there(tmp_path: Path, opened: Opener) -> None:
    for _ in range(3):
        command = [sys.executable, "-c", _WRITING, str(tmp_path)]
        with subprocess.Popen(command, cwd=os.getcwd(), stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            promised = [int(next(writer.stdout)) for _ in range(40)]
            writer.kill()
            promised += [int(line) for line in writer.stdout if line.endswith("\n")]
    wanted = {key("call", number, ""): str(number) * 300 for number in promised}
    found = opened(tmp_path).recall(wanted)
    assert {k: decision.replacement for k, decision in found.items()} == wanted


def test_a_read_only_folder_is_read(tmp_path: Path, opened: Opener) -> None:
    """Root may write anywhere, so the file is opened as SQLite opens it where nobody may."""
    opened(tmp_path).record({ONE: REWRITE})
    ledger = SqliteLedger.open(tmp_path)
    ledger._connection.close()
    ledger._connection = sqlite3.connect(f"{(tmp_path / 'ledger.sqlite').as_uri()}?mode=ro", uri=True)
    assert ledger.recall([ONE]) == {ONE: REWRITE}
    with pytest.raises(LedgerUnavailable, match="readonly"):
        ledger.record({TWO: KEEP})
    ledger.close()


def test_a_reason_of_a_newer_version_is_replayed_all_the_same(tmp_path: Path, opened: Opener) -> None:
    opened(tmp_path).record({ONE: REWRITE, TWO: KEEP})
    for word in (REWRITE.reason, KEEP.reason):
        execute(tmp_path, "UPDATE decisions SET decision = replace(decision, ?, 'of_next_year')", word)
    found = opened(tmp_path).recall([ONE, TWO])
    assert found[ONE] == REWRITE
    assert found[TWO] == replace(KEEP, reason=Reason.NO_TRANSFORM)


def test_a_row_that_cannot_be_read_is_an_unavailable_ledger_and_nothing_is_recorded_beside_it(
    tmp_path: Path, opened: Opener
) -> None:
    opened(tmp_path).record({ONE: REWRITE})
    execute(tmp_path, "UPDATE decisions SET decision = substr(decision, 1, 20)")
    ledger = opened(tmp_path)
    with pytest.raises(LedgerUnavailable):
        ledger.recall([ONE])
    with pytest.raises(LedgerUnavailable):
        ledger.record({ONE: KEEP, TWO: KEEP})
    assert ledger.recall([TWO]) == {}


def test_what_left_without_being_recorded_is_remembered_while_the_process_lives(tmp_path: Path, opened: Opener) -> None:
    ledger = opened(tmp_path)
    ledger.hold({ONE: KEEP})
    assert ledger.recall([ONE]) == {ONE: KEEP}
    assert opened(tmp_path).recall([ONE]) == {}


def test_what_is_only_held_gives_way_to_what_another_process_has_on_record(tmp_path: Path, opened: Opener) -> None:
    first, second = opened(tmp_path), opened(tmp_path)
    held = replace(KEEP, reason=Reason.LEDGER_UNAVAILABLE)
    first.hold({ONE: held, TWO: held})
    second.record({ONE: REWRITE})
    second.learn(first.news())
    for ledger in (first, second, first):
        assert ledger.recall([ONE, TWO]) == {ONE: REWRITE, TWO: held}
    third = opened(tmp_path / "store that fails")
    third.close()
    third.learn({ONE: held})
    assert third.recall([ONE]) == {ONE: held}
    third.learn({ONE: REWRITE})
    assert third.recall([ONE]) == {ONE: REWRITE}


OMITTED = (("1" * 21, Omission("lines", 3, 90)), ("1" * 21, Omission("lines", 95, 300)))


def test_what_was_left_out_is_remembered_with_the_decision(tmp_path: Path) -> None:
    decision = replace(REWRITE, omitted=OMITTED)
    first = SqliteLedger.open(tmp_path)
    first.record({b"k" * 16: decision})
    first.close()
    second = SqliteLedger.open(tmp_path)
    assert second.recall([b"k" * 16]) == {b"k" * 16: decision}
    second.close()
