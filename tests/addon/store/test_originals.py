"""Originals: plain files, for their owner's eyes, kept as long as they are used and no more than fit."""

import os
import time
from pathlib import Path

import pytest

from addon.store import originals
from addon.store.originals import Originals

DAY = 86_400


@pytest.fixture
def store(tmp_path: Path) -> Originals:
    return Originals(tmp_path / "home")


def keep(store: Originals, text: str, *, days_ago: float = 0) -> Path:
    """Save `text` as if that had been some days ago."""
    path = Path(store.handle(text))
    store.save([(str(path), text)])
    used = time.time() - days_ago * DAY
    os.utime(path, (used, used))
    return path


@pytest.mark.parametrize("text", ["", "plain\n", "a\r\nb\rc\u2028d\x00", "é漢😀", "\ud800 lone \udcff", "x" * 100_000])
def test_a_text_comes_back_from_its_file_byte_for_byte(store: Originals, text: str) -> None:
    path = keep(store, text)
    assert path.read_bytes() == text.encode("utf-8", "surrogatepass")
    assert path.is_absolute()


def test_the_folder_and_the_files_are_for_their_owner_only(store: Originals) -> None:
    previous = os.umask(0)
    try:
        path = keep(store, "secret")
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_handle_is_made_of_the_text_alone(store: Originals, tmp_path: Path) -> None:
    assert store.handle("a") == Originals(tmp_path / "home").handle("a")
    assert store.handle("a") != store.handle("b")
    assert Path(store.handle("a")).is_relative_to(tmp_path / "home")
    assert not Path(store.handle("a")).exists(), "to ask for a handle keeps nothing"


def test_the_same_text_is_kept_once_and_counts_as_used_again(store: Originals) -> None:
    path = keep(store, "a", days_ago=20)
    store.save([(store.handle("a"), "a"), (store.handle("b"), "b"), (store.handle("a"), "a")])
    assert time.time() - path.stat().st_mtime < DAY
    assert sorted(path.parent.iterdir()) == sorted(Path(store.handle(text)) for text in "ab")


def test_nothing_unfinished_is_left_behind(store: Originals) -> None:
    path = keep(store, "x" * 10_000)
    assert list(path.parent.iterdir()) == [path]


def test_what_was_used_long_ago_goes_and_what_was_used_lately_stays(store: Originals) -> None:
    old, new = keep(store, "old", days_ago=31), keep(store, "new", days_ago=29)
    store.prune()
    assert not old.exists()
    assert new.exists()


def test_of_too_much_the_least_recently_used_goes(store: Originals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "_KEEP_BYTES", 2500)
    paths = [keep(store, str(n) * 1000, days_ago=n) for n in range(4)]
    store.prune()
    assert [path.exists() for path in paths] == [True, True, False, False]


def test_a_folder_that_is_not_there_has_nothing_to_prune(store: Originals) -> None:
    store.prune()


def test_a_text_names_the_handles_of_this_store(store: Originals) -> None:
    first, second = store.handle("a"), store.handle("b")
    told = f"[lines 3-9 omitted; full text: {first}]\nsed -n 3,9p {second} originals/x.txt originals/123.txt"
    assert store.named_in(told) == {first, second}
    assert store.named_in("nothing") == set()


def test_what_a_replayed_text_names_counts_as_used(store: Originals) -> None:
    path = keep(store, "a", days_ago=20)
    store.touch(f"[line 3 omitted; full text: {path}] and {store.handle('never kept')}")
    assert time.time() - path.stat().st_mtime < DAY


@pytest.mark.parametrize("where", ["home", "home/originals"])
def test_a_folder_that_cannot_be_made_is_said(store: Originals, tmp_path: Path, where: str) -> None:
    blocked = tmp_path / where
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("in the way")
    with pytest.raises(OSError):
        store.save([(store.handle("a"), "a")])
