"""How each conversation fares: its turns, its cache and who broke it. The last ones only; ids are of this process."""

from collections import OrderedDict
from dataclasses import dataclass, field

from addon.cache.conversations import CacheVerdict, Turn

_MOST = 100
_BRANCHES = 16


@dataclass(slots=True)
class Talk:
    """One conversation."""

    conversation: str
    client: str = ""
    model: str = ""
    seen: float = 0.0
    """Seconds since the epoch, of the last answer."""
    turns: int = 0
    """Answered ones, each once."""
    retries: int = 0
    before: int = 0
    after: int = 0
    """Tokens of tool outputs over all turns."""
    input: int = 0
    cached: int = 0
    """Input tokens over all answers by the provider's own count, and those of them read from the cache."""
    fetched: int = 0
    """Tokens of tool outputs that the model fetched because an earlier one had been shortened, each once."""
    verdicts: dict[CacheVerdict, int] = field(default_factory=dict)
    last: str = ""
    """The last turn's verdict in words."""
    broken: str = ""
    """The last break in words, empty while there was none."""
    answered: OrderedDict[int, int] = field(default_factory=OrderedDict)
    """The last turn that was counted, by branch."""

    def is_retry(self, turn: Turn) -> bool:
        """Whether this turn was counted before; from now on it is."""
        known = turn.number <= self.answered.get(turn.branch, 0)
        if not known:
            self.answered[turn.branch] = turn.number
            while len(self.answered) > _BRANCHES:
                self.answered.popitem(last=False)
        return known

    def judged(self, turn: Turn, verdict: CacheVerdict) -> None:
        """Take in what became of the cache."""
        self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1
        self.last = turn.told(verdict)
        if verdict in (CacheVerdict.CLIENT_BROKE, CacheVerdict.WE_BROKE, CacheVerdict.EXPIRED):
            self.broken = f"turn {turn.number}: {self.last}"


class Talks:
    """The conversations answered last."""

    def __init__(self) -> None:
        self._talks: OrderedDict[str, Talk] = OrderedDict()

    def of(self, conversation: str) -> Talk:
        """The record of a conversation, marked as used last."""
        talk = self._talks.pop(conversation, None) or Talk(conversation)
        self._talks[conversation] = talk
        while len(self._talks) > _MOST:
            self._talks.popitem(last=False)
        return talk

    def latest(self) -> list[Talk]:
        """All of them, the last one first."""
        return list(self._talks.values())[::-1]
