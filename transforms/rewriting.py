"""Runs the transforms of a block's parts one after the other and keeps what is smaller and proven.

Contract: pure but for the two hooks it is given, and deterministic where they are. A rewrite is used only if
it has fewer tokens than what it was made from and its transform's proof holds; a lossy one, besides, only if it
fits the budget of its part. An error inside a transform reaches the caller's guard and costs that one attempt.

Every gap of a part counts in one text: the one its first marker names. So a part is rewritten lossily once at
most; after that, only transforms that lose nothing are asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Protocol

from transforms.content_router import Attempt, record_compression, route
from transforms.contract import Block, Budget, Loss, Omission, Rewrite, Transform
from transforms.reasons import Reason
from transforms.routing.parts import Part, join
from transforms.tokenizer import count_tokens

_UNCHANGED = "none"
"""The transform name of a block that no transform changed."""
_NOTHING_TO_DROP = Budget(tokens=0, handle="")
_BY_LOSS = (Loss.LOSSY, Loss.NOISE, Loss.LOSSLESS)
"""Most lossy first."""
_TELLING = (
    Reason.FAILED,
    Reason.NOT_PROVEN,
    Reason.OVER_LOSSY_BUDGET,
    Reason.NOT_SMALLER,
    Reason.NO_TRANSFORM,
)
"""What to say of a block that was left alone, most telling first."""
_TOKENS_PER_SEAM = 4
"""How far two counts may be off, together, where pieces meet that were counted apart."""


class Guard(Protocol):
    """Runs `work` and gives what it returned, or None where it raised: the caller's fail-open helper."""

    def __call__[T](self, work: Callable[[], T], /) -> T | None: ...


@dataclass(frozen=True, slots=True)
class BlockRewrite:
    """What became of a block."""

    text: str
    """The block's new text; its own one unless `reason` is `compressed`."""
    transform_name: str
    """The transforms used, in the order of use, joined with `+`; `none` for an unchanged block."""
    loss: Loss | None
    """Class of the most lossy transform used; None for an unchanged block."""
    tokens_before: int
    """Tokens (o200k_base); in a block of several parts these are counted apart, so a few tokens off."""
    tokens_after: int
    """The same for `text`."""
    reason: Reason
    """`compressed`, or the most telling reason of the attempts."""
    omitted: tuple[tuple[str, Omission], ...] = ()
    """What lossy transforms left out: the handle of the text in which it counts, and the range."""
    attempts: tuple[Attempt, ...] = ()
    """Every attempt on every part, in order."""
    originals: tuple[tuple[str, str], ...] = ()
    """Handle and text for every part with a gap: what the caller must keep so that the handle leads somewhere."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far lossy rewrites may go."""

    max_lossy_ratio: float
    """The share of a part's tokens that may be dropped: what is left out, less the markers that tell so."""
    handle_for: Callable[[str], str]
    """The handle under which a text will be kept; an empty string when originals are not kept."""


@dataclass(slots=True)
class _Chain:
    """One part on its way through its transforms."""

    part: Part
    block: Block
    """With the text as it is by now."""
    tokens: int
    tokens_before: int
    used: list[Transform] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    omitted: list[tuple[str, Omission]] = field(default_factory=list)
    originals: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Tried:
    """A result before it is used, and what speaks against it; `compressed`: nothing does."""

    reason: Reason
    tokens: int
    rewrite: Rewrite

    def record(self, transform: Transform, tokens_before: int) -> Attempt:
        """The same as an entry of the trace log."""
        at_limit = self.rewrite.at_limit
        return record_compression(transform.name, tokens_before, self.tokens, self.reason, at_limit=at_limit)


