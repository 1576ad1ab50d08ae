"""Gemini `generateContent`: tool outputs are strings in the `response` object of a `functionResponse` part.

https://ai.google.dev/api/generate-content
Also on Vertex, and with a login in a wrapper, `{"model": …, "project": …, "request": {"contents": …}}`. Keys come in
camelCase and in snake_case; ids are optional.
"""

from addon.shapes.json_spans import Elements
from addon.shapes.reading import Reading
from addon.shapes.shape import Evidence, Members, Shape, blocks
from addon.shapes.slot import member_texts, string

_ROLES = frozenset({None, "user", "model", "function", "tool", "system"})
_STORED = frozenset({"ttl", "expireTime", "expire_time", "generateContentRequest"})
"""Keys of requests that put a prompt into a cache or count it."""
_THINKING = frozenset({"thoughtSignature", "thought_signature", "thought"})


def _element(content: Members) -> Evidence | None:
    return Evidence.OWN if string(content, "role") in _ROLES and "parts" in content else None


def _evidence(_: Members, spoken: Evidence) -> Evidence:
    return spoken


def _complete(top: Members, contents: Elements) -> bool:
    return bool(contents) and _STORED.isdisjoint(top)


def read(content: Members, reading: Reading) -> None:
    """Read one content. Tool outputs are the texts of function responses; one without an id is of the oldest open call
    of its function."""
    is_models = string(content, "role") == "model"
    if is_models:
        reading.answered()
    for part in blocks(content, "parts"):
        if is_models:
            _models_part(part, reading)
        elif text := string(part, "text"):
            reading.asked(text)
        elif found := part.get("functionResponse") or part.get("function_response"):
            _response(found.object(), reading)


def _models_part(part: Members, reading: Reading) -> None:
    if not _THINKING.isdisjoint(part):
        reading.thought()
    if found := part.get("functionCall") or part.get("function_call"):
        call = found.object()
        arguments = call["args"].literal().decode("utf-8", "replace") if "args" in call else ""
        reading.called(string(call, "id"), string(call, "name"), arguments)


def _response(response: Members, reading: Reading) -> None:
    name, given = string(response, "name"), response.get("response")
    if name and given is not None:
        failed = "error" in given.object()
        reading.output(string(response, "id") or "", member_texts(given), is_error=failed, tool=name)


SHAPE = Shape(
    name="gemini",
    conversation="contents",
    element=_element,
    evidence=_evidence,
    complete=_complete,
    read=read,
    within="request",
    system=("systemInstruction", "system_instruction"),
)
