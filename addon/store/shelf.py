"""The shelf of originals: which there are, since when, from which call, and which are gone and why.

A table beside the files, shared by all workers and proxies on one state folder. Its write lock orders what they do:
who saves puts the row first and the file after it, who removes takes the file away within the transaction that
chose it. So a file that was put or used a moment ago is never one that another process removes.

Bounds: 30 days after the last use, and 512 MB, the least recently used first. What was used within the last day
belongs to a running conversation and is not removed for want of room: then there is none, and nothing new is left out
of any text. Of what is gone a row stays for 30 days, 10,000 of them at most, so that a reader can be told.
"""

import errno
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from addon.store.folder import identity, make_private

_SCHEMA = """
CREATE TABLE IF NOT EXISTS originals (
    id TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    used INTEGER NOT NULL,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    gone TEXT NOT NULL DEFAULT '',
    gone_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_use ON originals (gone, used, size);
CREATE TABLE IF NOT EXISTS secret (only INTEGER PRIMARY KEY CHECK (only = 1), value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS held (only INTEGER PRIMARY KEY CHECK (only = 1), bytes INTEGER NOT NULL);
CREATE TRIGGER IF NOT EXISTS came AFTER INSERT ON originals WHEN NEW.gone = '' BEGIN
    UPDATE held SET bytes = bytes + NEW.size;
END;
CREATE TRIGGER IF NOT EXISTS changed AFTER UPDATE OF size, gone ON originals BEGIN
    UPDATE held SET bytes = bytes + (NEW.gone = '') * NEW.size - (OLD.gone = '') * OLD.size;
END;
CREATE TRIGGER IF NOT EXISTS went AFTER DELETE ON originals WHEN OLD.gone = '' BEGIN
    UPDATE held SET bytes = bytes - OLD.size;
END;
"""
"""`held`: the bytes of all that is there, which would take longer to add up the more there is."""
_SECRET = "SELECT value FROM secret"
_KEEP_SECONDS = 30 * 86_400
_KEEP_BYTES = 512 * 1024 * 1024
_LIVE_SECONDS = 86_400
"""Used within this time: a conversation that goes on points to it."""
_TOMBSTONES = 10_000
_EXPIRED_AT_ONCE = 300
"""Files of one transaction, in which nobody else can save any: 15 ms on a fast disk."""
_ARGUMENT_CHARS = 400
_FILE = re.compile(r"[0-9]{21}")
_UNFINISHED = re.compile(r"\.[0-9]{21}\.[0-9]+\.[0-9a-f]{8}")
_UNFINISHED_SECONDS = 3600
_LOCK_SECONDS = 0.5
_FULL = "the originals of running conversations fill their {} MB"


def is_ours(name: str) -> bool:
    """Whether a file beside the originals is one, or the beginning of one."""
    return bool(_FILE.fullmatch(name) or _UNFINISHED.fullmatch(name))


class Gone(StrEnum):
    """Why an original is not there any more."""

    EXPIRED = "expired"
    """Not used for 30 days."""
    EVICTED = "evicted"
    """Made room for others, used later."""
    LOST = "lost"
    """Taken away by somebody else."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of an original."""

    tool: str = ""
    arguments: str = ""
    """Of the call that produced it, as the wire had them, cut at 400 characters."""
    saved: float = 0.0
    """Seconds since the epoch."""
    gone: Gone | None = None
    """None while it is there."""
    gone_at: float = 0.0


