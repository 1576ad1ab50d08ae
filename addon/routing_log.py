"""The routing log: the one record of what was decided for a request and why, which every sink shows.

Header, flow note, flow metadata, metrics and log line are made from this record and from nothing else.
"""

from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field

from transforms.compression_policy import AuthMode, CompressionPolicy
from transforms.content_router import Attempt
from transforms.contract import Loss
from transforms.reasons import Reason

NO_TRANSFORM = "none"


def _version() -> str:
    try:
        return version("headroom-mitmproxy")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"


VERSION = _version()


def cleaned(data: dict[str, Any]) -> dict[str, Any]:
    """Plain data as every sink takes it: lone surrogates, which UTF-8 cannot carry, become question marks."""
    try:
        orjson.dumps(data)  # takes none, and is quick: they are rare
        return data
    except orjson.JSONEncodeError:
        encodable: dict[str, Any] = _encodable(data)
        return encodable


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case list():
            return [_encodable(element) for element in value]
        case dict():
            return {key: _encodable(element) for key, element in value.items()}
    return value


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Omitted(_Record):
    """A range that was left out of a block."""

    original: str
    """Id of the original in which it counts; its file, address and the MCP tool go by it."""
    unit: str
    """`lines`, `rows`, `sentences` or `characters`."""
    first: int
    """From 1."""
    last: int
    """Inclusive."""


class Entry(_Record):
    """The decision on one block."""

    block: int
    """Position among the request's tool outputs, from 0."""
    tool: str
    """Name of the tool, or an empty string."""
    transform_name: str
    """Names joined by `+` in order of use; `none` for a block left as it is."""
    reason: Reason
    loss: Loss | None = Field(alias="class")
    """The most lossy step's class; None for a block left as it is."""
    compression_ratio: float
    """Tokens after / before, of what was sent; 1.0 is untouched."""
    tokens_before: int
    tokens_after: int
    """What was sent."""
    shadow_tokens: int | None = None
    """What would have been sent, where a mode or setting allowed deciding but not rewriting."""
    new: bool = True
    """Whether this was decided in this request; False: in an earlier one, and done again."""
    omitted: tuple[Omitted, ...] = ()
    """What was left out of it; in the flow's metadata and by request, not in the header."""
    attempts: tuple[Attempt, ...] = ()
    """Every transform that was tried; only at log level trace."""

    @cached_property
    def plain(self) -> dict[str, Any]:
        """The same as plain data, made once, because an entry comes again with every turn: not to be changed."""
        return cleaned(self.model_dump(mode="json", by_alias=True))

    @cached_property
    def text(self) -> str:
        """The same as JSON."""
        return orjson.dumps(self.plain).decode()

    @staticmethod
    @lru_cache(maxsize=8192)
    def parse(text: str) -> "Entry":
        """The entry that `text` was made from."""
        return Entry.model_validate_json(text)


class RoutingLog(_Record):
    """The head (the request as a whole) and one entry for every tool output."""

    version: str = VERSION
    request: str = ""
    """mitmproxy's id of the flow; `/r/ID` of our own pages has this log by it."""
    decision: Reason
    """`compressed` or `replayed` when a byte was changed, else why not."""
    shape: str = ""
    """The API's name in `addon.shapes.catalog`, or an empty string."""
    client: str = ""
    auth_mode: AuthMode | None = None
    mode: str = ""
    policy: CompressionPolicy | None = None
    tokens_before: int = 0
    """Of all tool outputs."""
    tokens_after: int = 0
    fetched_tokens: int = 0
    """Of these, in new outputs that the model fetched because an earlier one had been shortened."""
    milliseconds: float = 0.0
    """For how long the request was held."""
    cache_hint: bool = False
    """Whether `prompt_cache_key` or `cache_control` was added to a request that used no caching."""
    attach: str = ""
    """The sum that decided whether to rewrite what was sent before we saw the conversation, where there was one."""
    failures: tuple[str, ...] = ()
    """Errors of ours, one line each."""
    entries: tuple[Entry, ...] = ()

    @classmethod
    def parse(cls, head: dict[str, Any], entries: list[str]) -> Self:
        """The log with this head, and the entries that these texts were made from."""
        return cls.model_validate(head).model_copy(update={"entries": tuple(map(Entry.parse, entries))})

    @property
    def head(self) -> dict[str, Any]:
        """All but the entries as plain data."""
        return cleaned(self.model_dump(mode="json", by_alias=True, exclude={"entries"}))

    def with_time(self, milliseconds: float) -> Self:
        """The same log with the time the request was held for."""
        return self.model_copy(update={"milliseconds": round(milliseconds, 2)})

    def for_request(self, request: str) -> Self:
        """The same log with the request's id."""
        return self.model_copy(update={"request": request})
