"""OpenAI Chat Completions: tool outputs are messages of role `tool`, formerly `function`.

https://platform.openai.com/docs/api-reference/chat/create
Spoken by most other providers and gateways too.
"""

from addon.shapes.json_spans import Node
from addon.shapes.slot import Conversation, string, text_parts

NAME = "chat"
_TEXT = frozenset({"text"})
_TOP = frozenset(
    {"stream_options", "response_format", "max_completion_tokens", "parallel_tool_calls", "frequency_penalty"}
    | {"presence_penalty", "logit_bias", "logprobs", "reasoning_effort", "functions", "function_call", "n"}
)


_THINKING = frozenset({"reasoning_content", "reasoning_details", "thinking_blocks"})
"""Where DeepSeek, OpenRouter and LiteLLM put the model's thinking."""


def evidence(top: dict[str, Node], messages: list[dict[str, Node]]) -> bool:
    """Whether something stands in the request that only this shape has."""
    if not _TOP.isdisjoint(top) or _has_function(top.get("tools")):
        return True
    return any(_is_output(message) or _has_function(message.get("tool_calls")) for message in messages)


def read(messages: list[dict[str, Node]]) -> Conversation:
    """The conversation with the texts of its tool and function messages."""
    conversation = Conversation()
    for message in messages:
        match string(message, "role"):
            case "assistant":
                conversation.answered()
                conversation.has_thinking |= not _THINKING.isdisjoint(message)
                _calls(message.get("tool_calls"), conversation)
            case "user":
                for _, text in text_parts(message.get("content"), _TEXT):
                    conversation.asked(text.text())
            case "tool" if call_id := string(message, "tool_call_id"):
                conversation.output(call_id, text_parts(message.get("content"), _TEXT))
            case "function" if name := string(message, "name"):
                conversation.output("", text_parts(message.get("content"), _TEXT), tool=name)
    return conversation


def _calls(tool_calls: Node | None, conversation: Conversation) -> None:
    for element in tool_calls.elements() if tool_calls else ():
        call = element.object()
        function = call["function"].object() if "function" in call else {}
        conversation.called(string(call, "id"), string(function, "name"), string(function, "arguments") or "")


def _is_output(message: dict[str, Node]) -> bool:
    match string(message, "role"):
        case "tool":
            return string(message, "tool_call_id") is not None
        case "function":
            return string(message, "name") is not None
    return False


def _has_function(entries: Node | None) -> bool:
    return entries is not None and any("function" in entry.object() for entry in entries.elements())
