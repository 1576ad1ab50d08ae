"""Gemini `generateContent`: tool outputs are strings in the `response` object of a `functionResponse` part.

https://ai.google.dev/api/generate-content
Also on Vertex, and with a login in a wrapper, `{"model": …, "project": …, "request": {"contents": …}}`. Keys come in
camelCase and in snake_case; ids are optional.
"""

from addon.shapes.shape import Evidence, Members, Shape, blocks
from addon.shapes.slot import Conversation, Held, member_texts, string

_ROLES = frozenset({None, "user", "model", "function", "tool", "system"})
_STORED = frozenset({"ttl", "expireTime", "expire_time", "generateContentRequest"})
"""Keys of requests that put a prompt into a cache or count it."""
_THINKING = frozenset({"thoughtSignature", "thought_signature", "thought"})


def _is_content(element: Members) -> bool:
    return string(element, "role") in _ROLES and "parts" in element


def _evidence(_: Members, contents: list[Members]) -> Evidence:
    return Evidence.OWN if contents else Evidence.NONE


def _complete(top: Members, contents: list[Members]) -> bool:
    return bool(contents) and _STORED.isdisjoint(top)


def read(contents: list[Members], _held: Held | None = None) -> Conversation:
    """The conversation with the texts of its function responses; one without an id is of the oldest open call of its
    function."""
    conversation = Conversation()
    for content in contents:
        is_models = string(content, "role") == "model"
        if is_models:
            conversation.answered()
        for part in blocks(content, "parts"):
            if is_models:
                _models_part(part, conversation)
            elif text := string(part, "text"):
                conversation.asked(text)
            elif found := part.get("functionResponse") or part.get("function_response"):
                _response(found.object(), conversation)
    return conversation


def _models_part(part: Members, conversation: Conversation) -> None:
    conversation.has_thinking |= not _THINKING.isdisjoint(part)
    if found := part.get("functionCall") or part.get("function_call"):
        call = found.object()
        arguments = call["args"].literal().decode("utf-8", "replace") if "args" in call else ""
        conversation.called(string(call, "id"), string(call, "name"), arguments)


def _response(response: Members, conversation: Conversation) -> None:
    name, given = string(response, "name"), response.get("response")
    if name and given is not None:
        failed = "error" in given.object()
        conversation.output(string(response, "id") or "", member_texts(given), is_error=failed, tool=name)


SHAPE = Shape(
    name="gemini",
    conversation="contents",
    element=_is_content,
    evidence=_evidence,
    complete=_complete,
    read=read,
    within="request",
    system=("systemInstruction", "system_instruction"),
)
