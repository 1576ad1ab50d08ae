"""Originals: plain files, for their owner's eyes, kept as long as they are used, and no marker ever points to nothing."""

import multiprocessing
import os
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from addon.store import shelf
from addon.store.originals import Found, Originals, named_in
from addon.store.shelf import Gone, Source

DAY = 86_400
CALL = Source("Bash", '{"command": "cat log"}')


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Originals]:
    opened = Originals(home)
    yield opened
    opened.close()


def keep(store: Originals, text: str, *, days_ago: float = 0) -> Path:
    """Save `text` as if it had been used for the last time some days ago."""
    store.save([text], CALL)
    with store._shelf._transaction() as table:
        used = int(time.time() - days_ago * DAY)
        table.execute("UPDATE originals SET used = ? WHERE id = ?", (used, store.id_of(text)))
    return store.path_of(store.id_of(text))


def state(store: Originals, text: str) -> object:
    """`there`, why it is gone, or None."""
    found = store.find(store.id_of(text))
    return "there" if isinstance(found, Found) else found and found.gone


@pytest.mark.parametrize("text", ["", "plain\n", "a\r\nb\rc\u2028d\x00", "é漢😀", "\ud800 lone \udcff", "x" * 100_000])
def test_a_text_comes_back_from_its_file_byte_for_byte(store: Originals, text: str) -> None:
    path = keep(store, text)
    assert path.read_bytes() == text.encode("utf-8", "surrogatepass")
    assert path.is_absolute()
    found = store.find(store.id_of(text))
    assert isinstance(found, Found)
    assert (found.data, found.source.tool) == (path.read_bytes(), "Bash")


def test_the_folder_and_the_files_are_for_their_owner_only(store: Originals, home: Path) -> None:
    previous = os.umask(0)
    try:
        path = keep(store, "secret")
    finally:
        os.umask(previous)
    assert {entry.name: entry.stat().st_mode & 0o777 for entry in home.iterdir() if "sqlite" in entry.name} == {
        name: 0o600 for name in ("originals.sqlite", "originals.sqlite-journal")
    }
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_an_id_is_of_the_text_and_of_the_folder_and_cannot_be_told_from_the_text_alone(
    store: Originals, home: Path, tmp_path: Path
) -> None:
    again, elsewhere = Originals(home), Originals(tmp_path / "other")
    assert store.id_of("a") == again.id_of("a")
    assert store.id_of("a") != store.id_of("b")
    assert store.id_of("a") != elsewhere.id_of("a"), "its key is the folder's own"
    assert not store.path_of(store.id_of("a")).exists(), "to ask for an id keeps nothing"
    again.close()
    elsewhere.close()


@pytest.mark.parametrize("name", ["", "../token", "1" * 20, "1" * 22, "1f2e3d4c5b6a", "١" * 21])
def test_what_is_no_id_names_no_file(store: Originals, name: str) -> None:
    with pytest.raises(ValueError):
        store.path_of(name)


def test_the_same_text_is_kept_once_and_counts_as_used_again(store: Originals) -> None:
    path = keep(store, "a", days_ago=29)
    store.save(["a", "b", "a"], CALL)
    assert len(list(path.parent.iterdir())) == 2
    keep(store, "b", days_ago=31)
    store.prune()
    assert [state(store, text) for text in "ab"] == ["there", Gone.EXPIRED]


def test_a_file_that_a_power_cut_left_short_is_written_again(store: Originals) -> None:
    path = keep(store, "x" * 1000)
    path.write_bytes(b"")
    store.save(["x" * 1000], CALL)
    assert path.stat().st_size == 1000


def test_nothing_unfinished_is_left_behind(store: Originals) -> None:
    path = keep(store, "x" * 10_000)
    assert list(path.parent.iterdir()) == [path]
    unfinished, notes = path.with_name(f".{path.name}.1.abcd0123"), path.with_name("notes.txt")
    for file in (unfinished, notes):
        file.touch()
        os.utime(file, (1, 1))
    store.prune()
    assert {*path.parent.iterdir()} == {path, notes}, "what is not ours is not touched"
    assert store.find("9" * 21) is None


@pytest.mark.parametrize("name", [f".{'2' * 21}.5.abcdef12", "2" * 21])
def test_what_another_process_takes_away_meanwhile_keeps_nothing_else_from_the_record(
    name: str, store: Originals, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, "x")
    (home / "originals" / ("1" * 21)).write_text("found")
    listed = os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: [*listed(folder), name])
    store.prune()
    found = store.find("1" * 21)
    assert isinstance(found, Found)
    assert store._shelf.look("1" * 21) is not None


