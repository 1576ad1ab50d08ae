"""How a request goes to a worker, and how its outcome comes back: as the header and the body of a frame."""

from dataclasses import dataclass
from typing import Self

from addon.cache.breaker import BreakerState
from addon.deadline import Deadline
from addon.request import Outcome, Request
from addon.routing_log import RoutingLog
from addon.shapes.slot import Held
from addon.workers import frames
from addon.workers.news import Told
from transforms.cache_aligner import Prefix
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason


@dataclass(frozen=True, slots=True)
class Job:
    """A request for a worker, and what it is decided by."""

    request: Request
    settings: dict[str, str]
    """Raw values, as `Settings.parse` takes them."""

    @property
    def store(self) -> tuple[str, str]:
        """Where its decisions are on record."""
        return self.settings.get("home", ""), self.settings.get("store", "")

    def header(self, told: Told) -> frames.Header:
        """All but the body. `told`: what other workers have come to know."""
        request = self.request
        return {
            "settings": self.settings,
            "told": told,
            "encoding": request.encoding,
            "auth_mode": request.auth_mode,
            "client": request.client,
            "deadline": request.deadline.at,
            "keep": request.keep,
            "breaker": dict(request.breaker),
            "takes_cache_key": request.takes_cache_key,
            "held": None if request.held is None else request.held.plain,
            "ascii_only": request.ascii_only,
        }

    @classmethod
    def of(cls, header: frames.Header, body: bytes) -> Self:
        """The job in a frame."""
        request = Request(
            body=body,
            encoding=header["encoding"],
            auth_mode=AuthMode(header["auth_mode"]) if header["auth_mode"] else None,
            client=header["client"],
            deadline=Deadline(header["deadline"]),
            keep=Reason(header["keep"]) if header["keep"] else None,
            breaker={name: BreakerState(value) for name, value in header["breaker"].items()},
            takes_cache_key=header["takes_cache_key"],
            held=None if header["held"] is None else Held.parse(header["held"]),
            ascii_only=header["ascii_only"],
        )
        return cls(request, header["settings"])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker made of a job."""

    outcome: Outcome
    news: Told
    """Decisions that the worker has come to know."""

    @property
    def frame(self) -> tuple[frames.Header, bytes]:
        """As it is sent; the client's own body stays where it is."""
        outcome = self.outcome
        header = {
            "news": self.news,
            "sha256": outcome.sha256,
            "log": outcome.log.head,
            "entries": [entry.text for entry in outcome.log.entries],
            "client_prefix": outcome.client.plain,
            "sent_prefix": outcome.sent.plain,
            "on_purpose": outcome.breaks_on_purpose,
            "question": outcome.question,
        }
        return header, outcome.body if outcome.is_changed else b""

    @classmethod
    def of(cls, job: Job, header: frames.Header, body: bytes) -> Self:
        """The answer to `job` in a worker's frame."""
        outcome = Outcome(
            body=body if header["sha256"] else job.request.body,
            log=RoutingLog.parse(header["log"], header["entries"]),
            sha256=header["sha256"],
            client=Prefix.parse(header["client_prefix"]),
            sent=Prefix.parse(header["sent_prefix"]),
            breaks_on_purpose=header["on_purpose"],
            question=header["question"],
        )
        return cls(outcome, header["news"])
