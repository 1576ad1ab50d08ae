"""The response on its way past: every chunk goes on as it came, a copy is read for the provider's usage figures."""

from collections.abc import Callable

from addon.fail_open import fail_open
from addon.wire.usage import Usage, UsageReader

_KEPT_BYTES = 4 * 1024 * 1024
"""How much of a streamed body is kept so that mitmweb can show it."""


class ResponseTee:
    """A mitmproxy stream callable. Never raises and never withholds: what comes in is what it returns."""

    def __init__(self, content_type: str, content_encoding: str, on_failure: Callable[[BaseException], None]) -> None:
        self._reader = UsageReader(content_type, content_encoding)
        self._on_failure = on_failure
        self._kept: list[bytes] = []
        self._size = 0

    def __call__(self, chunk: bytes) -> bytes:
        self._size += len(chunk)
        if self._size <= _KEPT_BYTES:
            self._kept.append(chunk)
        else:
            self._kept.clear()
        with fail_open(self._on_failure):
            self._reader.feed(chunk)
        return chunk

    def take(self) -> bytes | None:
        """All that has passed, once; None when it was too much to keep."""
        body = b"".join(self._kept) if self._size <= _KEPT_BYTES else None
        self._kept.clear()
        return body

    @property
    def usage(self) -> Usage | None:
        """The provider's figures as far as they have passed."""
        return self._reader.usage()
