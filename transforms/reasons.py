"""The closed set of reasons: every block and every request gets exactly one of these words.

The same words stand in the response header, the flow note, the metrics, the log and the README.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a block was rewritten or left as it is, or why a whole request was not ours to change."""

    # A block was rewritten.
    COMPRESSED = "compressed"
    """Rewritten now, for the first time."""
    REPLAYED = "replayed"
    """Rewritten in an earlier request; the same text was put in again, byte for byte."""

    # A block was left alone: nothing to gain.
    TOO_SMALL = "too_small"
    """Fewer tokens than `headroom_min_tokens` and the policy's `volatile_token_threshold` ask for."""
    NO_TRANSFORM = "no_transform"
    """No enabled transform found anything to do in this kind of text."""
    NOT_SMALLER = "not_smaller"
    """A rewrite was found, but it has as many tokens or more."""
    NOT_PROVEN = "not_proven"
    """A rewrite was found, but its proof (the inverse, for a lossless one) did not hold."""
    OVER_LOSSY_BUDGET = "over_lossy_budget"
    """Everything that a lossy rewrite would leave out is a larger share of the tokens than `max_lossy_ratio` allows."""

    # A block was left alone: a rule says so.
    TOOL_EXCLUDED = "tool_excluded"
    """The tool is named in `headroom_exclude_tools`."""
    TOOL_ERROR = "tool_error"
    """The client marked the result as an error; errors are read closely and stay whole."""
    RETRIEVAL = "retrieval"
    """The model asked for an original of ours; what it gets is not shortened again."""
    BEFORE_ATTACH = "before_attach"
    """It was sent before this proxy saw the conversation, so the provider has cached it as it is."""
    SHADOW = "shadow"
    """`headroom_mode=shadow`: decided and logged, forwarded untouched."""
    MODE_OFF = "mode_off"
    """`headroom_mode=off`: nothing new is decided."""
    AUTH_MODE = "auth_mode"
    """The request's auth mode is not in `headroom_auth_modes`: decided and logged only."""
    BYPASS = "bypass"
    """The client sent `x-headroom-bypass: true`, or is named in `headroom_exclude_clients`."""

    BREAKER = "breaker"
    """The provider objected to this conversation or client a while ago, so nothing new is decided in it."""

    # A block was left alone: something went wrong in us.
    TIME_BUDGET = "time_budget"
    """`headroom_time_budget_ms` was used up before this block was done."""
    BUSY = "busy"
    """Every worker was busy for as long as the time budget lasts."""
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    """The ledger cannot be read or written (disk full, read-only, newer version), so no decision could be kept up."""
    NO_WAY_BACK = "no_way_back"
    """The whole text could not be kept (disk full, read-only), so nothing was left out of it."""
    FAILED = "failed"
    """An error in us; the log names it. The client's own bytes went on."""

    # A whole request was not ours.
    UNKNOWN_HOST = "unknown_host"
    """Not a known LLM API host: name it in `headroom_hosts`, or switch `headroom_compress_passthrough` on."""
    NOT_JSON = "not_json"
    """The body is not JSON."""
    UNKNOWN_SHAPE = "unknown_shape"
    """JSON, but no conversation of one of the APIs that are read, or too short to tell: without tools and outputs."""
    MIXED_SHAPE = "mixed_shape"
    """Evidence of more than one shape, so none is believed."""
    SIGNED = "signed"
    """The bytes are signed (AWS SigV4, a digest header); any change would break the signature."""
    NOT_A_TURN = "not_a_turn"
    """An endpoint that only counts tokens."""
    TOO_LARGE = "too_large"
    """Larger than the body limit."""
    BAD_ENCODING = "bad_encoding"
    """The Content-Encoding is unknown, stacked, damaged, or unpacks to more than the body limit."""
    NO_TOOL_OUTPUT = "no_tool_output"
    """A conversation without any tool output yet."""
    ALREADY_SENT = "already_sent"
    """Written by this addon before: a flow that is replayed, or what a proxy of ours in front has passed on."""
