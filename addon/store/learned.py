"""What was learned per tool and kind of output: how often the model came back for what a lossy rewrite had left out.

A tool whose logs are asked for again gets a smaller lossy budget for logs. The budget recovers slowly, as further
outputs of that sort are shortened and not asked for. Counts only, no content; in the state folder, readable by its
owner only. Bounded: some tools have another name with every call.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from addon.store.folder import identity, make_private
from transforms.contract import Kind

_SCHEMA = """
CREATE TABLE IF NOT EXISTS learned_of_kinds (
    tool TEXT NOT NULL,
    kind TEXT NOT NULL,
    shortened REAL NOT NULL DEFAULT 0,
    asked_again REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (tool, kind)
) WITHOUT ROWID
"""
FILE = "learned.sqlite"
"""In the state folder."""
_LOCK_SECONDS = 0.2
_PRIOR = 10.0
"""Outputs that count as shortened and not asked for before anything was seen: one question alone proves little."""
_WEIGHT = 3.0
"""How many outputs that were left in peace make up for one that was asked for again."""
_MEMORY = 200.0
"""Outputs after which older ones count half."""
_MOST_SORTS = 1_000
"""Beyond them all count half, and those that were seen only once are forgotten."""


class Sort(NamedTuple):
    """What experience is gathered of: a tool and a kind of output."""

    tool: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Experience:
    """The counts of one sort of output."""

    sort: Sort
    shortened: float = 0.0
    """Outputs that a lossy rewrite shortened; older ones count less."""
    asked_again: float = 0.0
    """How many of them the model came back for."""

    @property
    def share(self) -> float:
        """The share of the policy's lossy budget that this sort gets, from 0 to 1."""
        return max(0.0, 1.0 - _WEIGHT * self.asked_again / (self.shortened + _PRIOR))


class Learned:
    """The experience of one state folder. Its loss costs nothing but the learning, so errors of the disk are none."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        """Which file that is."""
        self._unwritten: list[tuple[Iterable[Sort], Iterable[Sort]]] = []

    def shares(self) -> dict[str, dict[Kind, float]]:
        """`Experience.share` by tool and kind, but for those that get all of it."""
        found: dict[str, dict[Kind, float]] = {}
        for experience in self._read("WHERE asked_again > 0"):
            found.setdefault(experience.sort.tool, {})[experience.sort.kind] = experience.share
        return found

    def all(self) -> list[Experience]:
        """All counts, for people to look at."""
        return self._read("ORDER BY tool, kind")

    def _read(self, which: str) -> list[Experience]:
        """Nothing is known where the file cannot be read."""
        self.write()
        with suppress(OSError, sqlite3.Error):
            rows = self._open().execute(f"SELECT tool, kind, shortened, asked_again FROM learned_of_kinds {which}")
            # A newer version may know other kinds.
            return [Experience(Sort(tool, Kind(kind)), *counts) for tool, kind, *counts in rows if kind in Kind]
        return []

    def learn(self, shortened: Iterable[Sort], asked_again: Iterable[Sort]) -> None:
        """Count outputs, by their sorts, which are not told before `write`."""
        self._unwritten.append((shortened, asked_again))

    def write(self) -> None:
        """Put on record what was learned: a request need not wait for that, whoever asks for it next does."""
        counts = [
            (*_plain(sort), *count)
            for sorts in self._unwritten
            for some, count in zip(sorts, ((1.0, 0.0), (0.0, 1.0)), strict=True)
            for sort in some
        ]
        self._unwritten.clear()
        if not counts:
            return
        with suppress(OSError, sqlite3.Error), self._open() as connection:
            connection.executemany(
                "INSERT INTO learned_of_kinds VALUES (?, ?, ?, ?) ON CONFLICT (tool, kind) DO UPDATE SET "
                "shortened = shortened + excluded.shortened, asked_again = asked_again + excluded.asked_again",
                counts,
            )
            connection.execute(
                "UPDATE learned_of_kinds SET shortened = shortened / 2, asked_again = asked_again / 2 "
                "WHERE shortened > ? OR (SELECT count(*) FROM learned_of_kinds) > ?",
                (_MEMORY, _MOST_SORTS),
            )
            connection.execute("DELETE FROM learned_of_kinds WHERE shortened + asked_again < 1")

    def reset(self) -> None:
        """Forget everything. Raises OSError or sqlite3.Error when that is not possible."""
        self._unwritten.clear()
        with self._open() as connection:
            connection.execute("DELETE FROM learned_of_kinds")

    def close(self) -> None:
        """Give the file back."""
        self.write()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._opened != identity(self._path):  # what is written to a file that was taken away is lost
            self._disconnect()
        if self._connection is None:
            make_private(self._path)
            connection = sqlite3.connect(self._path, timeout=_LOCK_SECONDS)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(_SCHEMA)
            self._connection, self._opened = connection, identity(self._path)
        return self._connection


def _plain(sort: Sort) -> tuple[str, str]:
    """Names that can be stored: lone surrogates become question marks."""
    return sort.tool.encode("utf-8", "replace").decode(), sort.kind
