"""The requests looked at last: what was decided and left out in each, by request. Bounded in number and size."""

from collections import OrderedDict
from threading import Lock
from typing import Any

import orjson

_MOST = 500
_MOST_BYTES = 16 * 1024 * 1024


class Recent:
    """Records by request id, in the order in which they came. Safe to use from any thread."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def put(self, request: str, record: dict[str, Any]) -> None:
        """Remember what is known of a request, in place of what was known before."""
        data = orjson.dumps(record)
        with self._lock:
            self._size += len(data) - len(self._records.get(request, b""))
            self._records[request] = data
            while self._records and (len(self._records) > _MOST or self._size > _MOST_BYTES):
                self._size -= len(self._records.popitem(last=False)[1])

    def get(self, request: str) -> dict[str, Any] | None:
        """What is known of a request."""
        with self._lock:
            data = self._records.get(request)
        return None if data is None else orjson.loads(data)

    def last(self) -> str | None:
        """The id of the request that came last."""
        with self._lock:
            return next(reversed(self._records), None)