class Shelf:
    """The table. Every method raises OSError when it cannot be read or written."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path, self._folder = path, folder
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        """Which file that is."""
        self._losses = 0
        self._secret = b""

    def losses(self) -> int:
        """How often somebody took away the file in use, and maybe the originals too. The next use begins a new one."""
        if self._connection is not None and self._opened != identity(self._path):
            self.close()
            self._losses += 1
        return self._losses

    def secret(self) -> bytes:
        """The key of all ids of this folder, made when missing."""
        if not self._secret:
            with _as_os_error():
                row = self._open().execute(_SECRET).fetchone()
            self._secret = row[0] if row else self._share(secrets.token_bytes(32))
        return self._secret

    def take(self, sizes: Mapping[str, int], source: Source) -> None:
        """Put originals on the shelf, or mark those that are there as used; their files are written after this.

        Raises OSError (no space) when they do not fit beside those of running conversations.
        """
        now = int(time.time())
        tool, arguments = _plain(source.tool), _plain(source.arguments[:_ARGUMENT_CHARS])
        with self._transaction() as table:
            known = _present(table, sizes)
            self._make_room(table, sum(size for original, size in sizes.items() if original not in known), now, known)
            table.executemany(
                "INSERT INTO originals VALUES (?, ?, ?, ?, ?, ?, '', 0) ON CONFLICT (id) DO UPDATE SET "
                "size = excluded.size, used = excluded.used, gone = '', gone_at = 0",
                [(original, size, now, now, tool, arguments) for original, size in sizes.items()],
            )

    def touch(self, originals: Iterable[str]) -> None:
        """Mark originals as used."""
        with self._transaction() as table:
            statement = "UPDATE originals SET used = ? WHERE id = ? AND gone = ''"
            table.executemany(statement, [(int(time.time()), original) for original in originals])

    def drop(self, originals: Iterable[str]) -> None:
        """Forget originals whose files could not be written; best effort."""
        with suppress(OSError), self._transaction() as table:
            table.executemany("DELETE FROM originals WHERE id = ?", [(original,) for original in originals])

    def look(self, original: str) -> Source | None:
        """What is known of an original."""
        with _as_os_error():
            columns = "tool, arguments, saved, gone, gone_at"
            row = self._open().execute(f"SELECT {columns} FROM originals WHERE id = ?", (original,)).fetchone()
        if row is None:
            return None
        tool, arguments, saved, gone, gone_at = row
        return Source(tool, arguments, saved, Gone(gone) if gone else None, gone_at)

    def prune(self) -> None:
        """Take in files that are not on record, and remove what is too old or too much."""
        now = int(time.time())
        self._sweep(now)
        with self._transaction() as table:
            expired = "SELECT id FROM originals WHERE gone = '' AND used < ? LIMIT ?"
            due = table.execute(expired, (now - _KEEP_SECONDS, _EXPIRED_AT_ONCE))
            self._remove(table, [row[0] for row in due], Gone.EXPIRED, now)
            with suppress(OSError):
                self._make_room(table, 0, now, frozenset())
            oldest = "SELECT id FROM originals WHERE gone != '' ORDER BY gone_at DESC LIMIT -1 OFFSET ?"
            table.execute(f"DELETE FROM originals WHERE id IN ({oldest})", (_TOMBSTONES,))
            table.execute("DELETE FROM originals WHERE gone != '' AND gone_at < ?", (now - _KEEP_SECONDS,))

    def close(self) -> None:
        """Give the file back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _share(self, secret: bytes) -> bytes:
        """Have all who use this folder make ids by `secret`, unless another one is there. Returns what stands."""
        with self._transaction() as table:
            table.execute("INSERT OR IGNORE INTO secret VALUES (1, ?)", (secret,))
            stands: bytes = table.execute(_SECRET).fetchone()[0]
        return stands

    def _make_room(self, table: sqlite3.Connection, size: int, now: int, spared: Iterable[str]) -> None:
        """Remove what was used longest ago until `size` more bytes fit. Raises OSError when they cannot."""
        too_much = _held_bytes(table) + size - _KEEP_BYTES
        if too_much <= 0:
            return
        idle = "SELECT id, size FROM originals WHERE gone = '' AND used < ? ORDER BY used, id"
        victims = []
        for original, bytes_ in table.execute(idle, (now - _LIVE_SECONDS,)):
            if too_much <= 0:
                break
            if original not in spared:
                victims.append(original)
                too_much -= bytes_
        self._remove(table, victims, Gone.EVICTED, now)
        if too_much > 0:
            raise OSError(errno.ENOSPC, _FULL.format(_KEEP_BYTES >> 20))

    def _remove(self, table: sqlite3.Connection, originals: list[str], why: Gone, now: int) -> None:
        for original in originals:
            (self._folder / original).unlink(missing_ok=True)
        statement = "UPDATE originals SET gone = ?, gone_at = ? WHERE id = ?"
        table.executemany(statement, [(why, now, original) for original in originals])

    def _sweep(self, now: int) -> None:
        """Put files on record that are not, as used when they were last; say of rows without a file that it is lost."""
        with suppress(FileNotFoundError):
            files = os.listdir(self._folder)
            for name, stat in self._stats(filter(_UNFINISHED.fullmatch, files)).items():
                if stat.st_mtime < now - _UNFINISHED_SECONDS:
                    (self._folder / name).unlink(missing_ok=True)
            # Anybody's other files are none of ours.
            found = {name for name in files if _FILE.fullmatch(name)}
            with self._transaction() as table:
                rows = table.execute("SELECT id, used FROM originals WHERE gone = ''").fetchall()
                lost = [(Gone.LOST, now, o) for o, used in rows if o not in found and used < now - _UNFINISHED_SECONDS]
                table.executemany("UPDATE originals SET gone = ?, gone_at = ? WHERE id = ?", lost)
                unknown = self._stats(found.difference(row[0] for row in rows))
                table.executemany(
                    "INSERT OR REPLACE INTO originals VALUES (?, ?, ?, ?, '', '', '', 0)",
                    [(o, stat.st_size, int(stat.st_mtime), int(stat.st_mtime)) for o, stat in unknown.items()],
                )

    def _stats(self, names: Iterable[str]) -> dict[str, os.stat_result]:
        """Of the files that are there: another process may have finished or removed one since they were listed."""
        stats = {}
        for name in names:
            with suppress(FileNotFoundError):
                stats[name] = (self._folder / name).stat()
        return stats

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One that holds the write lock from its beginning."""
        with _as_os_error():
            table = self._open()
            table.execute("BEGIN IMMEDIATE")
            try:
                yield table
            finally:
                # What was removed is removed, also where no room came of it.
                table.commit()

    def _open(self) -> sqlite3.Connection:
        self.losses()
        if self._connection is None:
            make_private(self._path)
            try:
                self._connection = _connect(self._path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._path.replace(self._path.with_suffix(".damaged"))  # the files are taken in again
                make_private(self._path)
                self._connection = _connect(self._path)
            self._opened = identity(self._path)
            if self._secret:  # what was sent before names ids that were made by it
                self._secret = self._share(self._secret)
        return self._connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None)
    try:
        # Not WAL, which needs memory shared by all who have the file open: the folder may be one of several machines.
        connection.execute("PRAGMA journal_mode=TRUNCATE")
        connection.execute("PRAGMA synchronous=OFF")  # a file that a power cut damages is made again from the folder
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _held_bytes(table: sqlite3.Connection) -> int:
    """How much is there; added up once in the life of the table, then kept by its triggers."""
    for row in table.execute("SELECT bytes FROM held"):
        return int(row[0])
    table.execute("INSERT INTO held SELECT 1, COALESCE(SUM(size), 0) FROM originals WHERE gone = ''")
    return _held_bytes(table)


def _present(table: sqlite3.Connection, originals: Iterable[str]) -> frozenset[str]:
    wanted = list(originals)
    statement = f"SELECT id FROM originals WHERE gone = '' AND id IN ({','.join('?' * len(wanted))})"
    return frozenset(row[0] for row in table.execute(statement, wanted))


def _plain(text: str) -> str:
    """A text that can be stored: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode()


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(errno.EIO, f"originals.sqlite: {error}") from error
