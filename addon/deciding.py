"""Decides what becomes of every tool output of a request: replayed if it was decided before, else decided now, once.

Everything new is on record before this returns, so that the request may leave.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache

from addon import retrieval
from addon.cache import cost
from addon.context import Context, speaks_for_itself
from addon.deadline import Deadline
from addon.fail_open import OverBudget, describe, fail_open
from addon.routing_log import NO_TRANSFORM
from addon.settings import Attach, Mode, Settings
from addon.shapes.detect import Detected
from addon.shapes.slot import Slot
from addon.store import ledger
from addon.store.learned import Sort
from addon.store.ledger import Decision, LedgerUnavailable
from addon.store.originals import named_in, named_in_old_form
from addon.store.shelf import Source
from addon.store.state import State
from transforms.call import Call
from transforms.catalog import TRANSFORMS
from transforms.compression_policy import AuthMode, CompressionPolicy
from transforms.content_router import Attempt, record_compression
from transforms.contract import Block, Loss, Transform
from transforms.names import REFERENCES
from transforms.reasons import Reason
from transforms.repeats.references import refer
from transforms.rewriting import BlockRewrite, Bounds, rewrite_block
from transforms.routing.kinds import kind_of
from transforms.tokenizer import count_tokens

_BYTES_PER_TOKEN = 3.6
_ROUNDS = 3
"""How often a request is looked at again because another process was first."""
_LONG_CHARS = 20_000
"""Keys of longer outputs are not remembered: that would hold their texts."""
_COUNTED_CHARS = 1_000_000
"""Longer outputs that are kept are not counted but estimated: keeping must cost next to nothing."""
_HOUR = re.compile(rb'"ttl"\s*+:\s*+"1h"')
"""How Anthropic's clients ask for a cache that lasts an hour."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one request."""

    settings: Settings
    policy: CompressionPolicy
    auth_mode: AuthMode | None
    deadline: Deadline
    keep: Reason | None
    """Decide nothing new, for this reason."""
    catalog: tuple[Transform, ...] = TRANSFORMS
    """Every transform there is, in order."""

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """Those that are on, in order."""
        return tuple(transform for transform in self.catalog if self.is_on(transform.name))

    def is_on(self, name: str) -> bool:
        """Whether a transform may be used."""
        return not self.settings.transforms or name in self.settings.transforms

    @property
    def threshold(self) -> int:
        """Tokens below which a block is left alone."""
        return max(self.settings.min_tokens, self.policy.volatile_token_threshold)

    @property
    def held_back(self) -> Reason | None:
        """Why rewrites are only logged, if they are."""
        if self.settings.mode is Mode.SHADOW:
            return Reason.SHADOW
        return None if self.auth_mode in self.settings.auth_modes else Reason.AUTH_MODE


@dataclass(slots=True)
class Verdicts:
    """The decisions on a request's tool outputs, and how they came about."""

    keys: list[bytes]
    """The ledger's key of each slot's decision, in order. The same output may stand twice, each with its own."""
    decisions: dict[bytes, Decision] = field(default_factory=dict)
    attempts: dict[bytes, tuple[Attempt, ...]] = field(default_factory=dict)
    """What was tried on the slots that were decided now."""
    fresh: set[bytes] = field(default_factory=set)
    """Keys of the decisions that were taken now; the others were taken in earlier requests."""
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
        for key, decision in self.decisions.items():
            if decision.replacement is not None:
                self.decisions[key] = replace(decision, replacement=None, reason=Reason.BREAKER)


def settle(detected: Detected, raw: bytes, rules: Rules, state: State) -> Verdicts:
    """The decision on every slot of `raw`."""
    keys = tuple(map(_key, detected.slots))
    verdicts = Verdicts(list(keys))
    slots: dict[bytes, Slot] = {}
    for key, slot in zip(keys, detected.slots, strict=True):
        slots.setdefault(key, slot)  # the same output twice: what its first place says of it holds
    decider = _Decider(rules, verdicts, state)
    try:
        known = state.ledger.recall(keys)
    except LedgerUnavailable as error:
        return decider.go_on(keys, detected, error.known, error)
    new = {k: slot for k, slot in slots.items() if k not in known}
    history = decider.history(detected, raw, new)
    fresh: dict[bytes, Decision] = {}
    try:
        for _ in range(_ROUNDS):
            fresh = history | decider.walk(keys, detected, known | history)
            verdicts.fresh = set(fresh)
            if rules.deadline.is_lost:
                return decider.give_up(fresh, detected.slots)
            stands = state.ledger.record(fresh | decider.as_sent(fresh, detected.slots))
            if all(stands[k] == decision for k, decision in fresh.items()):
                break
            # Another process was first with one of these, so what points to it may point at nothing: look again.
            known, history = state.ledger.recall(keys), {}
    except LedgerUnavailable as error:
        return decider.go_on(keys, detected, known, error)
    with fail_open(lambda error: verdicts.failures.append(describe(error))):
        decider.learn(detected, new)  # what is on record is sent, whatever becomes of this
    return verdicts


