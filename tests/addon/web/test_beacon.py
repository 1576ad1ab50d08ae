"""Where our own programs find the pages: of several proxies on one folder, any that is left."""

from pathlib import Path

from addon.web.beacon import Beacon, announced


def test_each_proxy_says_its_port_and_takes_back_its_own_only(tmp_path: Path) -> None:
    first, second = Beacon(), Beacon()
    first.show(tmp_path, 8082)
    second.show(tmp_path, 8092)
    assert sorted(announced(tmp_path)) == [8082, 8092]
    second.show(tmp_path, 0)
    assert announced(tmp_path) == [8082]
    first.show(tmp_path / "moved", 8082)
    assert (announced(tmp_path), announced(tmp_path / "moved")) == ([], [8082])


def test_a_folder_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert announced(tmp_path / "none") == []
