"""A request and what came of it: the two records that the proxy, its workers and the pipeline hand to each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from addon.cache.breaker import BreakerState
from addon.deadline import Deadline
from addon.routing_log import RoutingLog
from addon.shapes.slot import Held
from transforms.cache_aligner import Prefix
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a request that is to be decided on."""

    body: bytes
    """As received."""
    encoding: str
    """The Content-Encoding header's value, or an empty string."""
    auth_mode: AuthMode | None
    client: str
    """The client's name, for the log."""
    deadline: Deadline
    keep: Reason | None = None
    """Decide nothing new, for this reason: new tool outputs are kept, and the keeping is remembered."""
    breaker: Mapping[str, BreakerState] = field(default_factory=dict)
    """What the breaker says of conversations (`cache.prefix.anchor`), and under an empty string of this client."""
    takes_cache_key: bool = False
    """Whether the API knows `prompt_cache_key`; others of the same shape refuse it."""
    held: Held | None = None
    """What is known of the part of the conversation that the server holds, where the connection tells."""
    ascii_only: bool = False
    """Whether a changed body must be ASCII, because the transport breaks other characters."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to send, and why."""

    body: bytes
    """The client's own where nothing changed."""
    log: RoutingLog
    sha256: str = ""
    """Of a changed body, in hexadecimal; empty where nothing changed."""
    client: Prefix = field(default_factory=Prefix)
    """What the provider's cache would see of the client's own request; empty when it is not ours."""
    sent: Prefix = field(default_factory=Prefix)
    """The same of what is sent."""
    breaks_on_purpose: bool = False
    """Whether a break of the cached prefix is intended this time."""
    question: str = ""
    """The last text of the user."""

    @property
    def is_changed(self) -> bool:
        """Whether the body is not the client's own any more."""
        return self.sha256 != ""
