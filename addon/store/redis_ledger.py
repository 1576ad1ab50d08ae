"""The ledger's store for several proxies behind one address: a Redis or Valkey server.

Writing is one script on the server: all or none, first writer wins, and what stands comes back. The script refuses to
run late: a server that stalls must not record a decision whose request has left without it. Slow or gone is
`LedgerUnavailable` within half a second, and for two seconds after that without asking again.
"""

import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from addon.store.ledger import KEEP_DAYS, Decision, LedgerUnavailable, from_json, to_json

_SCHEMA_VERSION = 1
_SCHEMA_KEY = "headroom:schema"
_PREFIX = b"headroom:decision:"
_KEEP_SECONDS = KEEP_DAYS * 86_400
_WAIT = 0.3
"""Seconds for connecting, and again for each answer."""
_LATEST = 0.2
"""Seconds after which a write does not count any more, by the server's clock; its answer must come in what is left."""
_PAUSE = 2.0
"""Seconds for which a server that failed is not asked again: not every request is to wait for it."""
_WRITE = """
local now = redis.call('TIME')
if now[1] * 1000 + now[2] / 1000 > tonumber(ARGV[1]) then return false end
local stands = {}
for i, key in ipairs(KEYS) do
    redis.call('SET', key, ARGV[i + 2], 'NX', 'EX', ARGV[2])
    stands[i] = redis.call('GET', key)
end
return stands
"""


class _Refused(ValueError):
    """The server answers, but not so that it can be used."""


class RedisLedger:
    """Decisions on a server, a `Store`. Each is kept for 30 days after its last use."""

    def __init__(self, url: str) -> None:
        """Does not connect yet. `url`: `redis://`, `rediss://` or `unix://`."""
        once_more = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))  # an idle connection was dropped
        self._client = redis.Redis.from_url(url, socket_connect_timeout=_WAIT, socket_timeout=_WAIT, retry=once_more)
        self._where = shown(url)
        self._clock: float | None = None
        """The server's clock less ours (`time.monotonic`), in seconds; None before the first answer."""
        self._asked_again_at = 0.0
        self._error = ""

    def recall(self, keys: list[bytes]) -> dict[bytes, Decision]:
        return self._failing_loudly(lambda: self._recall(keys))

    def record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        return self._failing_loudly(lambda: self._record(decisions))

    def prune(self) -> None:
        """Nothing: the server forgets by itself."""

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def _recall(self, keys: list[bytes]) -> dict[bytes, Decision]:
        self._greet()
        pipeline = self._client.pipeline(transaction=False)
        pipeline.time()
        pipeline.mget([_PREFIX + key for key in keys])
        for key in keys:
            pipeline.expire(_PREFIX + key, _KEEP_SECONDS)
        server_time, values, *_ = pipeline.execute(raise_on_error=False)  # a replica cannot `expire`, and is read
        self._set_clock(server_time)
        if isinstance(values, Exception):
            raise values
        return {key: from_json(value) for key, value in zip(keys, values, strict=True) if value is not None}

    def _record(self, decisions: Mapping[bytes, Decision]) -> dict[bytes, Decision]:
        clock = self._greet()
        keys, values = [_PREFIX + key for key in decisions], [to_json(decision) for decision in decisions.values()]
        latest = int((time.monotonic() + clock + _LATEST) * 1000)
        stands = self._client.eval(_WRITE, len(keys), *keys, latest, _KEEP_SECONDS, *values)
        if stands is None:
            raise _Refused("took too long to write")
        return {key: from_json(value) for key, value in zip(decisions, stands, strict=True)}

    def _greet(self) -> float:
        """Learn the server's clock and schema before all else. Returns the clock."""
        if self._clock is None:
            pipeline = self._client.pipeline(transaction=False)
            pipeline.set(_SCHEMA_KEY, _SCHEMA_VERSION, nx=True)
            pipeline.get(_SCHEMA_KEY)
            pipeline.time()
            _, schema, server_time = pipeline.execute(raise_on_error=False)
            if isinstance(schema, Exception):
                raise schema
            if schema is not None and int(schema) > _SCHEMA_VERSION:
                raise _Refused(f"written by a newer version (schema {int(schema)})")
            self._set_clock(server_time)
        if self._clock is None:
            raise _Refused("does not tell the time")
        return self._clock

    def _set_clock(self, server_time: object) -> None:
        """Taken as of the answer's arrival, so that it is never ahead."""
        if isinstance(server_time, tuple):
            self._clock = server_time[0] + server_time[1] / 1e6 - time.monotonic()

    def _failing_loudly[T](self, work: Callable[[], T]) -> T:
        """Every error becomes `LedgerUnavailable`, and for a while nothing is asked after one."""
        if time.monotonic() < self._asked_again_at:
            raise LedgerUnavailable(f"{self._where} has just failed: {self._error}")
        try:
            return work()
        except (redis.RedisError, OSError, ValueError) as error:
            self._clock, self._error = None, f"{type(error).__name__}: {error}"[:200]
            self._asked_again_at = time.monotonic() + _PAUSE
            self._client.close()
            raise LedgerUnavailable(f"{self._where}: {self._error}") from error


def shown(url: str) -> str:
    """A store's URL without the password, for people."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
