"""The state folder itself."""

import os
from contextlib import suppress
from pathlib import Path


def is_writable(home: Path) -> bool:
    """Whether files can be made in the folder, which is made when missing."""
    with suppress(OSError):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.access(home, os.W_OK)
    return False