def rewrite_block(block: Block, transforms: Sequence[Transform], bounds: Bounds, guard: Guard) -> BlockRewrite:
    """The smaller form of `block` by `transforms` (the enabled ones, in order), or the block as it was and why.

    Each attempt runs inside `guard`. What is raised through the guard, as a deadline is, passes through here.
    """
    way = route(block, transforms)
    chains = [
        _run(part, candidates, block, bounds, guard) for part, candidates in zip(way.parts, way.transforms, strict=True)
    ]
    tokens = [_tokens_as_written(chain) for chain in chains]
    before, after = sum(b for b, _ in tokens), sum(a for _, a in tokens)
    attempts = tuple(attempt for chain in chains for attempt in chain.attempts)
    used = [transform for chain in chains for transform in chain.used]
    if not used or before - after <= _TOKENS_PER_SEAM * (len(way.parts) - 1):
        return BlockRewrite(block.text, _UNCHANGED, None, before, before, _why_not(attempts), attempts=attempts)
    return BlockRewrite(
        text=join(way.parts, [chain.block.text for chain in chains]),
        transform_name="+".join(dict.fromkeys(transform.name for transform in used)),
        loss=next(loss for loss in _BY_LOSS if any(transform.loss is loss for transform in used)),
        tokens_before=before,
        tokens_after=after,
        reason=Reason.COMPRESSED,
        omitted=tuple(omission for chain in chains for omission in chain.omitted),
        attempts=attempts,
        originals=tuple(original for chain in chains for original in chain.originals),
    )


def _run(part: Part, candidates: Sequence[Transform], block: Block, bounds: Bounds, guard: Guard) -> _Chain:
    """All of `candidates` on one part, each on what the one before it made."""
    tokens = count_tokens(part.text)
    chain = _Chain(part, replace(block, text=part.text), tokens, tokens)
    droppable, handle_for = int(tokens * bounds.max_lossy_ratio), cache(bounds.handle_for)
    for transform in candidates:
        if transform.loss is not Loss.LOSSY:
            _step(chain, transform, _NOTHING_TO_DROP, guard)
        elif not chain.originals and droppable and (handle := handle_for(chain.block.text)):
            _step(chain, transform, Budget(droppable, handle), guard)
    return chain


def _step(chain: _Chain, transform: Transform, budget: Budget, guard: Guard) -> None:
    """One attempt: recorded in any case, taken over if nothing speaks against its result."""
    tried = guard(lambda: _try(transform, chain.block, chain.tokens, budget))
    if tried is None:
        chain.attempts.append(record_compression(transform.name, chain.tokens, chain.tokens, Reason.FAILED))
        return
    chain.attempts.append(tried.record(transform, chain.tokens))
    if tried.reason is not Reason.COMPRESSED:
        return
    if transform.loss is Loss.LOSSY:
        chain.originals.append((budget.handle, chain.block.text))
        chain.omitted.extend((budget.handle, omission) for omission in tried.rewrite.omitted)
    chain.used.append(transform)
    chain.block, chain.tokens = replace(chain.block, text=tried.rewrite.text), tried.tokens


def _try(transform: Transform, block: Block, tokens: int, budget: Budget) -> _Tried:
    """Ask `transform` about `block` (of `tokens` tokens) and check what it says."""
    rewrite = transform.rewrite(block, budget)
    if rewrite is None:
        return _Tried(Reason.NO_TRANSFORM, tokens, Rewrite(block.text))
    if rewrite.text == block.text:
        return _Tried(Reason.OVER_LOSSY_BUDGET if rewrite.at_limit else Reason.NO_TRANSFORM, tokens, rewrite)
    after = count_tokens(rewrite.text)
    if after >= tokens:
        return _Tried(Reason.NOT_SMALLER, after, rewrite)
    dropped = tokens - after if rewrite.dropped is None else rewrite.dropped
    if transform.loss is Loss.LOSSY and dropped > budget.tokens:
        return _Tried(Reason.OVER_LOSSY_BUDGET, after, rewrite)
    proven = transform.proof(block.text, rewrite.text)
    return _Tried(Reason.COMPRESSED if proven else Reason.NOT_PROVEN, after, rewrite)


def _tokens_as_written(chain: _Chain) -> tuple[int, int]:
    """Tokens before and after of a part as it stands in the block, escapes and all."""
    if chain.part.spelling.plain:
        return chain.tokens_before, chain.tokens
    before = count_tokens(chain.part.written(chain.part.text))
    return before, count_tokens(chain.part.written(chain.block.text)) if chain.used else before


def _why_not(attempts: Sequence[Attempt]) -> Reason:
    """The most telling reason; a block whose accepted rewrites came to nothing in all is not smaller."""
    reasons = {attempt.reason for attempt in attempts}
    if Reason.COMPRESSED in reasons:
        reasons.add(Reason.NOT_SMALLER)
    return next((reason for reason in _TELLING if reason in reasons), Reason.NO_TRANSFORM)
