"""The ledger's own store: a table in the state folder, shared by all workers and proxies on it."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

from addon.store.folder import identity, make_private
from addon.store.ledger import KEEP_DAYS, Decision, LedgerUnavailable, from_json, to_json

_SCHEMA_VERSION = 3
_TABLE = """
CREATE TABLE IF NOT EXISTS decisions (
    key BLOB PRIMARY KEY,
    decision TEXT NOT NULL,
    used_day INTEGER NOT NULL DEFAULT (unixepoch() / 86400)
) WITHOUT ROWID
"""
_INDEX = "CREATE INDEX IF NOT EXISTS by_day ON decisions (used_day)"
"""Without it, forgetting reads the whole file."""
FILE = "ledger.sqlite"
"""In the state folder; beside it stand `-wal` and `-shm`."""
KEEP_ROWS = 500_000
_FORGOTTEN_AT_ONCE = 2_000
"""Rows of one transaction, which take some 50 ms; all 500,000 take ten seconds, and no request is to wait for that."""
_LOCK_SECONDS = 0.5
_KEYS_AT_ONCE = 500
_TODAY = "unixepoch() / 86400"

type _Opened = tuple[sqlite3.Connection, tuple[int, int] | None]
"""A connection, and to which file."""


class SqliteLedger:
    """A table in the state folder, a `Store`.

    Write-ahead logging: survives `kill -9` at any point. Bounded: 500,000 rows, 30 days after the last use.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection, self._file = _open(path)
        self._to_reopen = False

    @classmethod
    def open(cls, home: Path) -> Self:
        """The ledger in the state folder, which is made (readable by its owner only) when missing.

        A file that is damaged or too old is set aside under another name. Raises `LedgerUnavailable`.
        """
        try:
            return cls(home / FILE)
        except (OSError, sqlite3.Error) as error:
            raise LedgerUnavailable(str(error)) from error

    def recall(self, keys: list[bytes]) -> dict[bytes, Decision]:
        with self._failing_loudly():
            rows = self._select(keys)
            stored = {key: from_json(text) for key, _, text in rows}
        if stale := [key for key, is_stale, _ in rows if is_stale]:
            self._touch(stale)
        return stored

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        texts = {k: to_json(decision) for k, decision in decisions.items()}
        with self._failing_loudly(), self._connection:
            self._connection.executemany(
                "INSERT OR IGNORE INTO decisions (key, decision) VALUES (?, ?)", list(texts.items())
            )
            # Read before the commit: what cannot be read back must not be on record either.
            rows = self._select(list(decisions))
            return {k: decisions[k] if texts[k] == text else from_json(text) for k, _, text in rows}

    def prune(self) -> None:
        """Forget what is too old or too much, as many rows as one transaction may; best effort."""
        with suppress(sqlite3.Error), self._connection:
            self._connection.execute(_INDEX)  # what has long been there may have none, and making it takes a while
            _prune(self._connection)

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    @contextmanager
    def _failing_loudly(self) -> Iterator[None]:
        """Turn errors into `LedgerUnavailable`; a damaged file, or one that was only read, is opened anew next time.

        So is one that somebody has taken away: what is written to it is lost.
        """
        try:
            if self._to_reopen or self._file != identity(self._path):
                self._to_reopen = True
                self._connection.close()
                self._connection, self._file = _open(self._path)
                self._to_reopen = False
            yield
        except (OSError, ValueError, sqlite3.Error) as error:
            self._to_reopen = self._to_reopen or _is_damage(error) or _is_read_only(error)
            raise LedgerUnavailable(str(error)) from error

    def _touch(self, keys: list[bytes]) -> None:
        """Note the day of use, which keeps a running conversation's rows from ageing; best effort."""
        with suppress(sqlite3.Error), self._connection:
            self._connection.executemany(
                f"UPDATE decisions SET used_day = {_TODAY} WHERE key = ?", [(k,) for k in keys]
            )

    def _select(self, keys: list[bytes]) -> list[tuple[bytes, bool, str]]:
        """What is on record: the key, whether it was last used before today, and the decision as JSON."""
        return [
            row
            for at in range(0, len(keys), _KEYS_AT_ONCE)
            for row in self._connection.execute(
                f"SELECT key, used_day < {_TODAY}, decision FROM decisions "
                f"WHERE key IN ({','.join('?' * len(keys[at : at + _KEYS_AT_ONCE]))})",
                keys[at : at + _KEYS_AT_ONCE],
            )
        ]


def _is_damage(error: Exception) -> bool:
    """Whether the file is no database, or none that can be read; operational errors may pass."""
    return type(error) is sqlite3.DatabaseError


def _is_read_only(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY


def _open(path: Path) -> _Opened:
    """The file as it is to be used; one that is damaged or too old is set aside, with what belongs to it."""
    try:
        return _open_once(path)
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(path.with_name(f"{path.stem}.damaged{suffix}"))
    return _open_once(path)


def _open_once(path: Path) -> _Opened:
    """The file, brought up to date; where it cannot be written (disk full, read-only, locked) it is only read."""
    try:
        make_private(path)
        return _connected(path, "", _prepare)
    except (OSError, sqlite3.OperationalError):
        return _connected(path, "?mode=ro", _read_schema)


def _connected(path: Path, mode: str, check: Callable[[sqlite3.Connection], None]) -> _Opened:
    with ExitStack() as unless_it_will_do:
        connection = sqlite3.connect(path.as_uri() + mode, timeout=_LOCK_SECONDS, uri=True)
        unless_it_will_do.callback(connection.close)
        check(connection)
        opened = connection, identity(path)
        unless_it_will_do.pop_all()
    return opened


def _version(connection: sqlite3.Connection) -> int:
    (stored,) = connection.execute("PRAGMA user_version").fetchone()
    return int(stored)


def _read_schema(connection: sqlite3.Connection) -> None:
    stored = _version(connection)
    if stored > _SCHEMA_VERSION:
        raise sqlite3.OperationalError(f"the ledger was written by a newer version (schema {stored})")
    if 0 < stored < _SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"the ledger is of an older schema ({stored})")  # set aside like a damaged one
    if stored:
        connection.execute("SELECT 1 FROM decisions LIMIT 1").fetchone()


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the table where there is none. Nothing that takes longer the more is there: a request waits for it."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    _read_schema(connection)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if not _version(connection):
            connection.execute(_TABLE)
            connection.execute(_INDEX)
            connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")


def _prune(connection: sqlite3.Connection) -> None:
    old = f"SELECT key FROM decisions WHERE used_day < {_TODAY} - ? LIMIT ?"
    connection.execute(f"DELETE FROM decisions WHERE key IN ({old})", (KEEP_DAYS, _FORGOTTEN_AT_ONCE))
    too_many = "MAX(0, MIN(?, (SELECT COUNT(*) FROM decisions) - ?))"
    surplus = f"SELECT key FROM decisions ORDER BY used_day LIMIT {too_many}"  # the oldest
    connection.execute(f"DELETE FROM decisions WHERE key IN ({surplus})", (_FORGOTTEN_AT_ONCE, KEEP_ROWS))
