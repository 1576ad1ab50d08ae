"""OpenAI Chat Completions: tool outputs are messages of role `tool`, formerly `function`.

https://platform.openai.com/docs/api-reference/chat/create
Spoken by most other providers and gateways too.
"""

from addon.shapes.json_spans import Node
from addon.shapes.shape import Evidence, Members, Shape, is_message, not_empty
from addon.shapes.slot import Conversation, Held, string, text_parts

_TEXT = frozenset({"text"})
_TOP = frozenset(
    {"stream_options", "response_format", "max_completion_tokens", "parallel_tool_calls", "frequency_penalty"}
    | {"presence_penalty", "logit_bias", "logprobs", "reasoning_effort", "functions", "function_call", "n"}
)
_THINKING = frozenset({"reasoning_content", "reasoning_details", "thinking_blocks"})
"""Where DeepSeek, OpenRouter and LiteLLM put the model's thinking."""


def _evidence(top: Members, messages: list[Members]) -> Evidence:
    """Tools and ids of calls are Ollama's too; there the arguments of a call are an object."""
    if not _TOP.isdisjoint(top) or any(_is_function(message) or _has_calls(message) for message in messages):
        return Evidence.OWN
    shared = _has_function(top.get("tools")) or any(_is_tool(message) for message in messages)
    return Evidence.SHARED if shared else Evidence.NONE


def read(messages: list[Members], _held: Held | None = None) -> Conversation:
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


def _is_tool(message: Members) -> bool:
    return string(message, "role") == "tool" and string(message, "tool_call_id") is not None


def _is_function(message: Members) -> bool:
    return string(message, "role") == "function" and string(message, "name") is not None


def _has_calls(message: Members) -> bool:
    calls = message.get("tool_calls")
    functions = (call.object().get("function") for call in calls.elements()) if calls else ()
    return any(function is not None and _spells_arguments(function.object()) for function in functions)


def _spells_arguments(function: Members) -> bool:
    arguments = function.get("arguments")
    return arguments is None or arguments.type != "{"


def _has_function(entries: Node | None) -> bool:
    return entries is not None and any("function" in entry.object() for entry in entries.elements())


SHAPE = Shape(
    name="chat",
    conversation="messages",
    element=is_message,
    evidence=_evidence,
    complete=not_empty,
    read=read,
)
