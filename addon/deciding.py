"""Decides what becomes of every tool output of a request: replayed if it was decided before, else decided now, once.

Everything new is on record before this returns, so that the request may leave.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

from addon.asked_again import fetched_tokens, learn
from addon.block_decider import BlockDecider, kept
from addon.cache import cost
from addon.fail_open import OverBudget, describe, fail_open
from addon.routing_log import NO_TRANSFORM, Entry
from addon.rules import Rules
from addon.setting_values import Attach, Mode
from addon.shapes.detect import Detected
from addon.shapes.slot import Slot
from addon.store import ledger
from addon.store.ledger import Decision, LedgerUnavailable
from addon.store.state import State
from addon.trail import Trail
from transforms.cache_aligner import BYTES_PER_TOKEN
from transforms.content_router import Attempt
from transforms.reasons import Reason

_ROUNDS = 3
"""How often a request is looked at again because another process was first."""
_HOUR = re.compile(rb'"ttl"\s*+:\s*+"1h"')
"""How Anthropic's clients ask for a cache that lasts an hour."""


@dataclass(slots=True)
class Verdicts:
    """The decisions on a request's tool outputs, and how they came about."""

    keys: list[bytes] = field(default_factory=list)
    """The ledger's key of each slot's decision, in order. The same output may stand twice, each with its own."""
    decisions: dict[bytes, Decision] = field(default_factory=dict)
    attempts: dict[bytes, tuple[Attempt, ...]] = field(default_factory=dict)
    """What was tried on the slots that were decided now."""
    fresh: set[bytes] = field(default_factory=set)
    """Keys of the decisions that were taken now; the others were taken in earlier requests."""
    told: list[Entry] = field(default_factory=list)
    """What is told of the first slots, as far as it is known from earlier requests; it may be added to."""
    fetched_tokens: int = 0
    """Of new outputs that the model fetched because an earlier one had been shortened."""
    failures: list[str] = field(default_factory=list)
    """Errors of ours, one line each."""
    attach: cost.Attach | None = None
    """The sum that decided about history, where there was one to do."""

    @property
    def rewrites_history(self) -> bool:
        """Whether what the provider has cached is rewritten now."""
        return self.attach is not None and self.attach.pays

    def withdraw(self) -> None:
        """Put the client's own text back everywhere; the ledger keeps what it has."""
        self.told = []
        for key, decision in self.decisions.items():
            if decision.replacement is not None:
                self.decisions[key] = replace(decision, replacement=None, reason=Reason.BREAKER)


def settle(detected: Detected, raw: bytes, rules: Rules, state: State) -> Verdicts:
    """The decision on every slot of `raw`."""
    keys = [slot.key for slot in detected.slots]
    verdicts = Verdicts()
    decider = _Decider(rules, verdicts, state)
    try:
        known = state.ledger.recall(keys)
    except LedgerUnavailable as error:
        return decider.go_on(detected, error.known, error)
    new: dict[bytes, Slot] = {}
    for slot in detected.slots:
        if slot.key not in known:
            new.setdefault(slot.key, slot)  # the same output twice: what its first place says of it holds
    history = decider.history(detected, raw, new)
    fresh: dict[bytes, Decision] = {}
    trail = Trail()
    try:
        for _ in range(_ROUNDS):
            trail, taken = decider.walk(detected, known | history)
            fresh = history | taken
            verdicts.fresh = set(fresh)
            if rules.deadline.is_lost:
                return decider.give_up(fresh, detected.slots)
            stands = state.ledger.record(fresh | decider.as_sent(fresh, detected.slots))
            if all(stands[k] == decision for k, decision in fresh.items()):
                break
            # Another process was first with one of these, so what points to it may point at nothing: look again.
            known, history = state.ledger.recall(keys), {}
    except LedgerUnavailable as error:
        return decider.go_on(detected, known, error)
    with fail_open(lambda error: verdicts.failures.append(describe(error))):
        decider.look_back(detected.slots, new, trail)  # what is on record is sent, whatever becomes of this
    if not detected.all_new:
        state.trails.keep(trail)
        verdicts.told = trail.told
    return verdicts


