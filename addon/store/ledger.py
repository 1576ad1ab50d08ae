"""The ledger: what was decided for a tool output, so that it is decided once and replayed byte for byte ever after.

Key: the id of the tool call, the part's position and the text. Ids are the provider's own and survive retries,
resumed and forked sessions. First writer wins. A decision is recorded before its request leaves.
"""

import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from transforms.contract import Loss
from transforms.reasons import Reason

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
    key BLOB PRIMARY KEY,
    replacement BLOB,
    transform_name TEXT NOT NULL,
    loss TEXT,
    tokens_before INTEGER NOT NULL,
    tokens_after INTEGER NOT NULL,
    reason TEXT NOT NULL,
    needs BLOB NOT NULL,
    used_day INTEGER NOT NULL DEFAULT (unixepoch() / 86400)
) WITHOUT ROWID
"""
_KEEP_DAYS = 30
_KEEP_ROWS = 500_000
_MEMORY_CHARS = 64_000_000
_LOCK_SECONDS = 0.5
_COLUMNS = "replacement, transform_name, loss, tokens_before, tokens_after, reason, needs"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one tool output."""

    replacement: str | None
    """The text sent in its place; None: the output is kept as it is."""
    transform_name: str
    loss: Loss | None
    tokens_before: int
    tokens_after: int
    """Of the rewrite, also where it was not sent (`shadow`, `auth_mode`)."""
    reason: Reason
    needs: tuple[bytes, ...] = ()
    """Identities (8 bytes each) of the earlier texts that must still stand in the request for this to hold."""


class LedgerUnavailable(Exception):
    """The store cannot be read or written; what it holds is not known."""


class Ledger(Protocol):
    """Where decisions are remembered."""

    def recall(self, keys: Iterable[bytes]) -> dict[bytes, Decision]:
        """The decisions on record for these keys. Raises `LedgerUnavailable`."""

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        """Remember new decisions, all or none, and return what stands: an earlier writer's wins.

        Raises `LedgerUnavailable`: then nothing was remembered.
        """


def key(call_id: str, part: int, text: str) -> bytes:
    """The 16-byte key of one tool output."""
    digest = hashlib.blake2b(digest_size=16)
    for field in (call_id, str(part), text):
        encoded = field.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8))
        digest.update(encoded)
    return digest.digest()


def alone(whole: bytes) -> bytes:
    """The key of the same output's decision where it may not point to other outputs."""
    return hashlib.blake2b(whole, digest_size=16, person=b"alone").digest()


class MemoryLedger:
    """Remembers while the process lives, up to a number of characters; the least recently used go first."""

    def __init__(self, limit: int = _MEMORY_CHARS) -> None:
        self._limit = limit
        self._size = 0
        self._decisions: OrderedDict[bytes, Decision] = OrderedDict()

    def recall(self, keys: Iterable[bytes]) -> dict[bytes, Decision]:
        found = {}
        for wanted in keys:
            if (decision := self._decisions.get(wanted)) is not None:
                self._decisions.move_to_end(wanted)
                found[wanted] = decision
        return found

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        for new, decision in decisions.items():
            if new not in self._decisions:
                self._decisions[new] = decision
                self._size += _size(decision)
        stands = {new: self._decisions[new] for new in decisions}
        while self._size > self._limit:
            self._size -= _size(self._decisions.popitem(last=False)[1])
        return stands


