"""What the model comes back for: outputs it fetched because an earlier one had been shortened.

They count against the savings, and shrink the lossy budget of what they came back for (`addon.store.learned`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from addon.retrieval import originals_of
from addon.shapes.slot import Slot
from addon.store.learned import Learned, Sort
from addon.store.ledger import Decision
from addon.store.originals import named_in
from transforms.call import Call
from transforms.reasons import Reason
from transforms.routing.kinds import kind_of

type Decided = tuple[Slot, Decision]
"""An output and what was decided for it."""


def learn(old: Sequence[Decided], new: Sequence[Decided], learned: Learned) -> None:
    """Count what was shortened now, and which of the `old` ones, shortened before, the model came back for."""
    calls = _Calls.of([slot for slot, _ in new if slot.in_tail] if old else [])
    asked = [slot for slot, decision in old if calls.ask_for(slot, decision)]
    shortened = [slot for slot, decision in new if decision.is_lossy]
    if shortened or asked:
        learned.learn(map(sort_of, shortened), map(sort_of, asked))


def fetched_tokens(old: Sequence[Decided], new: Sequence[Decided]) -> int:
    """Tokens, as sent, of the new outputs that come back for what was left out of one of the `old` ones."""
    tokens = 0
    for slot, decision in new:
        if slot.in_tail and (decision.reason is Reason.RETRIEVAL or _asks_for_one(slot, old)):
            tokens += decision.tokens_before if decision.replacement is None else decision.tokens_after
    return tokens


def _asks_for_one(slot: Slot, shortened: Sequence[Decided]) -> bool:
    if not shortened:
        return False
    calls = _Calls.of([slot])
    return any(calls.ask_for(*earlier) for earlier in shortened)


def sort_of(slot: Slot) -> Sort:
    """What experience with an output counts for."""
    return Sort(slot.call.tool, kind_of(slot.text, slot.call))


@dataclass(frozen=True, slots=True)
class _Calls:
    """The newest calls of a request, for telling what they come back for."""

    texts: frozenset[str]
    outputs: frozenset[tuple[Call, str]]
    ranged_paths: frozenset[str]
    originals: frozenset[str]

    @classmethod
    def of(cls, slots: Sequence[Slot]) -> Self:
        return cls(
            frozenset(slot.text for slot in slots),
            frozenset((slot.call, slot.text) for slot in slots),
            frozenset(slot.call.path for slot in slots if slot.call.ranged) - {""},
            frozenset(original for slot in slots for original in named_in(slot.call.arguments)),
        )

    def ask_for(self, old: Slot, decision: Decision) -> bool:
        """Whether one of them comes back for what an older call gave in part: the same again, a range, the original."""
        if old.text in self.texts and (old.call, old.text) in self.outputs:
            return True
        if self.ranged_paths and old.call.path in self.ranged_paths:
            return True
        return bool(self.originals) and not self.originals.isdisjoint(originals_of(decision))
