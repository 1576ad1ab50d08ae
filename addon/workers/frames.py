"""The pipe between the proxy and its workers: frames of a JSON header and a body, each preceded by its length.

A conversation comes again with every turn, so of a body that begins, and ends, as one of the last ones did only the
middle is sent. Both ends remember the same last bodies of each direction, and no others.
"""

import json
import struct
from collections.abc import Iterator
from typing import IO, Any

import orjson

_HEAD = struct.Struct(">IIIIB")
"""Bytes of the header, of the body that are sent, shared with another body in front and behind, and which body."""
_NO_BODY = 255
_MOST_BODIES = 16
_MOST_BYTES = 16 * 1024 * 1024
_FEWEST_BYTES = 16 * 1024
"""Smaller bodies are sent whole."""
_STEP = 64 * 1024

type Header = dict[str, Any]

WARM_UP: Header = {"warm_up": True}
"""A frame that a worker sends back as it is, once everything is loaded."""


class Bodies:
    """The last bodies of one direction, the newest last. Both ends have the same, because both add the same."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most_bytes
        self._bodies: list[bytes] = []

    def __getitem__(self, which: int) -> bytes:
        return self._bodies[which] if which != _NO_BODY else b""

    def add(self, body: bytes, instead_of: int) -> None:
        """Remember a body; one that it goes on from makes room."""
        if instead_of != _NO_BODY:
            del self._bodies[instead_of]
        if _FEWEST_BYTES <= len(body) <= self._most // 2:
            self._bodies.append(body)
        while len(self._bodies) > _MOST_BODIES or sum(map(len, self._bodies)) > self._most:
            del self._bodies[0]

    def closest(self, body: bytes) -> tuple[int, int, int]:
        """The body that shares most with this one, and how many bytes in front and behind."""
        best = _NO_BODY, 0, 0
        for which, other in enumerate(tuple(self._bodies)) if len(body) >= _FEWEST_BYTES else ():
            front = _shared_front(body, other)
            if 2 * front >= len(other) and front > best[1]:
                best = which, front, _shared_end(body, other, min(len(body), len(other)) - front)
        return best


def write(out: IO[bytes], header: Header, body: bytes, sent: Bodies) -> None:
    """Write one frame and flush it. `sent` are the bodies written here before."""
    encoded = _encoded(header)
    which, front, end = sent.closest(body)
    middle = memoryview(body)[front : len(body) - end]
    out.write(_HEAD.pack(len(encoded), len(middle), front, end, which) + encoded)
    out.write(middle)
    out.flush()
    sent.add(body, which)


def read(source: IO[bytes], received: Bodies) -> tuple[Header, bytes] | None:
    """Read one frame; None at the end of the pipe, also in the middle of a frame. `received`: those read before."""
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    header_length, middle_length, front, end, which = _HEAD.unpack(head)
    header, body = source.read(header_length), source.read(middle_length)
    if len(header) < header_length or len(body) < middle_length:
        return None
    if front or end:
        other = received[which]
        body = b"".join((memoryview(other)[:front], body, memoryview(other)[len(other) - end :]))
    received.add(body, which)
    try:
        return orjson.loads(header), body
    except orjson.JSONDecodeError:
        return json.loads(header), body


def _encoded(header: Header) -> bytes:
    try:
        return orjson.dumps(header)
    except orjson.JSONEncodeError:
        return json.dumps(header).encode()  # escapes lone surrogates, which names and paths may hold


def _shared_front(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    at, most = 0, min(len(one), len(other))
    for step in _steps():
        while at < most and one.startswith(other[at : at + step], at):
            at += step
    return min(at, most)


def _shared_end(one: bytes, other: bytes, most: int) -> int:
    """How many bytes both end with, at most `most`."""
    at = 0
    for step in _steps():
        while at < most and one.endswith(other[max(0, len(other) - at - step) : len(other) - at], 0, len(one) - at):
            at += step
    return min(at, most)


def _steps() -> Iterator[int]:
    """From large to one."""
    step = _STEP
    while step:
        yield step
        step //= 2
