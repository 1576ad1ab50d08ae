"""The pipe between the proxy and its workers: frames of a JSON header and raw bytes, each preceded by its length."""

import json
import struct
from typing import IO, Any

import orjson

_LENGTHS = struct.Struct(">II")

type Header = dict[str, Any]

WARM_UP: Header = {"warm_up": True}
"""A frame that a worker sends back as it is, once everything is loaded."""


def write(out: IO[bytes], header: Header, body: bytes) -> None:
    """Write one frame and flush it."""
    out.write(_head(header, body))
    out.write(body)
    out.flush()


def read(source: IO[bytes]) -> tuple[Header, bytes] | None:
    """Read one frame; None at the end of the pipe, also in the middle of a frame."""
    lengths = source.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header_length, body_length = _LENGTHS.unpack(lengths)
    header, body = source.read(header_length), source.read(body_length)
    if len(header) < header_length or len(body) < body_length:
        return None
    try:
        return orjson.loads(header), body
    except orjson.JSONDecodeError:
        return json.loads(header), body


def _head(header: Header, body: bytes) -> bytes:
    try:
        encoded = orjson.dumps(header)
    except orjson.JSONEncodeError:
        encoded = json.dumps(header).encode()  # escapes lone surrogates, which names and paths may hold
    return _LENGTHS.pack(len(encoded), len(body)) + encoded
