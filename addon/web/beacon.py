"""Where the site is served on this machine, for our own programs beside the proxy: `port.NUMBER` in the state folder.

In the file stands a key that this proxy takes for the token, as long as it runs. Several proxies on one folder have a
file each. One that was killed leaves its own behind; whoever is at that port by now is shown a key that opens nothing.
"""

from contextlib import suppress
from pathlib import Path

_STEM = "port."


class Beacon:
    """What one proxy says of itself."""

    def __init__(self) -> None:
        self._shown: Path | None = None

    def show(self, home: Path, port: int, key: str) -> None:
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
                wanted.write_text(key)
        self._shown = wanted


def announced(home: Path) -> dict[int, str]:
    """The ports that proxies have said, the last one first, with their keys."""
    with suppress(OSError):
        files = sorted(home.glob(f"{_STEM}*"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        ports = ((file.name.removeprefix(_STEM), file) for file in files)
        return {int(port): file.read_text("ascii", "replace") for port, file in ports if port.isdecimal()}
    return {}