@dataclass(frozen=True, slots=True)
class _Decider:
    rules: Rules
    verdicts: Verdicts
    state: State

    def learn(self, detected: Detected, new: Mapping[bytes, Slot]) -> None:
        """Count what was shortened now, and what the model came back for."""
        decisions = self.verdicts.decisions
        self.verdicts.fetched_tokens = self._fetched(detected, new)
        if self.rules.policy.toin_read_only:
            return
        shortened = [_sort(slot) for k, slot in new.items() if _is_lossy(decisions[k])]
        calls = _Calls.of([slot for slot in new.values() if slot.in_tail])
        asked = [
            _sort(slot)
            for k, slot in zip(self.verdicts.keys, detected.slots, strict=True)
            if k not in new and _is_lossy(decisions[k]) and calls.ask_for(slot, decisions[k])
        ]
        self.state.learned.learn(shortened, asked)

    def _fetched(self, detected: Detected, new: Mapping[bytes, Slot]) -> int:
        """Tokens, as sent, of the new outputs that come back for what was left out of an earlier one."""
        decisions = self.verdicts.decisions
        pairs = zip(self.verdicts.keys, detected.slots, strict=True)
        shortened = [(slot, decisions[k]) for k, slot in pairs if k not in new and _is_lossy(decisions[k])]
        tokens = 0
        for key, slot in new.items():
            decision, calls = decisions[key], _Calls.of([slot])
            by_handle = decision.reason is Reason.RETRIEVAL
            if slot.in_tail and (by_handle or any(calls.ask_for(old, was) for old, was in shortened)):
                tokens += decision.tokens_before if decision.replacement is None else decision.tokens_after
        return tokens

    def walk(
        self, keys: tuple[bytes, ...], detected: Detected, known: Mapping[bytes, Decision]
    ) -> dict[bytes, Decision]:
        """Settle the slots from the top: replay what is known, decide what is not. Returns what is new, by key.

        A decision that points at an earlier text holds only while that text is still there, unchanged; where the
        client has taken it out, the block is decided anew, under a key of its own and without pointers.
        Where the server holds the beginning, nothing points anywhere: what has the same name there is not known.
        """
        context, fresh = Context(), dict[bytes, Decision]()
        told_of_all = None if detected.all_new else context
        for at, (key, slot) in enumerate(zip(keys, detected.slots, strict=True)):
            used, decision = key, known.get(key) or fresh.get(key)
            if decision is None:
                decision = fresh[key] = self.decide(key, slot, told_of_all)
            elif not context.holds(decision.needs):
                used = ledger.alone(key)
                decision = fresh.get(used) or self._recalled(used)
                if decision is None:
                    decision = fresh[used] = self.decide(used, slot)
            self.verdicts.keys[at] = used
            self.verdicts.decisions[used] = decision
            sent = slot.text if decision.replacement is None else decision.replacement
            context.add(slot, sent, NO_TRANSFORM if decision.replacement is None else decision.transform_name)
        self.keep_ways_back(detected.slots)
        return fresh

    def _recalled(self, key: bytes) -> Decision | None:
        try:
            return self.state.ledger.recall([key]).get(key)
        except LedgerUnavailable as error:
            if self.rules.keep is not Reason.LEDGER_UNAVAILABLE:
                raise
            return error.known.get(key)

    def keep_ways_back(self, slots: tuple[Slot, ...]) -> None:
        """Mark the originals of all that is sent shortened as used; what is gone is made again of the client's text."""
        pairs = zip(slots, (self.verdicts.decisions[k] for k in self.verdicts.keys), strict=True)
        needed = [(slot, originals) for slot, decision in pairs if (originals := _originals_of(decision))]
        missing = self.state.originals.touch({original for _, originals in needed for original in originals})
        if not missing or not self.rules.settings.keeps_originals:
            return
        for slot, originals in needed:
            if not originals.isdisjoint(missing):
                with suppress(OverBudget), self.rules.deadline.interrupting():
                    self._rewrite(slot)
        self.state.originals.give_up(missing)

    def those_of(self, fresh: Mapping[bytes, Decision], slots: tuple[Slot, ...]) -> dict[bytes, Slot]:
        """The slots that are decided by one of these decisions, by key."""
        return {k: slot for k, slot in zip(self.verdicts.keys, slots, strict=True) if k in fresh}

    def go_on(
        self,
        keys: tuple[bytes, ...],
        detected: Detected,
        known: Mapping[bytes, Decision],
        error: LedgerUnavailable,
    ) -> Verdicts:
        """Without the ledger: replay what is known all the same, and keep the rest, which could not be replayed."""
        self.verdicts.failures.append(describe(error))
        keeping = replace(self, rules=replace(self.rules, keep=Reason.LEDGER_UNAVAILABLE))
        fresh = keeping.walk(keys, detected, known)
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
        kept = {k: _kept(slot, Reason.TIME_BUDGET) for k, slot in self.those_of(fresh, slots).items()}
        self.verdicts.decisions |= self.state.ledger.record(kept)
        return self.verdicts

    def history(self, detected: Detected, raw: bytes, new: Mapping[bytes, Slot]) -> dict[bytes, Decision]:
        """Decisions on what was sent before we saw it: kept, unless the user or the cost says otherwise."""
        old = {k: slot for k, slot in new.items() if not slot.in_tail}
        if not old or self.rules.keep is not None or self.rules.settings.attach is Attach.REWRITE:
            return {}
        kept = {k: _kept(slot, Reason.BEFORE_ATTACH) for k, slot in old.items()}
        if self.rules.policy.live_zone_only or detected.has_thinking or self.rules.settings.mode is not Mode.COMPRESS:
            return kept
        in_half_the_time = replace(self, rules=replace(self.rules, deadline=self.rules.deadline.share(0.5)))
        rewritten = {k: in_half_the_time.decide(k, slot) for k, slot in old.items()}
        changing = [slot.node.start for k, slot in old.items() if rewritten[k].replacement is not None]
        if not changing:
            return kept
        self.verdicts.attach = cost.Attach(
            prompt_tokens=int((len(raw) - changing[0]) / _BYTES_PER_TOKEN),
            saved_tokens=sum(d.tokens_before - d.tokens_after for d in rewritten.values() if d.replacement is not None),
            turns=detected.turns,
            write=cost.WRITE_HOUR if _HOUR.search(raw) else cost.WRITE,
            read=cost.read_price(detected.model),
        )
        return rewritten if self.verdicts.attach.pays else kept

    def decide(self, key: bytes, slot: Slot, context: Context | None = None) -> Decision:
        """The decision on one slot that has none yet; without a context it points to nothing."""
        if reason := self._reason_to_keep(slot):
            return _kept(slot, reason)
        try:
            with self.rules.deadline.interrupting():
                rewrite, needs = self._refer(self._rewrite(slot), context if slot.call.tool else None)
        except OverBudget:
            return _kept(slot, Reason.TIME_BUDGET)
        self.verdicts.attempts[key] = rewrite.attempts
        if rewrite.reason is not Reason.COMPRESSED:
            return _kept(slot, rewrite.reason, rewrite.tokens_before)
        held_back = self.rules.held_back
        return Decision(
            replacement=None if held_back else rewrite.text,
            transform_name=rewrite.transform_name,
            loss=rewrite.loss,
            tokens_before=rewrite.tokens_before,
            tokens_after=rewrite.tokens_after,
            reason=held_back or Reason.COMPRESSED,
            needs=() if held_back else needs,
            omitted=() if held_back else rewrite.omitted,
        )

    def _refer(self, rewrite: BlockRewrite, context: Context | None) -> tuple[BlockRewrite, tuple[bytes, ...]]:
        """The rewrite with pointers in place of what stands above, and the texts these need; last of all steps."""
        if context is None or rewrite.reason is Reason.NO_WAY_BACK or not self.rules.is_on(REFERENCES):
            return rewrite, ()
        if not speaks_for_itself(rewrite.transform_name):
            return rewrite, ()
        reference = self._guard(lambda: refer(rewrite.text, context.index))
        if reference is None or (after := count_tokens(reference.text)) >= rewrite.tokens_after:
            return rewrite, ()
        used = [] if rewrite.transform_name == NO_TRANSFORM else [rewrite.transform_name]
        attempt = record_compression(REFERENCES, rewrite.tokens_after, after, Reason.COMPRESSED)
        referring = replace(
            rewrite,
            text=reference.text,
            transform_name="+".join([*used, REFERENCES]),
            loss=rewrite.loss or Loss.LOSSLESS,
            tokens_after=after,
            reason=Reason.COMPRESSED,
            attempts=(*rewrite.attempts, attempt),
        )
        return referring, context.namesakes(reference.needs)

    def _reason_to_keep(self, slot: Slot) -> Reason | None:
        """Why a block is not even tried; the first that holds."""
        if self.rules.keep is not None:
            return self.rules.keep
        settings = self.rules.settings
        rules: tuple[tuple[Reason, Callable[[], bool]], ...] = (
            (Reason.MODE_OFF, lambda: settings.mode is Mode.OFF),
            (Reason.TOOL_ERROR, lambda: slot.is_error),
            (Reason.RETRIEVAL, lambda: retrieval.asks_us(slot.call)),
            (Reason.TOOL_EXCLUDED, lambda: any(fnmatchcase(slot.call.tool, name) for name in settings.exclude_tools)),
            (Reason.TOO_SMALL, lambda: _has_fewer_tokens(slot.text, self.rules.threshold)),
        )
        return next((reason for reason, holds in rules if holds()), None)

    def _guard[T](self, work: Callable[[], T], /) -> T | None:
        """The seam around one transform."""
        results: list[T] = []
        with fail_open(lambda error: self.verdicts.failures.append(describe(error))):
            results.append(work())
        return results[0] if results else None

    def _rewrite(self, slot: Slot) -> BlockRewrite:
        """What the transforms make of a block. The originals of a lossy rewrite are on disk when this returns."""
        share = self.state.learned.of(_sort(slot)).share
        bounds = Bounds(self.rules.policy.max_lossy_ratio * share, self._handle)
        rewrite = rewrite_block(Block(slot.text, slot.call, slot.question), self.rules.transforms, bounds, self._guard)
        originals = self.state.originals
        try:
            originals.save([text for _, text in rewrite.originals], Source(slot.call.tool, slot.call.arguments))
            ids = {handle: originals.id_of(text) for handle, text in rewrite.originals}
        except OSError as error:
            self.verdicts.failures.append(describe(error))
            return replace(rewrite, reason=Reason.NO_WAY_BACK)
        return replace(rewrite, omitted=tuple((ids[handle], omission) for handle, omission in rewrite.omitted))

    def _handle(self, text: str) -> str:
        """What markers say of where `text` will be; nothing where originals are not, or cannot be, kept."""
        if self.rules.settings.keeps_originals:
            try:
                return retrieval.handle(self.state.originals, text, self.rules.settings.retrieve)
            except OSError as error:
                self.verdicts.failures.append(describe(error))
        return ""