class SqliteLedger:
    """A table in the state folder, shared by all workers and proxies on it, with a memory in front.

    Write-ahead logging: survives `kill -9` at any point. Bounded: 500,000 rows, 30 days after the last use.
    """

    def __init__(self, path: Path) -> None:
        self._connection = _open(path)
        self._memory = MemoryLedger()

    @classmethod
    def open(cls, home: Path) -> Self:
        """The ledger in the state folder, which is made (readable by its owner only) when missing.

        A damaged file is set aside under another name. Raises `LedgerUnavailable`.
        """
        path = home / "ledger.sqlite"
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                return cls(path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                path.replace(path.with_suffix(".damaged"))
                return cls(path)
        except (OSError, sqlite3.Error) as error:
            raise LedgerUnavailable(str(error)) from error

    def recall(self, keys: Iterable[bytes]) -> dict[bytes, Decision]:
        wanted = list(dict.fromkeys(keys))
        found = self._memory.recall(wanted)
        missing = [k for k in wanted if k not in found]
        if missing:
            stored = self._select(missing)
            self._touch(stored)
            found |= self._memory.record(stored)
        return found

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        if not decisions:
            return {}
        try:
            with self._connection:
                self._connection.executemany(
                    f"INSERT OR IGNORE INTO decisions (key, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    [(k, *_row(decision)) for k, decision in decisions.items()],
                )
        except sqlite3.Error as error:
            raise LedgerUnavailable(str(error)) from error
        stands = self._select(list(decisions))
        return self._memory.record(stands)

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def _touch(self, keys: Iterable[bytes]) -> None:
        """Note the day of use, which keeps a running conversation's rows from ageing; best effort."""
        today = "unixepoch() / 86400"
        statement = f"UPDATE decisions SET used_day = {today} WHERE key = ? AND used_day < {today}"
        with suppress(sqlite3.Error), self._connection:
            self._connection.executemany(statement, [(k,) for k in keys])

    def _select(self, keys: list[bytes]) -> dict[bytes, Decision]:
        try:
            rows = [
                row
                for at in range(0, len(keys), 500)
                for row in self._connection.execute(
                    f"SELECT key, {_COLUMNS} FROM decisions WHERE key IN ({','.join('?' * len(keys[at : at + 500]))})",
                    keys[at : at + 500],
                )
            ]
        except sqlite3.Error as error:
            raise LedgerUnavailable(str(error)) from error
        return {row[0]: _decision(*row[1:]) for row in rows}


def _row(decision: Decision) -> tuple[bytes | None, str, str | None, int, int, str, bytes]:
    text = decision.replacement
    replacement = None if text is None else text.encode("utf-8", "surrogatepass")
    counts = decision.tokens_before, decision.tokens_after
    return replacement, decision.transform_name, decision.loss, *counts, decision.reason, b"".join(decision.needs)


def _decision(
    replacement: bytes | None,
    transform_name: str,
    loss: str | None,
    before: int,
    after: int,
    reason: str,
    needs: bytes,
) -> Decision:
    text = None if replacement is None else replacement.decode("utf-8", "surrogatepass")
    needed = tuple(needs[at : at + 8] for at in range(0, len(needs), 8))
    return Decision(text, transform_name, Loss(loss) if loss else None, before, after, Reason(reason), needed)


def _size(decision: Decision) -> int:
    return 200 + len(decision.replacement or "")


def _open(path: Path) -> sqlite3.Connection:
    """The file, brought up to date; where it cannot be written (disk full, read-only, locked) it is only read."""
    try:
        path.touch(mode=0o600, exist_ok=True)
        return _checked(sqlite3.connect(path, timeout=_LOCK_SECONDS), _prepare)
    except (OSError, sqlite3.OperationalError):
        return _checked(sqlite3.connect(f"{path.as_uri()}?mode=ro", timeout=_LOCK_SECONDS, uri=True), _read_schema)


def _checked(connection: sqlite3.Connection, check: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    try:
        check(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _read_schema(connection: sqlite3.Connection) -> None:
    (stored,) = connection.execute("PRAGMA user_version").fetchone()
    if stored > _SCHEMA_VERSION:
        raise sqlite3.OperationalError(f"the ledger was written by a newer version (schema {stored})")
    if stored == _SCHEMA_VERSION:
        connection.execute("SELECT 1 FROM decisions LIMIT 1").fetchone()


def _prepare(connection: sqlite3.Connection) -> None:
    """Bring the file to our schema and forget what is too old or too much."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    _read_schema(connection)
    with connection:
        connection.execute(_SCHEMA)
        connection.execute("DELETE FROM decisions WHERE used_day < unixepoch() / 86400 - ?", (_KEEP_DAYS,))
        connection.execute(
            "DELETE FROM decisions WHERE key IN (SELECT key FROM decisions ORDER BY used_day DESC LIMIT -1 OFFSET ?)",
            (_KEEP_ROWS,),
        )
        connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
