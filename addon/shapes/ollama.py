"""Ollama's own chat: tool outputs are messages of role `tool`, with the tool's name and mostly without an id.

https://docs.ollama.com/api/chat
"""

from addon.shapes.shape import Evidence, Members, Shape, is_message, not_empty
from addon.shapes.slot import Conversation, Held, string, text_parts

_TEXT = frozenset({"text"})
_TOP = frozenset({"options", "keep_alive"})


def _evidence(top: Members, messages: list[Members]) -> Evidence:
    """Its own options, tools' names on their outputs, or arguments that are an object and no text."""
    own = not _TOP.isdisjoint(top) or any(_is_named(message) or _has_calls(message) for message in messages)
    return Evidence.OWN if own else Evidence.NONE


def read(messages: list[Members], _held: Held | None = None) -> Conversation:
    """The conversation with the texts of its tool messages; an output without an id is of the oldest open call of its
    tool."""
    conversation = Conversation()
    for message in messages:
        match string(message, "role"):
            case "assistant":
                conversation.answered()
                conversation.has_thinking |= "thinking" in message
                for call_id, function in _calls(message):
                    conversation.called(call_id, string(function, "name"), _arguments(function))
            case "user":
                conversation.asked(string(message, "content"))
            case "tool":
                call_id = string(message, "tool_call_id") or ""
                tool = string(message, "tool_name") or string(message, "name") or ""
                if call_id or tool:
                    conversation.output(call_id, text_parts(message.get("content"), _TEXT), tool=tool)
    return conversation


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
    element=is_message,
    evidence=_evidence,
    complete=not_empty,
    read=read,
    explains=frozenset({"chat"}),
)