def _key(slot: Slot) -> bytes:
    if len(slot.text) > _LONG_CHARS:
        return ledger.key(slot.call_id, slot.part, slot.text)
    return _remembered_key(slot.call_id, slot.part, slot.text)


_remembered_key = lru_cache(maxsize=2048)(ledger.key)
"""An output comes again with every turn."""


def _sort(slot: Slot) -> Sort:
    """What experience with an output counts for."""
    return Sort(slot.call.tool, kind_of(slot.text, slot.call))


def _is_lossy(decision: Decision) -> bool:
    return decision.replacement is not None and decision.loss is Loss.LOSSY


def _originals_of(decision: Decision) -> frozenset[str]:
    """The ids of the originals that a decision's markers lead to."""
    if not _is_lossy(decision):
        return frozenset()
    return frozenset(original for original, _ in decision.omitted) or named_in_old_form(decision.replacement or "")


@dataclass(frozen=True, slots=True)
class _Calls:
    """The newest calls of a request, for telling what they come back for."""

    outputs: frozenset[tuple[Call, str]]
    ranged_paths: frozenset[str]
    originals: frozenset[str]

    @classmethod
    def of(cls, slots: list[Slot]) -> "_Calls":
        return cls(
            frozenset((slot.call, slot.text) for slot in slots),
            frozenset(slot.call.path for slot in slots if slot.call.ranged) - {""},
            frozenset(original for slot in slots for original in named_in(slot.call.arguments)),
        )

    def ask_for(self, old: Slot, decision: Decision) -> bool:
        """Whether one of them comes back for what an older call gave in part: the same again, a range, the original."""
        if (old.call, old.text) in self.outputs:
            return True
        if self.ranged_paths and old.call.path in self.ranged_paths:
            return True
        return not self.originals.isdisjoint(_originals_of(decision))


def _kept(slot: Slot, reason: Reason, tokens: int | None = None) -> Decision:
    if tokens is None:
        tokens = count_tokens(slot.text) if len(slot.text) < _COUNTED_CHARS else int(len(slot.text) / _BYTES_PER_TOKEN)
    count = tokens
    return Decision(None, NO_TRANSFORM, None, count, count, reason)


def _has_fewer_tokens(text: str, threshold: int) -> bool:
    """Whether `text` has fewer tokens than `threshold`. A token has at most 128 characters, a byte, and one word."""
    if len(text) >= 128 * threshold or len(text.split(None, threshold)) > threshold:
        return False
    return len(text.encode("utf-8", "replace")) < threshold or count_tokens(text) < threshold
