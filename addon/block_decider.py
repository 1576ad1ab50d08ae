"""Decides on one tool output that was never decided on before: why it is kept, or what is sent in its place.

Nothing is recorded here but the originals of what a lossy rewrite leaves out, which are on disk before it is used.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

from addon import retrieval
from addon.asked_again import sort_of
from addon.context import Context, speaks_for_itself
from addon.fail_open import OverBudget, describe, fail_open
from addon.routing_log import NO_TRANSFORM
from addon.rules import Rules
from addon.setting_values import Mode
from addon.shapes.slot import Slot
from addon.store.ledger import Decision
from addon.store.shelf import Source
from addon.store.state import State
from transforms.cache_aligner import BYTES_PER_TOKEN
from transforms.content_router import Attempt, record_compression
from transforms.contract import Block, Kind, Loss
from transforms.names import REFERENCES
from transforms.reasons import Reason
from transforms.repeats.references import refer, refer_whole
from transforms.rewriting import BlockRewrite, Bounds, rewrite_block
from transforms.tokenizer import count_tokens

_COUNTED_CHARS = 1_000_000
"""Longer outputs that are kept are not counted but estimated: keeping must cost next to nothing."""


@dataclass(frozen=True)
class BlockDecider:
    """Decides by the rules of one request. Not slotted: what was learned is read once."""

    rules: Rules
    state: State
    attempts: dict[bytes, tuple[Attempt, ...]]
    """Filled with what was tried, by the key of the decision."""
    failures: list[str]
    """Filled with errors of ours, one line each."""

    def decide(self, key: bytes, slot: Slot, context: Context | None = None) -> Decision:
        """The decision on one slot that has none yet; without a context it points to nothing."""
        if reason := self._reason_to_keep(slot):
            return kept(slot, reason)
        try:
            with self.rules.deadline.interrupting():
                rewrite, needs = self._refer(slot, self.rewrite(slot), context if slot.call.tool else None)
        except OverBudget:
            return kept(slot, Reason.TIME_BUDGET)
        self.attempts[key] = rewrite.attempts
        if rewrite.reason is not Reason.COMPRESSED:
            return kept(slot, rewrite.reason, rewrite.tokens_before)
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

    def _refer(
        self, slot: Slot, rewrite: BlockRewrite, context: Context | None
    ) -> tuple[BlockRewrite, tuple[bytes, ...]]:
        """The rewrite with pointers in place of what stands above, and the texts these need; last of all steps.

        Where the lines of the rewrite do not stand alone, it is pointed to as a whole, if it stands above, or else the
        block as it came gets pointers, if that is smaller.
        """
        if context is None or rewrite.reason is Reason.NO_WAY_BACK or not self.rules.is_on(REFERENCES):
            return rewrite, ()
        base, reference = rewrite, None
        if not speaks_for_itself(rewrite.transform_name):
            reference = self._guard(lambda: refer_whole(rewrite.text, context.index))
            base = rewrite if reference else _as_it_came(slot, rewrite)
        reference = reference or self._guard(lambda: refer(base.text, context.index))
        if reference is None or (after := count_tokens(reference.text)) >= rewrite.tokens_after:
            return rewrite, ()
        used = [] if base.transform_name == NO_TRANSFORM else [base.transform_name]
        attempt = record_compression(REFERENCES, base.tokens_after, after, Reason.COMPRESSED)
        referring = replace(
            base,
            text=reference.text,
            transform_name="+".join([*used, REFERENCES]),
            loss=base.loss or Loss.LOSSLESS,
            tokens_after=after,
            reason=Reason.COMPRESSED,
            attempts=(*base.attempts, attempt),
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
            (Reason.RETRIEVAL, lambda: retrieval.asks_us(slot.call, self.state.originals)),
            (Reason.TOOL_EXCLUDED, lambda: any(fnmatchcase(slot.call.tool, name) for name in settings.exclude_tools)),
            (Reason.TOO_SMALL, lambda: _has_fewer_tokens(slot.text, self.rules.threshold)),
        )
        return next((reason for reason, holds in rules if holds()), None)

    def _guard[T](self, work: Callable[[], T], /) -> T | None:
        """The seam around one transform."""
        results: list[T] = []
        with fail_open(lambda error: self.failures.append(describe(error))):
            results.append(work())
        return results[0] if results else None

    def rewrite(self, slot: Slot) -> BlockRewrite:
        """What the transforms make of a block. The originals of a lossy rewrite are on disk when this returns."""
        bounds = Bounds(self.rules.policy.max_lossy_ratio * self._learned_share(slot), self._handle)
        rewrite = rewrite_block(Block(slot.text, slot.call, slot.question), self.rules.transforms, bounds, self._guard)
        if not rewrite.originals:
            return rewrite
        handles, texts = zip(*rewrite.originals, strict=True)
        try:
            saved = self.state.originals.save(texts, Source(slot.call.tool, slot.call.arguments))
        except OSError as error:
            self.failures.append(describe(error))
            return replace(rewrite, reason=Reason.NO_WAY_BACK)
        ids = dict(zip(handles, saved, strict=True))
        return replace(rewrite, omitted=tuple((ids[handle], omission) for handle, omission in rewrite.omitted))

    @cached_property
    def _shares(self) -> dict[str, dict[Kind, float]]:
        return self.state.learned.shares()

    def _learned_share(self, slot: Slot) -> float:
        """How much of the policy's lossy budget experience leaves to an output; its kind is told only if it matters."""
        shares = self._shares.get(slot.call.tool)
        return shares.get(sort_of(slot).kind, 1.0) if shares else 1.0

    def _handle(self, text: str) -> str:
        """What markers say of where `text` will be; nothing where originals are not, or cannot be, kept."""
        if self.rules.settings.keeps_originals:
            try:
                return retrieval.handle(self.state.originals, text, self.rules.settings.retrieve)
            except OSError as error:
                self.failures.append(describe(error))
        return ""


def _as_it_came(slot: Slot, rewrite: BlockRewrite) -> BlockRewrite:
    """The same without what any transform made of it."""
    return replace(
        rewrite,
        text=slot.text,
        transform_name=NO_TRANSFORM,
        loss=None,
        tokens_after=rewrite.tokens_before,
        omitted=(),
    )


def kept(slot: Slot, reason: Reason, tokens: int | None = None) -> Decision:
    """The decision to leave an output as it is; `tokens` where they are known."""
    if tokens is None:
        tokens = count_tokens(slot.text) if len(slot.text) < _COUNTED_CHARS else int(len(slot.text) / BYTES_PER_TOKEN)
    return Decision(None, NO_TRANSFORM, None, tokens, tokens, reason)


def _has_fewer_tokens(text: str, threshold: int) -> bool:
    """Whether `text` has fewer tokens than `threshold`. A token has at most 128 characters, a byte, and one word."""
    if len(text) >= 128 * threshold or len(text.split(None, threshold)) > threshold:
        return False
    return len(text.encode("utf-8", "replace")) < threshold or count_tokens(text) < threshold
