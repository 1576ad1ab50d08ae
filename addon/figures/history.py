"""The numbers over time: minutes of the last day in memory, days in the state folder. Bounded in both."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from addon.store.folder import make_private

_MINUTES = 24 * 60
_KEEP_DAYS = 400
_LOCK_SECONDS = 0.2


@dataclass(slots=True)
class Bucket:
    """What happened in one minute or on one day."""

    requests: int = 0
    answered: int = 0
    """Of these, served by the provider; retries once."""
    once: int = 0
    """Tokens taken out, each output counted once."""
    before: int = 0
    after: int = 0
    """Tokens of tool outputs in the answered requests, as the client had them and as they were sent."""
    fetched: int = 0
    """Tokens that the model fetched because an output had been shortened, in every request that sent them."""
    lost: int = 0
    """Tokens which we kept from being read from the cache."""
    fresh: int = 0
    cached: int = 0
    written: int = 0
    """Input by the provider's own count."""

    def add(self, other: "Bucket") -> None:
        """Take in another one."""
        for name in COLUMNS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


COLUMNS = tuple(field.name for field in fields(Bucket))
_SCHEMA = (
    f"CREATE TABLE IF NOT EXISTS days (day TEXT PRIMARY KEY, "
    f"{', '.join(f'{name} INTEGER NOT NULL DEFAULT 0' for name in COLUMNS)}) WITHOUT ROWID"
)


class Minutes:
    """The last 24 hours."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[int, Bucket] = OrderedDict()

    def at(self, now: float) -> Bucket:
        """The bucket of the minute that `now`, in seconds since the epoch, lies in."""
        minute = int(now // 60)
        if minute not in self._buckets:
            self._buckets[minute] = Bucket()
            while len(self._buckets) > _MINUTES:
                self._buckets.popitem(last=False)
        return self._buckets[minute]

    def series(self, now: float, minutes: int, step: int) -> list[tuple[int, Bucket]]:
        """The time and bucket of each step of so many minutes, up to now; empty ones included."""
        last = int(now // 60) // step
        found = {n: Bucket() for n in range(last - minutes // step + 1, last + 1)}
        for minute, bucket in list(self._buckets.items()):  # a page asks from a thread of its own
            if minute // step in found:
                found[minute // step].add(bucket)
        return [(n * step * 60, bucket) for n, bucket in found.items()]


class Days:
    """The days of one state folder; every proxy that shares it adds. Errors of the disk cost the history only."""

    def __init__(self, home: Path) -> None:
        self._path = home / "days.sqlite"

    def add(self, counts: dict[str, Bucket]) -> bool:
        """Add to days, by their ISO names. Blocking. False when it could not be written."""
        names = ", ".join(COLUMNS)
        sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in COLUMNS)
        places = ", ".join("?" * (len(COLUMNS) + 1))
        with suppress(OSError, sqlite3.Error), self._opened() as connection, connection:
            connection.executemany(
                f"INSERT INTO days (day, {names}) VALUES ({places}) ON CONFLICT (day) DO UPDATE SET {sums}",
                [(day, *astuple(bucket)) for day, bucket in counts.items()],
            )
            connection.execute(
                "DELETE FROM days WHERE day NOT IN (SELECT day FROM days ORDER BY day DESC LIMIT ?)", (_KEEP_DAYS,)
            )
            return True
        return False

    def all(self) -> dict[str, Bucket]:
        """Every day, oldest first. Blocking."""
        with suppress(OSError, sqlite3.Error), self._opened() as connection:
            rows = connection.execute(f"SELECT day, {', '.join(COLUMNS)} FROM days ORDER BY day")
            return {day: Bucket(*counts) for day, *counts in rows}
        return {}

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        make_private(self._path)
        with closing(sqlite3.connect(self._path, timeout=_LOCK_SECONDS)) as connection:
            connection.execute(_SCHEMA)
            yield connection
