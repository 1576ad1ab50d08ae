"""What finished flows hold in memory, within a bound: mitmweb keeps every flow for as long as it runs.

A conversation comes whole with every turn, and a rewritten one stands twice in its flow, so an hour of work is some
hundred megabytes. The bodies of the last flows stay; an older flow keeps its heads, its note and its routing log.
"""

from collections import OrderedDict
from typing import Any
from weakref import ref

from mitmproxy import http

DROPPED = "bodies dropped (headroom_bodies_mb)"
"""What the note of a flow without its bodies ends with."""


class KeptBodies:
    """The flows that have ended here and have their bodies, the oldest first. It keeps no flow itself."""

    def __init__(self) -> None:
        self._flows: OrderedDict[str, tuple[ref[http.HTTPFlow], int]] = OrderedDict()
        """By id, and the bytes of each."""
        self._bytes = 0

    def keep(self, flow: http.HTTPFlow, most: int) -> list[http.HTTPFlow]:
        """A flow has ended, and stays whole; of the older ones the last stay whole, `most` bytes in all (0: all).

        Returns those whose bodies went. One that the user has intercepted keeps them, since they still have to leave.
        """
        self._forget(flow.id)
        self._flows[flow.id] = ref(flow), (size := _size(flow))
        self._bytes += size
        too_much = self._bytes - most if most else 0
        gone, dropped = list[str](), list[http.HTTPFlow]()
        for key, (reference, bytes_) in self._flows.items():
            older = reference()
            if older is flow or (older is not None and too_much <= 0):
                break
            if older is not None and older.live:
                continue
            gone.append(key)
            too_much -= bytes_
            if older is not None:
                dropped.append(older)
        for key in gone:
            self._forget(key)
        for older in dropped:
            _drop(older)
        return dropped

    def _forget(self, key: str) -> None:
        if key in self._flows:
            self._bytes -= self._flows.pop(key)[1]


def _size(flow: http.HTTPFlow) -> int:
    """Bytes of all bodies and messages; of a request that was changed, also of what it was."""
    backup: Any = flow._backup
    came = backup["request"]["content"] if backup else None
    messages = flow.websocket.messages if flow.websocket else ()
    bodies = (came, flow.request.raw_content, flow.response and flow.response.raw_content)
    return sum(len(body) for body in (*bodies, *(message.content for message in messages)) if body)


def _drop(flow: http.HTTPFlow) -> None:
    flow.request.raw_content = None
    flow._backup = None  # mitmproxy has no other way to let go of it
    if flow.response:
        flow.response.raw_content = None
    if flow.websocket:
        flow.websocket.messages.clear()
    flow.comment = f"{flow.comment} · {DROPPED}"
