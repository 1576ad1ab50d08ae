"""Decides which transforms are tried on a tool output: the block is split into parts, each part has a kind.

Contract: pure and deterministic; computed from the block and the given transforms alone. Nothing is rewritten
here (`transforms.rewriting` does that) and nothing is logged: the record of an attempt is a value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from transforms.contract import Block, Transform
from transforms.reasons import Reason
from transforms.routing.parts import Part, split


@dataclass(frozen=True, slots=True)
class Route:
    """The parts of a block in the order of its text, and what is to be tried on each."""

    parts: tuple[Part, ...]
    """Joined unchanged (`transforms.routing.parts.join`), they are the block's text."""
    transforms: tuple[tuple[Transform, ...], ...]
    """For each part the transforms of its kind, in the order in which they were given; wrapper text has none."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one transform on one part: an entry of the trace log."""

    transform_name: str
    """`Transform.name`."""
    compression_ratio: float
    """Tokens after / before; 1.0 = untouched."""
    reason: Reason
    """`compressed`, or why the result was not used."""
    tokens_before: int
    """Tokens (o200k_base) of the part when this transform was asked."""
    tokens_after: int
    """Tokens of its result, used or not; the same as before when there was none."""
    at_limit: bool = False
    """Whether `max_lossy_ratio` kept it from leaving out more."""


def route(block: Block, transforms: Sequence[Transform]) -> Route:
    """The way of `block` through `transforms`, the enabled ones in the order in which they are tried."""
    parts = split(block)
    return Route(
        parts, tuple(tuple(t for t in transforms if part.kind in t.kinds) if part.kind else () for part in parts)
    )


def record_compression(
    transform_name: str, tokens_before: int, tokens_after: int, reason: Reason, *, at_limit: bool = False
) -> Attempt:
    """The record of one attempt; its ratio is 1.0 where there was nothing to begin with."""
    ratio = tokens_after / tokens_before if tokens_before else 1.0
    return Attempt(transform_name, ratio, reason, tokens_before, tokens_after, at_limit)
