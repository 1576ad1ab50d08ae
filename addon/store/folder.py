"""The state folder itself, and files in it that somebody may take away."""

import os
from contextlib import suppress
from pathlib import Path


def is_writable(home: Path) -> bool:
    """Whether files can be made in the folder, which is made when missing."""
    with suppress(OSError):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.access(home, os.W_OK)
    return False


def make_private(path: Path) -> None:
    """Make a file, and the folder it stands in, where they are missing: readable by their owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from one that stands in its place later; None where there is none."""
    with suppress(OSError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None
