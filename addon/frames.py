"""The pipe between the proxy and its workers: frames of a JSON header and raw bytes, each preceded by its length."""

import asyncio
import struct
from typing import Any, BinaryIO

import orjson

_LENGTHS = struct.Struct(">II")

type Header = dict[str, Any]


def write(out: BinaryIO, header: Header, body: bytes) -> None:
    """Write one frame and flush it."""
    out.write(_head(header, body))
    out.write(body)
    out.flush()


def read(source: BinaryIO) -> tuple[Header, bytes] | None:
    """Read one frame; None at the end of the pipe, also in the middle of a frame."""
    lengths = source.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header_length, body_length = _LENGTHS.unpack(lengths)
    header, body = source.read(header_length), source.read(body_length)
    return (orjson.loads(header), body) if len(body) == body_length else None


async def send(writer: asyncio.StreamWriter, header: Header, body: bytes) -> None:
    """Write one frame without holding up the event loop. Raises OSError when the other end is gone."""
    writer.write(_head(header, body))
    view = memoryview(body)
    for at in range(0, len(body), 1 << 20):
        writer.write(view[at : at + (1 << 20)])
        await writer.drain()
    await writer.drain()


async def receive(reader: asyncio.StreamReader) -> tuple[Header, bytes]:
    """Read one frame. Raises EOFError when the other end is gone."""
    header_length, body_length = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    header = orjson.loads(await reader.readexactly(header_length))
    return header, await reader.readexactly(body_length)


def _head(header: Header, body: bytes) -> bytes:
    encoded = orjson.dumps(header)
    return _LENGTHS.pack(len(encoded), len(body)) + encoded