@dataclass(frozen=True)
class _Decider:
    """Goes over the outputs of one request. Not slotted: its decider is made once."""

    rules: Rules
    verdicts: Verdicts
    state: State

    @cached_property
    def _block(self) -> BlockDecider:
        return BlockDecider(self.rules, self.state, self.verdicts.attempts, self.verdicts.failures)

    def look_back(self, slots: tuple[Slot, ...], new: Mapping[bytes, Slot], trail: Trail) -> None:
        """Count what the model came back for."""
        pairs = zip(slots, trail.decisions, strict=True)
        newer = [(slot, decision) for slot, decision in pairs if new.get(slot.key) is slot]
        older = [(slots[at], trail.decisions[at]) for at in trail.lossy if slots[at].key not in new]
        self.verdicts.fetched_tokens = fetched_tokens(older, newer)
        if not self.rules.policy.toin_read_only:
            learn(older, newer, self.state.learned)

    def walk(self, detected: Detected, known: Mapping[bytes, Decision]) -> tuple[Trail, dict[bytes, Decision]]:
        """Settle the slots from the top: replay what is known, decide what is not. Returns all, and what is new by key.

        A decision that points at an earlier text holds only while that text is still there, unchanged; where the
        client has taken it out, the block is decided anew, under a key of its own and without pointers.
        Where the server holds the beginning, nothing points anywhere: what has the same name there is not known.
        """
        trail = Trail() if detected.all_new else self.state.trails.take(detected.slots, known)
        fresh: dict[bytes, Decision] = {}
        told_of_all = None if detected.all_new else trail.context
        for slot in detected.slots[len(trail) :]:
            recorded, alone = known.get(slot.key) or fresh.get(slot.key), None
            if recorded is None:
                recorded = fresh[slot.key] = self._block.decide(slot.key, slot, told_of_all)
            elif not trail.context.holds(recorded.needs):
                alone = self._alone(slot, fresh)
            trail.add(slot, recorded, alone)
        self.verdicts.keys = [*trail.used]
        self.verdicts.decisions = dict(zip(trail.used, trail.decisions, strict=True))
        self.keep_ways_back(detected.slots, trail)
        return trail, fresh

    def _alone(self, slot: Slot, fresh: dict[bytes, Decision]) -> Decision:
        """The decision on a slot that may not point to others; added to `fresh` where it is taken now."""
        key = ledger.alone(slot.key)
        decision = fresh.get(key) or self._recalled(key)
        if decision is None:
            decision = fresh[key] = self._block.decide(key, slot)
        return decision

    def _recalled(self, key: bytes) -> Decision | None:
        try:
            return self.state.ledger.recall([key]).get(key)
        except LedgerUnavailable as error:
            if self.rules.keep is not Reason.LEDGER_UNAVAILABLE:
                raise
            return error.known.get(key)

    def keep_ways_back(self, slots: tuple[Slot, ...], trail: Trail) -> None:
        """Mark the originals of all that is sent shortened as used; what is gone is made again of the client's text."""
        missing = self.state.originals.touch(set().union(*trail.originals.values()))
        if not missing or not self.rules.settings.keeps_originals:
            return
        for at, originals in trail.originals.items():
            if not originals.isdisjoint(missing):
                with suppress(OverBudget), self.rules.deadline.interrupting():
                    self._block.rewrite(slots[at])
        self.state.originals.give_up(missing)

    def those_of(self, fresh: Mapping[bytes, Decision], slots: tuple[Slot, ...]) -> dict[bytes, Slot]:
        """The slots that are decided by one of these decisions, by key."""
        return {k: slot for k, slot in zip(self.verdicts.keys, slots, strict=True) if k in fresh}

    def go_on(self, detected: Detected, known: Mapping[bytes, Decision], error: LedgerUnavailable) -> Verdicts:
        """Without the ledger: replay what is known all the same, and keep the rest, which could not be replayed."""
        self.verdicts.failures.append(describe(error))
        keeping = replace(self, rules=replace(self.rules, keep=Reason.LEDGER_UNAVAILABLE))
        _, fresh = keeping.walk(detected, known)
        self.verdicts.fresh = set(fresh)
        # What is new goes out as it is, here and now. Of older outputs the ledger may know when it is there again.
        new = {k for k, slot in zip(self.verdicts.keys, detected.slots, strict=True) if slot.in_tail}
        self.state.ledger.hold({k: decision for k, decision in fresh.items() if k in new})
        return self.verdicts

    def as_sent(self, fresh: Mapping[bytes, Decision], slots: tuple[Slot, ...]) -> dict[bytes, Decision]:
        """The rewrites as outputs to be kept as they are: a proxy of ours behind this one may share the ledger."""
        found = {}
        for key, slot in self.those_of(fresh, slots).items():
            if (text := fresh[key].replacement) is not None:
                tokens = fresh[key].tokens_after
                kept = Decision(None, NO_TRANSFORM, None, tokens, tokens, Reason.ALREADY_SENT)
                found[ledger.key(slot.call_id, slot.part, text)] = kept
        return found

    def give_up(self, fresh: Mapping[bytes, Decision], slots: tuple[Slot, ...]) -> Verdicts:
        """It took so long that the request may have left as it was: that is what is remembered."""
        left = {k: kept(slot, Reason.TIME_BUDGET) for k, slot in self.those_of(fresh, slots).items()}
        self.verdicts.decisions |= self.state.ledger.record(left)
        return self.verdicts

    def history(self, detected: Detected, raw: bytes, new: Mapping[bytes, Slot]) -> dict[bytes, Decision]:
        """Decisions on what was sent before we saw it: kept, unless the user or the cost says otherwise."""
        old = {k: slot for k, slot in new.items() if not slot.in_tail}
        if not old or self.rules.keep is not None or self.rules.settings.attach is Attach.REWRITE:
            return {}
        left = {k: kept(slot, Reason.BEFORE_ATTACH) for k, slot in old.items()}
        if self.rules.policy.live_zone_only or detected.has_thinking or self.rules.settings.mode is not Mode.COMPRESS:
            return left
        in_half_the_time = replace(self, rules=replace(self.rules, deadline=self.rules.deadline.share(0.5)))
        rewritten = {k: in_half_the_time._block.decide(k, slot) for k, slot in old.items()}
        changing = [detected.start_of(slot) for k, slot in old.items() if rewritten[k].replacement is not None]
        if not changing:
            return left
        used = [decision for decision in rewritten.values() if decision.replacement is not None]
        before = sum(decision.tokens_before for decision in used)
        self.verdicts.attach = cost.Attach(
            prompt_tokens=max(before, int((len(raw) - changing[0]) / BYTES_PER_TOKEN)),
            saved_tokens=before - sum(decision.tokens_after for decision in used),
            turns=detected.turns,
            write=cost.WRITE_HOUR if _HOUR.search(raw) else cost.WRITE,
            read=cost.read_price(detected.model),
        )
        return rewritten if self.verdicts.attach.pays else left