def test_what_was_used_long_ago_goes_and_what_was_used_lately_stays(store: Originals) -> None:
    keep(store, "old", days_ago=31)
    keep(store, "new", days_ago=29)
    store.prune()
    assert state(store, "old") is Gone.EXPIRED
    assert state(store, "new") == "there"
    assert state(store, "never kept") is None


def test_of_many_that_are_due_at_once_each_round_removes_a_part(
    store: Originals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "_EXPIRED_AT_ONCE", 2)
    for text in "abc":
        keep(store, text, days_ago=31)
    store.prune()
    assert sorted(str(state(store, text)) for text in "abc") == ["expired", "expired", "there"]


def test_of_too_much_the_least_recently_used_goes_but_nothing_of_a_running_conversation(
    store: Originals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "_KEEP_BYTES", 2500)
    for n in range(1, 3):
        keep(store, str(n) * 1000, days_ago=n + 0.1)
    keep(store, "3" * 1000)
    assert [state(store, str(n) * 1000) for n in (1, 2, 3)] == ["there", Gone.EVICTED, "there"]
    store.save(["4" * 1000], CALL)
    with pytest.raises(OSError, match="running conversations"):
        store.save(["5" * 1000], CALL)
    assert [state(store, str(n) * 1000) for n in (3, 4, 5)] == ["there", "there", None]


def test_how_much_is_there_is_known_without_adding_up(store: Originals, monkeypatch: pytest.MonkeyPatch) -> None:
    def held() -> tuple[int, int]:
        with store._shelf._transaction() as table:
            (added_up,) = table.execute("SELECT COALESCE(SUM(size), 0) FROM originals WHERE gone = ''").fetchone()
            return shelf._held_bytes(table), added_up

    def check(*expected: str) -> None:
        total = sum(map(len, expected))
        assert held() == (total, total)

    old = keep(store, "a" * 1000, days_ago=31)
    check("a" * 1000)
    keep(store, "b" * 700, days_ago=2)
    keep(store, "b" * 700)
    check("a" * 1000, "b" * 700)
    store.prune()
    assert not old.exists()
    check("b" * 700)
    keep(store, "a" * 1000, days_ago=2)
    store._shelf.drop([store.id_of("b" * 700)])
    check("a" * 1000)
    store.prune()
    check("a" * 1000, "b" * 700)  # its file is there and was taken in again
    monkeypatch.setattr(shelf, "_KEEP_BYTES", 1800)
    store.save(["c" * 1000], CALL)
    check("b" * 700, "c" * 1000)


def test_what_a_reader_fetches_counts_as_used(store: Originals) -> None:
    keep(store, "a", days_ago=29)
    store._touched.clear()
    assert state(store, "a") == "there"
    with store._shelf._transaction() as table:
        (used,) = table.execute("SELECT used FROM originals").fetchone()
    assert time.time() - used < 60


def test_of_uses_only_the_last_ones_are_remembered(store: Originals) -> None:
    keep(store, "old")
    store._touched[store.id_of("old")] -= 601
    keep(store, "new")
    store.prune()
    assert list(store._touched) == [store.id_of("new")]


def test_what_is_gone_is_told_until_it_is_forgotten(store: Originals, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(store, "a", days_ago=31)
    store.prune()
    gone = store.find(store.id_of("a"))
    assert isinstance(gone, Source)
    assert (gone.tool, gone.arguments) == (CALL.tool, CALL.arguments)
    assert time.time() - gone.gone_at < 60
    monkeypatch.setattr(shelf, "_TOMBSTONES", 0)
    store.prune()
    assert store.find(store.id_of("a")) is None


def test_of_a_long_call_only_the_beginning_is_kept(store: Originals) -> None:
    store.save(["a"], Source("Bash", "x" * 10_000 + "\ud800"))
    found = store.find(store.id_of("a"))
    assert isinstance(found, Found)
    assert found.source.arguments == "x" * 400


def test_a_file_that_somebody_else_removed_is_told_as_lost(store: Originals) -> None:
    keep(store, "a").unlink()
    assert state(store, "a") is Gone.LOST
    store._touched.clear()
    assert store.touch([store.id_of("a")]) == {store.id_of("a")}
    store.give_up([store.id_of("a")])
    assert store.touch([store.id_of("a")]) == set()


def test_a_text_names_ids_in_paths_addresses_arguments_and_bare() -> None:
    one, two = "1" * 21, "2" * 21
    told = f"sed -n 3,9p /h/originals/{one}; curl 'http://headroom.internal/o/{two}?lines=1-9'"
    assert named_in(told) == {one, two}
    assert named_in(f'{{"id":"{one}"}}') == {one}
    assert named_in("originals/x.txt 123456789012345678901234 x" + one) == set()


@pytest.mark.parametrize("where", ["home", "home/originals"])
def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, where: str) -> None:
    blocked = tmp_path / where
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("in the way")
    opened = Originals(tmp_path / "home")
    with pytest.raises(OSError):
        opened.save(["a"], CALL)
    opened.close()


