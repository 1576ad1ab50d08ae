"""What a request can be given so that the provider caches it, where its client asks for no caching at all.

One member behind the body's opening brace; every other byte is the client's. Opt-in, because a strict server refuses
members that it does not know: `prompt_cache_key` is for OpenAI's own API, others answer 400
(https://github.com/zed-industries/zed/issues/36215).
"""

from addon.shapes import messages
from addon.shapes.json_spans import Node
from addon.shapes.splice import encode

_OWN_CACHING = (
    b'"cache_control"',
    b'"prompt_cache_key"',
    b'"prompt_cache_retention"',
    b'"prompt_cache_options"',
    b'"prompt_cache_breakpoint"',
)
_CLOUD_VERSION = b'"anthropic_version"'
"""Bedrock and Vertex, which refuse a top-level `cache_control`: "Extra inputs are not permitted".
https://github.com/UKGovernmentBEIS/inspect_ai/pull/3851"""


def insertion(root: Node, shape: str, *, later_turn: bool, cache_key: str) -> tuple[int, bytes] | None:
    """Where to insert which bytes into the body; None where the request is to stay as it is.

    Messages: a top-level `cache_control`, from the second turn of a conversation on (`later_turn`), because a write
    pays only when it is read again: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    Chat and Responses: `prompt_cache_key`, on every turn the same (`prefix.cache_key`):
    https://developers.openai.com/api/docs/guides/prompt-caching
    """
    if any(mark in root.raw for mark in _OWN_CACHING):
        return None
    if shape != messages.SHAPE.name:
        return (
            (root.start + 1, b'"prompt_cache_key":' + encode(cache_key, ascii_only=True) + b",") if cache_key else None
        )
    if not later_turn or _CLOUD_VERSION in root.raw:
        return None
    return root.start + 1, b'"cache_control":{"type":"ephemeral"},'
