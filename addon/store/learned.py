"""What was learned per tool: how often the model came back for what a lossy rewrite had left out.

A tool whose output is asked for again gets a smaller lossy budget. The budget recovers slowly, as further outputs of
the tool are shortened and not asked for. Counts only, no content; in the state folder, readable by its owner only.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS learned (
    tool TEXT PRIMARY KEY,
    shortened REAL NOT NULL DEFAULT 0,
    asked_again REAL NOT NULL DEFAULT 0
) WITHOUT ROWID
"""
_LOCK_SECONDS = 0.2
_PRIOR = 10.0
"""Outputs that count as shortened and not asked for before anything was seen: one question alone proves little."""
_WEIGHT = 3.0
"""How many outputs that were left in peace make up for one that was asked for again."""
_MEMORY = 200.0
"""Outputs after which older ones count half."""


@dataclass(frozen=True, slots=True)
class Experience:
    """The counts of one tool."""

    tool: str
    shortened: float = 0.0
    """Outputs that a lossy rewrite shortened; older ones count less."""
    asked_again: float = 0.0
    """How many of them the model came back for."""

    @property
    def share(self) -> float:
        """The share of the policy's lossy budget that this tool gets, from 0 to 1."""
        return max(0.0, 1.0 - _WEIGHT * self.asked_again / (self.shortened + _PRIOR))


class Learned:
    """The experience of one state folder. Its loss costs nothing but the learning, so errors of the disk are none."""

    def __init__(self, home: Path) -> None:
        self._path = home / "learned.sqlite"
        self._connection: sqlite3.Connection | None = None

    def of(self, tool: str) -> Experience:
        """What is known of a tool; nothing is known where the file cannot be read."""
        with suppress(OSError, sqlite3.Error):
            row = (
                self._open()
                .execute("SELECT shortened, asked_again FROM learned WHERE tool = ?", (_plain(tool),))
                .fetchone()
            )
            if row:
                return Experience(tool, *row)
        return Experience(tool)

    def all(self) -> list[Experience]:
        """Every tool's counts, for people to look at."""
        with suppress(OSError, sqlite3.Error):
            rows = self._open().execute("SELECT tool, shortened, asked_again FROM learned ORDER BY tool").fetchall()
            return [Experience(*row) for row in rows]
        return []

    def learn(self, shortened: Iterable[str], asked_again: Iterable[str]) -> None:
        """Count outputs, by the names of their tools."""
        counts = [(_plain(tool), 1.0, 0.0) for tool in shortened] + [(_plain(tool), 0.0, 1.0) for tool in asked_again]
        if not counts:
            return
        with suppress(OSError, sqlite3.Error), self._open() as connection:
            connection.executemany(
                "INSERT INTO learned VALUES (?, ?, ?) ON CONFLICT (tool) DO UPDATE SET "
                "shortened = shortened + excluded.shortened, asked_again = asked_again + excluded.asked_again",
                counts,
            )
            halved = "UPDATE learned SET shortened = shortened / 2, asked_again = asked_again / 2 WHERE shortened > ?"
            connection.execute(halved, (_MEMORY,))

    def reset(self) -> None:
        """Forget everything. Raises OSError or sqlite3.Error when that is not possible."""
        with self._open() as connection:
            connection.execute("DELETE FROM learned")

    def close(self) -> None:
        """Give the file back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=_LOCK_SECONDS)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(_SCHEMA)
            self._connection = connection
        return self._connection


def _plain(tool: str) -> str:
    """A name that can be stored: lone surrogates become question marks."""
    return tool.encode("utf-8", "replace").decode()
