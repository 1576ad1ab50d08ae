"""Anthropic Messages: tool outputs are `tool_result` blocks in user messages.

https://platform.claude.com/docs/en/api/messages
Also on Bedrock and Vertex, whose bodies have `anthropic_version` and no `model`.
"""

from addon.shapes.json_spans import Elements, Node
from addon.shapes.reading import Reading
from addon.shapes.shape import Evidence, Members, Shape, blocks, is_message
from addon.shapes.slot import string, text_parts

_TEXT = frozenset({"text"})
_TOP = frozenset({"anthropic_version", "context_management", "stop_sequences"})
# `thinking` and `top_k` prove nothing: other providers take them in Chat Completions too.
_BLOCKS = frozenset({"tool_result", "tool_use", "server_tool_use"})
"""Thinking blocks prove nothing either: Mistral's answers in Chat Completions have them."""


def _element(message: Members) -> Evidence | None:
    if not is_message(message):
        return None
    return Evidence.OWN if any(string(block, "type") in _BLOCKS for block in blocks(message)) else Evidence.NONE


def _evidence(top: Members, spoken: Evidence) -> Evidence:
    """System text beside the conversation is Converse's too."""
    if not _TOP.isdisjoint(top) or _has_input_schema(top.get("tools")):
        return Evidence.OWN
    return max(spoken, Evidence.SHARED if "system" in top else Evidence.NONE)


def _complete(top: Members, messages: Elements) -> bool:
    """`max_tokens` is required for a turn, and refused by count_tokens."""
    return bool(messages) and "max_tokens" in top


def read(message: Members, reading: Reading) -> None:
    """Read one message. Tool outputs are the texts of `tool_result` blocks."""
    match string(message, "role"):
        case "assistant":
            reading.answered()
            for block in blocks(message):
                _assistant_block(block, reading)
        case "user":
            reading.asked(string(message, "content"))
            for block in blocks(message):
                _user_block(block, reading)


def _assistant_block(block: Members, reading: Reading) -> None:
    match string(block, "type"):
        case "tool_use" if arguments := block.get("input"):
            literal = arguments.literal().decode("utf-8", "replace")
            reading.called(string(block, "id"), string(block, "name"), literal)
        case "thinking" | "redacted_thinking":
            reading.thought()


def _user_block(block: Members, reading: Reading) -> None:
    match string(block, "type"):
        case "text":
            reading.asked(string(block, "text"))
        case "tool_result" if call_id := string(block, "tool_use_id"):
            is_error = (flag := block.get("is_error")) is not None and flag.literal() == b"true"
            reading.output(call_id, text_parts(block.get("content"), _TEXT), is_error=is_error)


def _has_input_schema(tools: Node | None) -> bool:
    return tools is not None and any("input_schema" in tool.object() for tool in tools.elements())


SHAPE = Shape(
    name="messages",
    conversation="messages",
    element=_element,
    evidence=_evidence,
    complete=_complete,
    read=read,
    system=("system",),
)
