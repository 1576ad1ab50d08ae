"""Anthropic Messages: tool outputs are `tool_result` blocks in user messages.

https://platform.claude.com/docs/en/api/messages
Also on Bedrock and Vertex, whose bodies have `anthropic_version` and no `model`.
"""

from addon.shapes.json_spans import Node
from addon.shapes.slot import Conversation, string, text_parts

NAME = "messages"
_TEXT = frozenset({"text"})
_TOP = frozenset({"anthropic_version", "system", "context_management", "stop_sequences"})
# `thinking` and `top_k` prove nothing: other providers take them in Chat Completions too.
_BLOCKS = frozenset({"tool_result", "tool_use", "server_tool_use"})
"""Thinking blocks prove nothing either: Mistral's answers in Chat Completions have them."""


def evidence(top: dict[str, Node], messages: list[dict[str, Node]]) -> bool:
    """Whether something stands in the request that only this shape has."""
    if not _TOP.isdisjoint(top) or _has_input_schema(top.get("tools")):
        return True
    return any(string(block, "type") in _BLOCKS for message in messages for block in _blocks(message))


def complete(top: dict[str, Node]) -> bool:
    """Whether this is a model turn: `max_tokens` is required there, and refused by count_tokens."""
    return "max_tokens" in top


def read(messages: list[dict[str, Node]]) -> Conversation:
    """The conversation with its `tool_result` texts."""
    conversation = Conversation()
    for message in messages:
        match string(message, "role"):
            case "assistant":
                conversation.answered()
                for block in _blocks(message):
                    _assistant_block(block, conversation)
            case "user":
                conversation.asked(string(message, "content"))
                for block in _blocks(message):
                    _user_block(block, conversation)
    return conversation


def _assistant_block(block: dict[str, Node], conversation: Conversation) -> None:
    match string(block, "type"):
        case "tool_use" if arguments := block.get("input"):
            literal = arguments.literal().decode("utf-8", "replace")
            conversation.called(string(block, "id"), string(block, "name"), literal)
        case "thinking" | "redacted_thinking":
            conversation.has_thinking = True


def _user_block(block: dict[str, Node], conversation: Conversation) -> None:
    match string(block, "type"):
        case "text":
            conversation.asked(string(block, "text"))
        case "tool_result" if call_id := string(block, "tool_use_id"):
            is_error = (flag := block.get("is_error")) is not None and flag.literal() == b"true"
            conversation.output(call_id, text_parts(block.get("content"), _TEXT), is_error=is_error)


def _blocks(message: dict[str, Node]) -> list[dict[str, Node]]:
    content = message.get("content")
    return [block.object() for block in content.elements()] if content else []


def _has_input_schema(tools: Node | None) -> bool:
    return tools is not None and any("input_schema" in tool.object() for tool in tools.elements())
