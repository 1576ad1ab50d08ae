"""OpenAI Chat Completions: tool outputs are messages of role `tool`, formerly `function`.

https://platform.openai.com/docs/api-reference/chat/create
Spoken by most other providers and gateways too.
"""

from addon.shapes.json_spans import Node
from addon.shapes.reading import Reading
from addon.shapes.shape import Evidence, Members, Shape, is_message, not_empty
from addon.shapes.slot import string, text_parts

_TEXT = frozenset({"text"})
_TOP = frozenset(
    {"stream_options", "response_format", "max_completion_tokens", "parallel_tool_calls", "frequency_penalty"}
    | {"presence_penalty", "logit_bias", "logprobs", "reasoning_effort", "functions", "function_call", "n"}
)
_THINKING = frozenset({"reasoning_content", "reasoning_details", "thinking_blocks"})
"""Where DeepSeek, OpenRouter and LiteLLM put the model's thinking."""


def _element(message: Members) -> Evidence | None:
    """Ids of calls are Ollama's too; there the arguments of a call are an object."""
    if not is_message(message):
        return None
    if _is_function(message) or _has_calls(message):
        return Evidence.OWN
    return Evidence.SHARED if _is_tool(message) else Evidence.NONE


def _evidence(top: Members, spoken: Evidence) -> Evidence:
    """Tools are Ollama's too."""
    if not _TOP.isdisjoint(top):
        return Evidence.OWN
    return max(spoken, Evidence.SHARED if _has_function(top.get("tools")) else Evidence.NONE)


def read(message: Members, reading: Reading) -> None:
    """Read one message. Tool outputs are the texts of tool and function messages."""
    match string(message, "role"):
        case "assistant":
            reading.answered()
            if not _THINKING.isdisjoint(message):
                reading.thought()
            _calls(message.get("tool_calls"), reading)
        case "user":
            for _, text in text_parts(message.get("content"), _TEXT):
                reading.asked(text.text())
        case "tool" if call_id := string(message, "tool_call_id"):
            reading.output(call_id, text_parts(message.get("content"), _TEXT))
        case "function" if name := string(message, "name"):
            reading.output("", text_parts(message.get("content"), _TEXT), tool=name)


def _calls(tool_calls: Node | None, reading: Reading) -> None:
    for element in tool_calls.elements() if tool_calls else ():
        call = element.object()
        function = call["function"].object() if "function" in call else {}
        reading.called(string(call, "id"), string(function, "name"), string(function, "arguments") or "")


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
    element=_element,
    evidence=_evidence,
    complete=not_empty,
    read=read,
)
