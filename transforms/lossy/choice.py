"""What a lossy rewrite leaves out, and whether its budget kept it from more."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice[Gap]:
    """The gaps, in the order of the text."""

    gaps: list[Gap]
    at_limit: bool
    """Whether more would have gone for more tokens."""
