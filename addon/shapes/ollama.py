"""Ollama's own chat: tool outputs are messages of role `tool`, with the tool's name and mostly without an id.

https://docs.ollama.com/api/chat
"""

from addon.shapes.reading import Reading
from addon.shapes.shape import Evidence, Members, Shape, is_message, not_empty
from addon.shapes.slot import string, text_parts

_TEXT = frozenset({"text"})
_TOP = frozenset({"options", "keep_alive"})


def _element(message: Members) -> Evidence | None:
    """Tools' names on their outputs are its own, and arguments that are an object and no text."""
    if not is_message(message):
        return None
    return Evidence.OWN if _is_named(message) or _has_calls(message) else Evidence.NONE


def _evidence(top: Members, spoken: Evidence) -> Evidence:
    return spoken if _TOP.isdisjoint(top) else Evidence.OWN


def read(message: Members, reading: Reading) -> None:
    """Read one message. Tool outputs are the texts of tool messages; one without an id is of the oldest open call of
    its tool."""
    match string(message, "role"):
        case "assistant":
            reading.answered()
            if "thinking" in message:
                reading.thought()
            for call_id, function in _calls(message):
                reading.called(call_id, string(function, "name"), _arguments(function))
        case "user":
            reading.asked(string(message, "content"))
        case "tool":
            call_id = string(message, "tool_call_id") or ""
            tool = string(message, "tool_name") or string(message, "name") or ""
            if call_id or tool:
                reading.output(call_id, text_parts(message.get("content"), _TEXT), tool=tool)


def _calls(message: Members) -> list[tuple[str, Members]]:
    entries = message.get("tool_calls")
    calls = [entry.object() for entry in entries.elements()] if entries else []
    return [(string(call, "id") or "", call["function"].object()) for call in calls if "function" in call]


def _arguments(function: Members) -> str:
    arguments = function.get("arguments")
    return "" if arguments is None else arguments.text() or arguments.literal().decode("utf-8", "replace")


def _is_named(message: Members) -> bool:
    return string(message, "role") == "tool" and string(message, "tool_name") is not None


def _has_calls(message: Members) -> bool:
    arguments = [function.get("arguments") for _, function in _calls(message)]
    return any(found is not None and found.type == "{" for found in arguments)


SHAPE = Shape(
    name="ollama",
    conversation="messages",
    element=_element,
    evidence=_evidence,
    complete=not_empty,
    read=read,
    explains=frozenset({"chat"}),
)
