"""Anthropic Messages: tool outputs are `tool_result` blocks in user messages.

https://platform.claude.com/docs/en/api/messages
Also on Bedrock and Vertex, whose bodies have `anthropic_version` and no `model`.
"""

from addon.shapes.json_spans import Node
from addon.shapes.shape import Evidence, Members, Shape, blocks, is_message
from addon.shapes.slot import Conversation, Held, string, text_parts

_TEXT = frozenset({"text"})
_TOP = frozenset({"anthropic_version", "context_management", "stop_sequences"})
# `thinking` and `top_k` prove nothing: other providers take them in Chat Completions too.
_BLOCKS = frozenset({"tool_result", "tool_use", "server_tool_use"})
"""Thinking blocks prove nothing either: Mistral's answers in Chat Completions have them."""


def _evidence(top: Members, messages: list[Members]) -> Evidence:
    """System text beside the conversation is Converse's too."""
    if not _TOP.isdisjoint(top) or _has_input_schema(top.get("tools")):
        return Evidence.OWN
    if any(string(block, "type") in _BLOCKS for message in messages for block in blocks(message)):
        return Evidence.OWN
    return Evidence.SHARED if "system" in top else Evidence.NONE


def _complete(top: Members, messages: list[Members]) -> bool:
    """`max_tokens` is required for a turn, and refused by count_tokens."""
    return bool(messages) and "max_tokens" in top


def read(messages: list[Members], _held: Held | None = None) -> Conversation:
    """The conversation with its `tool_result` texts."""
    conversation = Conversation()
    for message in messages:
        match string(message, "role"):
            case "assistant":
                conversation.answered()
                for block in blocks(message):
                    _assistant_block(block, conversation)
            case "user":
                conversation.asked(string(message, "content"))
                for block in blocks(message):
                    _user_block(block, conversation)
    return conversation


def _assistant_block(block: Members, conversation: Conversation) -> None:
    match string(block, "type"):
        case "tool_use" if arguments := block.get("input"):
            literal = arguments.literal().decode("utf-8", "replace")
            conversation.called(string(block, "id"), string(block, "name"), literal)
        case "thinking" | "redacted_thinking":
            conversation.has_thinking = True


def _user_block(block: Members, conversation: Conversation) -> None:
    match string(block, "type"):
        case "text":
            conversation.asked(string(block, "text"))
        case "tool_result" if call_id := string(block, "tool_use_id"):
            is_error = (flag := block.get("is_error")) is not None and flag.literal() == b"true"
            conversation.output(call_id, text_parts(block.get("content"), _TEXT), is_error=is_error)


def _has_input_schema(tools: Node | None) -> bool:
    return tools is not None and any("input_schema" in tool.object() for tool in tools.elements())


SHAPE = Shape(
    name="messages",
    conversation="messages",
    element=is_message,
    evidence=_evidence,
    complete=_complete,
    read=read,
    system=("system",),
)
