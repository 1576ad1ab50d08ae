"""The token of the site: the user's own, or one made at random and kept in the state folder for its owner's eyes."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

NAME = "token"
_FEWEST_CHARS = 16


def access_token(home: Path, given: str = "") -> str:
    """The token. Where none is given: that of the state folder, which is made when missing.

    An empty string, which nobody can show, when the folder can be neither read nor written.
    """
    if given:
        return given
    path = home / NAME
    with suppress(OSError):
        with suppress(FileNotFoundError):
            return _read(path)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = home / f"{NAME}.{os.getpid()}.{secrets.token_hex(4)}"
        unfinished.touch(mode=0o600)
        try:
            unfinished.write_text(secrets.token_urlsafe(24) + "\n")
            with suppress(FileExistsError):  # another process was first: its token holds
                os.link(unfinished, path)
        finally:
            unfinished.unlink()
        return _read(path)
    return ""


def _read(path: Path) -> str:
    token = path.read_text("utf-8", "replace").strip()
    return token if len(token) >= _FEWEST_CHARS else ""
