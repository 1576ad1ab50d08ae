"""Originals: the whole of what a lossy rewrite left parts of, as plain files that any agent's read tool or shell opens.

Each has an id: 21 digits, a hash of the text with a key that never leaves the state folder. So the id can be guessed by
nobody, not even by who knows the text, and the page that serves it may take the id for a permission; and digits are
what costs the fewest tokens for that many bits (7 for 70 bits; hexadecimal needs 7 for 48).

A file is written before the request that names it leaves; `addon.store.shelf` says which are there and how long.
"""

import hashlib
import os
import re
import secrets
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from addon.store.shelf import Gone, Shelf, Source

_DIGITS = 21
_ID = re.compile(r"[0-9]{21}")
_BARE = re.compile(r"[0-9]{21}(?![0-9A-Za-z])(?<![0-9A-Za-z][0-9]{21})")
_TOUCH_SECONDS = 600
"""Uses within this time count as one."""


@dataclass(frozen=True, slots=True)
class Found:
    """An original that is there."""

    data: bytes
    source: Source


class Originals:
    """The store of one state folder, for one thread. Raises OSError where the disk, or the index on it, fails."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "originals"
        self._shelf = Shelf(home / "originals.sqlite", self._folder)
        self._touched: dict[str, float] = {}
        self._given_up: set[str] = set()
        self._losses = 0
        """How many of the shelf's are taken into account here."""

    def id_of(self, text: str) -> str:
        """The id under which `text` is or would be kept."""
        key = self._shelf.secret()
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=16).digest()
        return f"{int.from_bytes(digest) % 10**_DIGITS:0{_DIGITS}}"

    def path_of(self, original: str) -> Path:
        """The file of an id. Raises ValueError for what is no id."""
        if not _ID.fullmatch(original):
            raise ValueError(f"no id of an original: {original[:40]!r}")
        return self._folder / original

    def save(self, texts: Sequence[str], source: Source) -> list[str]:
        """Keep texts, under the ids that are returned; what is there already counts as used.

        Raises OSError also where there is no room for them.
        """
        ids = [self.id_of(text) for text in texts]
        encoded = {original: text.encode("utf-8", "surrogatepass") for original, text in zip(ids, texts, strict=True)}
        self._shelf.take({original: len(data) for original, data in encoded.items()}, source)
        try:
            for original, data in encoded.items():
                self._write(self.path_of(original), data)
        except OSError:
            self._shelf.drop([original for original in encoded if not self.path_of(original).exists()])
            raise
        self._touched |= dict.fromkeys(encoded, time.monotonic())
        return ids

    def touch(self, originals: Collection[str]) -> set[str]:
        """Mark originals as used. Returns those that are not there, unless they were given up.

        What was looked after in the last ten minutes costs nothing: nobody removes it within a day.
        """
        if (losses := self._shelf.losses()) > self._losses:
            self._losses = losses
            self._touched.clear()
        now = time.monotonic()
        used = [o for o in originals if now - self._touched.get(o, -_TOUCH_SECONDS) >= _TOUCH_SECONDS]
        if used:
            with suppress(OSError):
                self._shelf.touch(used)
        missing = {original for original in used if not self.path_of(original).exists()}
        self._touched |= {original: now for original in used if original not in missing}
        return missing - self._given_up

    def give_up(self, originals: Iterable[str]) -> None:
        """Say no more of those of these that are not there."""
        self._given_up |= {original for original in originals if not self.path_of(original).exists()}

    def find(self, original: str) -> Found | Source | None:
        """An original, which counts as used now; or what is known of one that is gone; None: nothing is known of it."""
        path, source = self.path_of(original), self.source_of(original)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None if source is None else replace(source, gone=source.gone or Gone.LOST)
        self.touch([original])
        return Found(data, source or Source())

    def source_of(self, original: str) -> Source | None:
        """Where an original is from, also of one that is gone; best effort."""
        with suppress(OSError):
            return self._shelf.look(original)
        return None

    def prune(self) -> None:
        """Remove what is too old or too much; best effort."""
        now = time.monotonic()
        self._touched = {original: at for original, at in self._touched.items() if now - at < _TOUCH_SECONDS}
        with suppress(OSError):
            self._shelf.prune()

    def close(self) -> None:
        """Give the files back."""
        self._shelf.close()

    def _write(self, path: Path, data: bytes) -> None:
        with suppress(FileNotFoundError):
            if path.stat().st_size == len(data):  # else a power cut came between the name and the data
                os.utime(path)
                return
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            with _created(unfinished) as file:
                file.write(data)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise


def _created(path: Path) -> IO[bytes]:
    """A new file that its owner alone may read, in a folder that is made when missing."""
    try:
        return open(path, "xb", opener=_for_its_owner)
    except FileNotFoundError:
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open(path, "xb", opener=_for_its_owner)


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def named_in(text: str) -> frozenset[str]:
    """The ids that a text names: in a path, an address, an argument, or bare."""
    return frozenset(_BARE.findall(text))
