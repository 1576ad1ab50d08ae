"""What may be done to a request, by the way its client pays: the field every rewrite is held to.

A pay-as-you-go key pays for each token, so savings count most. A subscription or an OAuth login is watched by
its provider and pays with rate limits, so only the newest tool outputs are touched, and less is dropped.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

_VOLATILE_TOKEN_THRESHOLD_PAYG = 128
_VOLATILE_TOKEN_THRESHOLD_OAUTH = 64
_VOLATILE_TOKEN_THRESHOLD_SUBSCRIPTION = 32
_MAX_LOSSY_RATIO_PAYG = 0.45
_MAX_LOSSY_RATIO_OAUTH = 0.25
_MAX_LOSSY_RATIO_SUBSCRIPTION = 0.25


class AuthMode(StrEnum):
    """How the client pays."""

    PAYG = "payg"
    """An API key: every token has its price."""
    OAUTH = "oauth"
    """A login token of an OAuth flow (Google, a gateway's JWT)."""
    SUBSCRIPTION = "subscription"
    """A flat-rate plan: Claude Pro/Max, ChatGPT, Copilot."""


class CompressionPolicy(BaseModel):
    """The bounds of one request. Every field changes what is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    live_zone_only: bool
    """Only tool outputs behind the last assistant turn may be decided; older ones stay as they were sent."""
    cache_aligner_enabled: bool
    """What asks for caching may be added (`headroom_prompt_cache_key`, `headroom_cache_control`)."""
    volatile_token_threshold: int = Field(ge=0)
    """Tokens. A smaller block is left alone as stable; a span of the client's own prefix that changed between
    two turns and is at most this long counts as noise, a longer one as a cache break."""
    max_lossy_ratio: float = Field(ge=0, le=1)
    """The share of a block's tokens that lossy rewrites may drop."""
    toin_read_only: bool
    """What was learned per tool may be used, and nothing new is learned."""


def policy_for_mode(mode: AuthMode) -> CompressionPolicy:
    """The policy of one auth mode."""
    match mode:
        case AuthMode.PAYG:
            return CompressionPolicy(
                live_zone_only=False,
                cache_aligner_enabled=True,
                volatile_token_threshold=_VOLATILE_TOKEN_THRESHOLD_PAYG,
                max_lossy_ratio=_MAX_LOSSY_RATIO_PAYG,
                toin_read_only=False,
            )
        case AuthMode.OAUTH:
            return CompressionPolicy(
                live_zone_only=True,
                cache_aligner_enabled=False,
                volatile_token_threshold=_VOLATILE_TOKEN_THRESHOLD_OAUTH,
                max_lossy_ratio=_MAX_LOSSY_RATIO_OAUTH,
                toin_read_only=False,
            )
        case AuthMode.SUBSCRIPTION:
            return CompressionPolicy(
                live_zone_only=True,
                cache_aligner_enabled=False,
                volatile_token_threshold=_VOLATILE_TOKEN_THRESHOLD_SUBSCRIPTION,
                max_lossy_ratio=_MAX_LOSSY_RATIO_SUBSCRIPTION,
                toin_read_only=True,
            )


def resolve_policy(
    mode: AuthMode | None, *, enforcement: bool = True, max_lossy_ratio: float | None = None
) -> CompressionPolicy:
    """The policy in force for a request.

    `mode` is None where the auth mode could not be told: PAYG then, and also for every mode while `enforcement`
    (`headroom_policy_enforcement`) is off. `max_lossy_ratio` overrides the policy's own.
    """
    policy = policy_for_mode(mode if enforcement and mode is not None else AuthMode.PAYG)
    return policy if max_lossy_ratio is None else policy.model_copy(update={"max_lossy_ratio": max_lossy_ratio})
