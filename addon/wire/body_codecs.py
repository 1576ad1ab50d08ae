"""Content codings of HTTP bodies: strict and bounded on the way in, fast and in the same form on the way out.

`codec_for("gzip").decode(body, limit)` returns the whole decoded body or raises `BadEncoding`: for a body that is cut
short, damaged, or followed by something else, for more than `limit` decoded bytes, for an unknown coding or several.
`feed` does the same piece by piece. Codings: RFC 9110 8.4.1, RFC 7932 (br), RFC 8878 and 9659 (zstd).
"""

import hashlib
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # brotli has no type hints
import zstandard

_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15
"""`wbits` of the three wrappings of deflate: https://docs.python.org/3/library/zlib.html#zlib.decompressobj"""
_GZIP_LEVEL, _BROTLI_QUALITY, _ZSTD_LEVEL = 1, 4, 3
"""About 10 ms for a megabyte of JSON, and within a few percent of the size that the slow levels reach."""
_SLICE = 1 << 16
"""Compressed bytes handed over at once, so that what is left over is cheap to carry along."""
_ZSTD_SLICE = 1 << 9
"""The same for zstd, whose binding cannot limit its output: four bytes may stand for a block of 128 KiB."""
_ZSTD_WINDOW = 1 << 23
"""The largest window of the content coding zstd: https://www.rfc-editor.org/rfc/rfc9659.html#section-3"""
_CUT_SHORT, _TRAILING, _TOO_LARGE = (
    "the body is cut short",
    "something follows the body",
    "the decoded body is too large",
)


BODY_LIMIT = 32 * 1024 * 1024
"""Bytes of a decoded body; larger ones pass as they came."""


def sha256(body: bytes) -> str:
    """The SHA-256 of a body, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


class BadEncoding(ValueError):
    """A body is not what its Content-Encoding says, is too large, or the coding is none of ours."""


class Codec(ABC):
    """The coding of one body."""

    def decode(self, body: bytes, limit: int) -> bytes:
        """The whole decoded body, at most `limit` bytes. Raises `BadEncoding`."""
        decoded = self.feed(body, limit)
        if not self.complete:
            raise BadEncoding(_CUT_SHORT)
        return decoded

    @abstractmethod
    def feed(self, data: bytes, limit: int) -> bytes:
        """What the next part of the body decodes to, at most `limit` bytes. Raises `BadEncoding`."""

    @property
    @abstractmethod
    def complete(self) -> bool:
        """Whether the body may end here."""

    @abstractmethod
    def encode(self, body: bytes) -> bytes:
        """Another body in the same form as the one that was decoded."""


class _Identity(Codec):
    """No coding: bytes come back as the same object, whatever their number, for they are there already."""

    complete = True

    def feed(self, data: bytes, limit: int) -> bytes:
        return data

    def encode(self, body: bytes) -> bytes:
        return body


class _Zlib(Codec):
    """gzip, of one member or several, and deflate, in the zlib wrapping of the standard or bare as some send it."""

    def __init__(self, wbits: int | None) -> None:
        self._wbits = wbits
        """None until the first byte of a deflate body tells."""
        self._inflate = zlib.decompressobj(_ZLIB if wbits is None else wbits)

    @property
    def complete(self) -> bool:
        return self._inflate.eof

    def feed(self, data: bytes, limit: int) -> bytes:
        if self._wbits is None and data:
            self._wbits = _deflate_wbits(data[0])
            self._inflate = zlib.decompressobj(self._wbits)
        pieces = _Pieces(limit)
        try:
            for at in range(0, len(data), _SLICE):
                self._feed_slice(data[at : at + _SLICE], pieces)
        except zlib.error as error:
            raise BadEncoding(str(error)) from error
        return pieces.joined()

    def _feed_slice(self, data: bytes, pieces: "_Pieces") -> None:
        while data:
            if self._inflate.eof:
                self._next_member()
            pieces.add(self._inflate.decompress(data, pieces.room + 1))
            data = self._inflate.unused_data

    def _next_member(self) -> None:
        """RFC 1952 2.2: a gzip file is a series of members, which are one whole."""
        if self._wbits != _GZIP:
            raise BadEncoding(_TRAILING)
        self._inflate = zlib.decompressobj(_GZIP)

    def encode(self, body: bytes) -> bytes:
        return zlib.compress(body, _GZIP_LEVEL, _ZLIB if self._wbits is None else self._wbits)


class _Brotli(Codec):
    """br: one stream."""

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._decompressor.is_finished())

    def feed(self, data: bytes, limit: int) -> bytes:
        pieces = _Pieces(limit)
        try:
            for at in range(0, len(data), _SLICE):
                if self.complete:
                    raise BadEncoding(_TRAILING)
                self._feed_slice(data[at : at + _SLICE], pieces)
        except brotli.error as error:
            raise BadEncoding(str(error)) from error
        return pieces.joined()

    def _feed_slice(self, data: bytes, pieces: "_Pieces") -> None:
        """The binding gives at most a little more than `output_buffer_limit` at once; the rest comes for the asking."""
        piece: bytes = self._decompressor.process(data, output_buffer_limit=_SLICE)
        while piece or not self._decompressor.can_accept_more_data():
            pieces.add(piece)
            piece = self._decompressor.process(b"", output_buffer_limit=_SLICE)

    def encode(self, body: bytes) -> bytes:
        return bytes(brotli.compress(body, quality=_BROTLI_QUALITY))


class _Zstd(Codec):
    """zstd, of one frame or several."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._frame = self._decompressor.decompressobj()

    @property
    def complete(self) -> bool:
        return self._frame.eof

    def feed(self, data: bytes, limit: int) -> bytes:
        pieces = _Pieces(limit)
        try:
            for at in range(0, len(data), _ZSTD_SLICE):
                self._feed_slice(data[at : at + _ZSTD_SLICE], pieces)
        except zstandard.ZstdError as error:
            raise BadEncoding(str(error)) from error
        return pieces.joined()

    def _feed_slice(self, data: bytes, pieces: "_Pieces") -> None:
        while data:
            if self._frame.eof:
                self._frame = self._decompressor.decompressobj()
            pieces.add(self._frame.decompress(data))
            data = self._frame.unused_data

    def encode(self, body: bytes) -> bytes:
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)


_CODECS: dict[str, Callable[[], Codec]] = {
    "": _Identity,
    "identity": _Identity,
    "gzip": lambda: _Zlib(_GZIP),
    "deflate": lambda: _Zlib(None),
    "br": _Brotli,
    "zstd": _Zstd,
}


def codec_for(encoding: str) -> Codec:
    """A codec for one body with this Content-Encoding, letter case ignored. Raises `BadEncoding` for an unknown one."""
    make = _CODECS.get(encoding.strip().lower())
    if make is None:
        raise BadEncoding("unknown content coding, or several")
    return make()


def _deflate_wbits(first: int) -> int:
    """Which deflate a body is, by its first byte.

    The low four bits of the zlib wrapping are 8, the method deflate (RFC 1950 2.2). A bare stream that starts so
    would be a stored block with a padding bit set (RFC 1951 3.2.4), which no encoder writes.
    """
    return _ZLIB if first & 0x0F == 8 else _RAW_DEFLATE


class _Pieces:
    """Decoded pieces, and how many bytes more there may be."""

    def __init__(self, limit: int) -> None:
        self.room = limit
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self.room -= len(piece)
        if self.room < 0:
            raise BadEncoding(_TOO_LARGE)
        self._pieces.append(piece)

    def joined(self) -> bytes:
        return b"".join(self._pieces)
