"""What goes to a worker and what comes back: the proxy's side of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from addon.cache.breaker import BreakerState
from addon.deadline import Deadline
from addon.routing_log import RoutingLog
from addon.shapes.slot import Held
from addon.workers import frames
from addon.workers.news import Told
from transforms.cache_aligner import Prefix
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason


@dataclass(frozen=True, slots=True)
class Job:
    """A request for a worker; see `pipeline.Request`."""

    body: bytes
    encoding: str
    auth_mode: AuthMode | None
    client: str
    settings: dict[str, str]
    """Raw values, as `Settings.parse` takes them."""
    deadline: Deadline
    keep: Reason | None = None
    breaker: Mapping[str, BreakerState] = field(default_factory=dict)
    takes_cache_key: bool = False
    held: Held | None = None
    ascii_only: bool = False

    @property
    def store(self) -> tuple[str, str]:
        """Where its decisions are on record."""
        return self.settings.get("home", ""), self.settings.get("store", "")

    @property
    def header(self) -> frames.Header:
        """All but the body, and nothing told by other workers."""
        return {
            "encoding": self.encoding,
            "auth_mode": self.auth_mode,
            "client": self.client,
            "settings": self.settings,
            "deadline": self.deadline.at,
            "keep": self.keep,
            "breaker": dict(self.breaker),
            "takes_cache_key": self.takes_cache_key,
            "held": None if self.held is None else self.held.plain,
            "ascii_only": self.ascii_only,
            "told": {},
        }


@dataclass(frozen=True, slots=True)
class Changed:
    """A body that is not the client's own any more."""

    body: bytes
    sha256: str
    """In hexadecimal."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker made of a job."""

    changed: Changed | None
    """The body to send; None: the client's own."""
    log: RoutingLog
    client_prefix: Prefix = field(default_factory=Prefix)
    sent_prefix: Prefix = field(default_factory=Prefix)
    on_purpose: bool = False
    """Whether a break of the cached prefix is intended."""
    question: str = ""
    """The last text of the user."""
    news: Told = field(default_factory=dict)
    """Decisions that the worker has come to know."""

    @classmethod
    def of(cls, header: frames.Header, body: bytes) -> Self:
        """The answer in a worker's frame."""
        return cls(
            changed=Changed(body, header["sha256"]) if header["sha256"] else None,
            log=RoutingLog.parse(header["log"], header["entries"]),
            client_prefix=Prefix.parse(header["client_prefix"]),
            sent_prefix=Prefix.parse(header["sent_prefix"]),
            on_purpose=header["on_purpose"],
            question=header["question"],
            news=header["news"],
        )
