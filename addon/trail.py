"""What a conversation's outputs came to the last time: a later request that begins with them goes on from there.

A conversation comes again with every turn, and what was decided for its outputs is replayed. The result of that is the
same as long as the outputs, their calls and the decisions on record are the same: then none of it is gone over again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from addon.context import Context
from addon.retrieval import originals_of
from addon.routing_log import NO_TRANSFORM, Entry
from addon.shapes.slot import Slot
from addon.store import ledger
from addon.store.ledger import Decision
from transforms.call import Call

_MOST = 32
"""Trails that are remembered: of as many conversations, or forks of one."""
_MOST_SIZE = 16 * 1024 * 1024
"""Of all of them. Lines of their texts that were looked up take about twice as much again."""
_OUTPUT = 700
"""What is remembered of an output beside its text; in bytes, as measured."""


@dataclass(slots=True, eq=False)
class Trail:
    """The outputs of a request from its top as far as they are settled, in order."""

    context: Context = field(default_factory=Context)
    used: list[bytes] = field(default_factory=list)
    """The key of each one's decision; not its own where its decision on record does not hold here."""
    decisions: list[Decision] = field(default_factory=list)
    lossy: list[int] = field(default_factory=list)
    """Positions of those of which something was left out."""
    originals: dict[int, frozenset[str]] = field(default_factory=dict)
    """The ids of the originals that their markers lead to, by position."""
    told: list[Entry] = field(default_factory=list)
    """What is told of the first ones when they are replayed."""
    _keys: list[bytes] = field(default_factory=list)
    _calls: list[Call] = field(default_factory=list)
    _recorded: list[Decision] = field(default_factory=list)
    """The decisions on record, which hold or not."""
    _texts: list[int] = field(default_factory=list)
    """How many texts the context has with each one."""

    def __len__(self) -> int:
        return len(self.used)

    @property
    def size(self) -> int:
        """How many bytes of memory it takes, about."""
        return self.context.size + _OUTPUT * len(self)

    def add(self, slot: Slot, recorded: Decision, alone: Decision | None = None) -> None:
        """Settle one more output by its decision on record, or by another where that does not hold here."""
        decision = recorded if alone is None else alone
        if decision.is_lossy:
            self.lossy.append(len(self))
            if originals := originals_of(decision):
                self.originals[len(self)] = originals
        if decision.replacement is None:
            self.context.add(slot, slot.text, NO_TRANSFORM)
        else:
            self.context.add(slot, decision.replacement, decision.transform_name)
        self.used.append(slot.key if alone is None else ledger.alone(slot.key))
        self.decisions.append(decision)
        self._keys.append(slot.key)
        self._calls.append(slot.call)
        self._recorded.append(recorded)
        self._texts.append(len(self.context))

    def shared(self, slots: Sequence[Slot], recorded: Sequence[Decision | None]) -> int:
        """With how many of these outputs all of this begins; `recorded` are their decisions on record."""
        count = min(len(self), len(slots))
        for at in range(count):
            slot = slots[at]
            if (self._keys[at], self._calls[at], self._recorded[at]) != (slot.key, slot.call, recorded[at]):
                return at
        return count

    def cut(self, count: int) -> None:
        """Take out all but the first `count` outputs, as if the others had never been added."""
        if count < len(self):
            self.context.cut(self._texts[count - 1] if count else 0)
            self.lossy = [at for at in self.lossy if at < count]
            self.originals = {at: found for at, found in self.originals.items() if at < count}
        for settled in (self.used, self.decisions, self.told, self._keys, self._calls, self._recorded, self._texts):
            del settled[count:]

    def refreshed(self, recorded: list[Decision]) -> Self:
        """The same with other objects for equal decisions on record: what is the same object compares quicker."""
        self._recorded = recorded
        return self


class Trails:
    """The trails of the requests decided last, for one thread."""

    def __init__(self) -> None:
        self._trails: list[Trail] = []

    def take(self, slots: Sequence[Slot], known: Mapping[bytes, Decision]) -> Trail:
        """How far these outputs are settled, of which `known` decisions are on record. It is the caller's to go on
        with, and forgotten here until it is kept again."""
        recorded = [known.get(slot.key) for slot in slots]
        shared = [(trail.shared(slots, recorded), trail) for trail in self._trails]
        count, longest = max(shared, key=lambda found: found[0], default=(0, None))
        if longest is None or 2 * count < len(longest):  # a trail of its own, which that one is to stay for
            return Trail()
        self._trails.remove(longest)
        longest.cut(count)
        return longest.refreshed([decision for decision in recorded[:count] if decision is not None])

    def keep(self, trail: Trail) -> None:
        """Remember a trail, and forget those used longest ago."""
        if not len(trail):
            return
        self._trails.insert(0, trail)
        while len(self._trails) > 1 and (
            len(self._trails) > _MOST or sum(trail.size for trail in self._trails) > _MOST_SIZE
        ):
            self._trails.pop()