def test_a_damaged_index_is_set_aside_and_the_files_are_taken_in_again(store: Originals, home: Path) -> None:
    path = keep(store, "a")
    store.close()
    (home / "originals.sqlite").write_bytes(b"no database" * 1000)
    again = Originals(home)
    again.prune()
    found = again.find(path.name)
    assert isinstance(found, Found)
    assert found.data == b"a"
    assert (home / "originals.damaged").exists()
    again.close()


def test_in_a_folder_that_is_deleted_while_in_use_originals_go_on_being_kept_under_the_same_ids(
    store: Originals, home: Path
) -> None:
    path = keep(store, "sent before")
    assert store.touch([path.name]) == set()
    shutil.rmtree(home)
    keep(store, "new")
    assert state(store, "new") == "there"
    assert store.touch([path.name]) == {path.name}, "also if it was looked after a moment ago"
    other = Originals(home)
    assert keep(other, "sent before") == path
    assert store.touch([path.name]) == set()
    other.close()


def test_an_original_is_read_also_where_the_index_cannot_be(store: Originals, home: Path) -> None:
    path = keep(store, "a")
    store.close()
    (home / "originals.sqlite").unlink()
    (home / "originals.sqlite").mkdir()
    again = Originals(home)
    assert again.find(path.name) == Found(b"a", Source())
    with pytest.raises(OSError):
        again.id_of("a")
    again.close()


def limited(home: Path, size: int) -> None:
    """In a process of its own: save where no file may grow beyond `size` bytes, as on a full disk."""
    opened = Originals(home)
    opened.id_of("")
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    os._exit(3 if _refuses(opened, "z" * 200_000) else 0)


def _refuses(opened: Originals, text: str) -> bool:
    try:
        opened.save([text], CALL)
    except OSError:
        return True
    return False


def test_on_a_full_disk_nothing_half_written_is_there_and_it_is_said(store: Originals, home: Path) -> None:
    keep(store, "a")
    process = multiprocessing.get_context("spawn").Process(target=limited, args=(home, 150_000))
    process.start()
    process.join(30)
    assert process.exitcode == 3
    assert len(list((home / "originals").iterdir())) == 1
    assert state(store, "z" * 200_000) is None


def crowd(home: Path, seed: int) -> None:
    """In a process of its own: save and prune at once with others; every text that was just saved must be there."""
    shelf._KEEP_BYTES = 20_000
    shelf._LIVE_SECONDS = 1
    opened = Originals(home)
    for n in range(150):
        text = f"{seed} {n % 20} ".ljust(500, "x")
        for _ in range(50):
            if not _refuses(opened, text):
                break
            time.sleep(0.05)
        else:
            os._exit(2)
        if not opened.path_of(opened.id_of(text)).exists():
            os._exit(1)
        opened._touched.clear()
        if n % 10 == 0:
            opened.prune()
    os._exit(0)


def test_two_proxies_on_one_folder_never_remove_what_the_other_has_just_kept(home: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=crowd, args=(home, seed)) for seed in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]


def test_ten_thousand_originals_are_kept_and_looked_after_in_no_time(store: Originals) -> None:
    store.save([f"{n}" for n in range(20)], CALL)
    folder = store.path_of(store.id_of("0")).parent
    for n in range(10_000):
        (folder / f"{n:021}").write_bytes(b"x")
    store.prune()
    started = time.process_time()
    store.prune()
    store.save(["one more"], CALL)
    assert store.touch([f"{n:021}" for n in range(10_000)]) == set()
    assert time.process_time() - started < 3
