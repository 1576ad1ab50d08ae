"""The state folder can be looked at and emptied, and nothing else is touched."""

import io
from contextlib import closing
from pathlib import Path

import pytest

from addon.command import state
from addon.command.cli import main
from addon.store.learned import Learned, Sort
from addon.store.ledger import Decision, key
from addon.store.sqlite_ledger import SqliteLedger
from transforms.contract import Kind, Loss
from transforms.reasons import Reason


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that was used."""
    folder = tmp_path / "home"
    with closing(SqliteLedger.open(folder)) as ledger:
        rewrite = Decision("short", "log_folder", Loss.LOSSY, 100, 40, Reason.COMPRESSED)
        ledger.record({key("a", 0, ""): rewrite, key("b", 0, ""): Decision(None, "none", None, 9, 9, Reason.TOO_SMALL)})
    with closing(Learned(folder)) as learned:
        learned.learn([Sort("Bash", Kind.LOG)] * 4, [Sort("Bash", Kind.LOG)])
    (folder / "originals").mkdir()
    (folder / "originals" / "123456789012345678901").write_text("whole")
    return folder


def test_it_shows_decisions_originals_and_what_was_learned(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["state", "--home", str(home)]) == 0
    shown = capsys.readouterr().out
    assert "2 decisions, 1 of them rewrites that save 60 tokens" in shown
    assert "1 originals" in shown
    assert "Bash log: 4 shortened, 1 asked for again, so 79% of" in shown


def test_the_folder_is_that_of_the_environment(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert state.main([], {"HEADROOM_HOME": str(home)}) == 0
    assert str(home) in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for action in ([], ["--wipe", "--yes"]):
        assert state.main(["--home", str(tmp_path / "none"), *action], {}) == 0
    assert "nothing of ours there" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_wiping_leaves_nothing_of_ours(home: Path) -> None:
    assert state.main(["--home", str(home), "--wipe", "--yes"], {}) == 0
    assert not home.exists()


def test_wiping_asks_before_and_without_anybody_to_ask_nothing_is_deleted(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert state.main(["--home", str(home), "--wipe"], {}) == 1
    assert "--yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert state.main(["--home", str(home), "--wipe"], {}) == 1
    assert home.exists()
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert state.main(["--home", str(home), "--wipe"], {}) == 0
    assert not home.exists()


def test_wiping_leaves_what_is_not_ours_and_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder named by mistake loses nothing but files that are called as ours are."""
    theirs = ["originals/holiday.jpg", "originals/notes/today", "ledger.ods", "ledgers/1", "port.txt", "token.txt"]
    for name in theirs:
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("four years")
    assert state.main(["--home", str(home), "--wipe", "--yes"], {}) == 0
    assert {str(file.relative_to(home)) for file in home.rglob("*") if file.is_file()} == set(theirs)
    told = "Left, as it is not ours: originals/holiday.jpg, originals/notes, ledger.ods, ledgers, port.txt, 1 more\n"
    assert told in capsys.readouterr().out


def test_wiping_deletes_what_stands_beside_our_files_for_a_while(home: Path) -> None:
    unfinished = f".{'1' * 21}.17.0123abcd"
    for name in ("ledger.sqlite-wal", "originals.sqlite-journal", "token.17.0123abcd", f"originals/{unfinished}"):
        (home / name).touch()
    assert state.main(["--home", str(home), "--wipe", "--yes"], {}) == 0
    assert not home.exists()


def test_a_folder_of_originals_that_is_elsewhere_is_emptied_and_the_link_stays(home: Path, tmp_path: Path) -> None:
    elsewhere = (home / "originals").rename(tmp_path / "elsewhere")
    (home / "originals").symlink_to(elsewhere)
    assert state.main(["--home", str(home), "--wipe", "--yes"], {}) == 0
    assert [entry.name for entry in home.iterdir()] == ["originals"]
    assert list(elsewhere.iterdir()) == []


def test_what_was_learned_can_be_forgotten_alone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert state.main(["--home", str(home), "--forget-learned"], {}) == 0
    assert state.main(["--home", str(home)], {}) == 0
    shown = capsys.readouterr().out
    assert "2 decisions" in shown
    assert "Bash" not in shown


def test_a_ledger_that_cannot_be_read_is_an_error_in_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ledger.sqlite").write_bytes(b"no database at all" * 99)
    assert state.main(["--home", str(home)], {}) == 1
    assert capsys.readouterr().err == "headroom-mitm state: file is not a database\n"
