"""Where the site is served on this machine, for our own programs beside the proxy: `port.NUMBER` in the state folder.

Several proxies on one folder have a file each. One that was killed leaves its own behind.
"""

from contextlib import suppress
from pathlib import Path

_STEM = "port."


class Beacon:
    """What one proxy says of itself."""

    def __init__(self) -> None:
        self._shown: Path | None = None

    def show(self, home: Path, port: int) -> None:
        """Say that the site is at this port, or with 0 that it is nowhere; best effort."""
        wanted = home / f"{_STEM}{port}" if port else None
        if wanted == self._shown:
            return
        with suppress(OSError):
            if self._shown:
                self._shown.unlink(missing_ok=True)
            if wanted:
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                wanted.touch(mode=0o600)
        self._shown = wanted


def announced(home: Path) -> list[int]:
    """The ports that proxies have said, the last one first."""
    with suppress(OSError):
        files = sorted(home.glob(f"{_STEM}*"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        return [int(file.name.removeprefix(_STEM)) for file in files if file.name.removeprefix(_STEM).isdecimal()]
    return []
