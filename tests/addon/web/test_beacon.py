"""Where our own programs find the pages: of several proxies on one folder, any that is left."""

from pathlib import Path

from addon.web.beacon import Beacon, announced


def test_each_proxy_says_its_port_and_takes_back_its_own_only(tmp_path: Path) -> None:
    first, second = Beacon(), Beacon()
    first.show(tmp_path, 8082, "one key")
    second.show(tmp_path, 8092, "another")
    assert announced(tmp_path) == {8082: "one key", 8092: "another"}
    assert (tmp_path / "port.8082").stat().st_mode & 0o777 == 0o600
    second.show(tmp_path, 0, "another")
    assert announced(tmp_path) == {8082: "one key"}
    first.show(tmp_path / "moved", 8082, "one key")
    assert (announced(tmp_path), announced(tmp_path / "moved")) == ({}, {8082: "one key"})


def test_a_port_that_a_killed_proxy_has_left_gets_the_key_of_who_is_there_now(tmp_path: Path) -> None:
    Beacon().show(tmp_path, 8082, "a longer key of the dead")
    Beacon().show(tmp_path, 8082, "of the living")
    assert announced(tmp_path) == {8082: "of the living"}


def test_a_folder_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert announced(tmp_path / "none") == {}
