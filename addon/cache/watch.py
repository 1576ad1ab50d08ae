"""Watches over the provider's cache: follows conversations, judges each answered turn, and trips the breaker.

`Conversations` and `Breaker` together, for whoever passes requests on; knows nothing of how they travel.
"""

from dataclasses import dataclass

from addon.cache.breaker import Breaker, BreakerState, Trip
from addon.cache.conversations import CacheVerdict, Conversations, Turn
from addon.wire.usage import Ended


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of the cache on a turn, and whether the breaker opens over it."""

    verdict: CacheVerdict
    trip: Trip | None
    told: str
    """For people: `cache held`, `cache we_broke at conversation 3 · breaker prefix_broken`."""

    @property
    def is_news(self) -> bool:
        """Whether a note is to tell it."""
        return self.verdict is not CacheVerdict.UNKNOWN or self.trip is not None

    @property
    def is_alarm(self) -> bool:
        """Whether it is worth a warning."""
        return self.verdict is CacheVerdict.WE_BROKE or self.trip is not None


class CacheWatch:
    """One for all conversations of a proxy. Bounded; remembers nothing over a restart."""

    def __init__(self) -> None:
        self.conversations = Conversations()
        self._breaker = Breaker()

    def tripped(self, client: str, conversation: str = "") -> dict[str, BreakerState]:
        """What the breaker says of the conversations it is open for, by their anchors, and under an empty string of
        this client, or of this conversation where it is known."""
        conversations = self._breaker.open_conversations().items()
        tripped = {anchor: state for talk, state in conversations for anchor in self.conversations.anchors(talk)}
        return {**tripped, "": self._breaker.state(client, conversation)}

    def judge(self, client: str, turn: Turn, ended: Ended, changed: bool) -> Judgement:
        """Take in the end of a turn. `changed`: what was sent was not the client's own."""
        verdict = self.conversations.answered(turn, ended.usage, ended.status)
        trip = self._breaker.observe(client, turn.conversation, ended.status, ended.error_text, changed, verdict)
        told = turn.told(verdict) + (f" · breaker {trip}" if trip else "")
        return Judgement(verdict, trip, told)
