"""Where the site is served on this machine, for our own programs beside the proxy: a file in the state folder."""

from contextlib import suppress
from pathlib import Path

NAME = "port"


class Beacon:
    """What one proxy says of itself; of several on one folder, the last that came up has the say."""

    def __init__(self) -> None:
        self._shown: tuple[Path, int] | None = None

    def show(self, home: Path, port: int) -> None:
        """Say that the site is at this port, or with 0 that it is nowhere; best effort."""
        wanted = (home, port) if port else None
        if wanted == self._shown:
            return
        if self._shown and announced(self._shown[0]) == self._shown[1]:
            with suppress(OSError):
                (self._shown[0] / NAME).unlink()
        self._shown = wanted
        if wanted:
            with suppress(OSError):
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                (home / NAME).touch(mode=0o600)
                (home / NAME).write_text(f"{port}\n")


def announced(home: Path) -> int | None:
    """The port, if a proxy has said one."""
    with suppress(OSError, ValueError):
        return int((home / NAME).read_text())
    return None
