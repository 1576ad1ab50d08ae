"""How clients of our APIs write a conversation, and how the provider's cache reads it.

A conversation is a tuple of items that knows no API. `write` gives the request body; a client may spell the same
conversation otherwise in its next request: the cache mark moves on, a text becomes a list of one text block.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.laws.conversations import Body, items

_TEXTS = frozenset({"text", "input_text", "output_text"})
_TOOLS = ("bash", "read", "grep", "fetch")


@dataclass(frozen=True, slots=True)
class Said:
    """A text of the user."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A text of the model, and the form in which it comes."""

    text: str
    form: str = "text"
    """`text`, `thinking` (with thinking before it) or `refusal`."""


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call of the model and what the tool gave."""

    call_id: str
    tool: str
    arguments: str
    output: str = field(repr=False)
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Calls:
    """Parallel calls in one turn of the model, and their outputs in the order in which they came."""

    calls: tuple[Called, ...]
    came: tuple[int, ...]
    """Positions in `calls`."""

    @property
    def outputs(self) -> tuple[Called, ...]:
        """The calls in the order of their outputs."""
        return tuple(self.calls[at] for at in self.came)

    def with_outputs(self, change: Callable[[Called], str]) -> "Calls":
        """The same with other texts."""
        return replace(self, calls=tuple(replace(call, output=change(call)) for call in self.calls))


type Item = Said | Answered | Calls
type Conversation = tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of a client."""

    body: bytes
    conversation: Conversation
    held: Conversation = ()
    """The part of the conversation that the server holds, and that does not stand in the body."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """What may differ between two requests of one conversation without changing it."""

    marked: bool = False
    """Whether the last block carries a cache mark; a text that carries it is a list of one block."""
    as_lists: bool = False
    """Whether every output is a list of one text block."""


PLAIN = Spelling()


def write(shape: str, conversation: Conversation, spelling: Spelling, previous: str = "") -> bytes:
    """The request body; with `previous` the server holds all before, and what the model made of this itself."""
    written = list(_WRITERS[shape](conversation, spelling))
    body: Body = {"model": "m", **_HEADS[shape], _KEYS.get(shape, "messages"): written}
    if shape == "gemini login":
        return json.dumps({"project": "p", "request": body}, ensure_ascii=False).encode()
    if previous:
        body |= {"previous_response_id": previous, "input": [item for item in written if not _is_models(item)]}
    return json.dumps(body, ensure_ascii=False).encode()


def complete(shape: str, conversation: Conversation, sent: tuple[str, ...]) -> tuple[str, ...]:
    """What the server has of `conversation` when `sent` was all that it got of it: this and what the model made."""
    written, arrived = list(_WRITERS[shape](conversation, PLAIN)), iter(sent)
    return tuple(canonical(item) if _is_models(item) else next(arrived) for item in written)


def _is_models(item: Body) -> bool:
    return item["type"] in ("function_call", "reasoning") or item.get("role") == "assistant"


def normalised(body: bytes) -> tuple[str, ...]:
    """The conversation's items as the provider's cache sees them: without marks, single texts as strings."""
    return tuple(canonical(item) for item in items(body))


def canonical(item: Body) -> str:
    """One item, as `normalised` has it."""
    return json.dumps(json.loads(json.dumps(item), object_hook=_single_text), sort_keys=True)


def _single_text(value: Body) -> Body:
    found = {key: member for key, member in value.items() if key != "cache_control"}
    for key in ("content", "output"):
        match found.get(key):
            case [{"type": kind, "text": text, **rest}] if kind in _TEXTS and not rest:
                found[key] = text
    return found


def _messages(conversation: Conversation, spelling: Spelling) -> Iterator[Body]:
    for item in conversation:
        last = spelling.marked and item is conversation[-1]
        match item:
            case Said(text):
                yield {"role": "user", "content": [{**_text(text), **_MARK}] if last else text}
            case Answered(text, form):
                thinking = [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}] if form == "thinking" else []
                yield {"role": "assistant", "content": [*thinking, _text(text)]}
            case Calls():
                yield {"role": "assistant", "content": [_tool_use(call) for call in item.calls]}
                results = [_tool_result(call, spelling) for call in item.outputs]
                if last:
                    results[-1] = {**results[-1], "content": _as_list(results[-1]["content"]), **_MARK}
                yield {"role": "user", "content": results}


def _tool_use(call: Called) -> Body:
    return {"type": "tool_use", "id": call.call_id, "name": call.tool, "input": json.loads(call.arguments)}


def _tool_result(call: Called, spelling: Spelling) -> Body:
    content = [_text(call.output)] if spelling.as_lists else call.output
    failed = {"is_error": True} if call.is_error else {}
    return {"type": "tool_result", "tool_use_id": call.call_id, "content": content, **failed}


def _chat(conversation: Conversation, spelling: Spelling) -> Iterator[Body]:
    yield {"role": "system", "content": "You are a coding agent."}
    for item in conversation:
        last = spelling.marked and item is conversation[-1]
        match item:
            case Said(text):
                yield {"role": "user", "content": [{**_text(text), **_MARK}] if last else text}
            case Answered():
                yield {"role": "assistant", **_CHAT_ANSWERS[item.form](item.text)}
            case Calls():
                yield {"role": "assistant", "content": None, "tool_calls": [_tool_call(call) for call in item.calls]}
                for call in item.outputs:
                    content = [_text(call.output)] if spelling.as_lists else call.output
                    yield {"role": "tool", "tool_call_id": call.call_id, "content": content}


def _tool_call(call: Called) -> Body:
    return {"id": call.call_id, "type": "function", "function": {"name": call.tool, "arguments": call.arguments}}


def _functions(conversation: Conversation, spelling: Spelling) -> Iterator[Body]:
    """The older form of Chat, in which nothing ties an output to its call."""
    for item in conversation:
        if not isinstance(item, Calls):
            yield from list(_chat((item,), spelling))[1:]
            continue
        for call in item.outputs:
            function = {"name": call.tool, "arguments": call.arguments}
            yield {"role": "assistant", "content": None, "function_call": function}
            yield {"role": "function", "name": call.tool, "content": call.output}


def _responses(conversation: Conversation, spelling: Spelling) -> Iterator[Body]:
    for item in conversation:
        match item:
            case Said(text):
                content = [{"type": "input_text", "text": text}] if spelling.as_lists else text
                yield {"type": "message", "role": "user", "content": content}
            case Answered(text, form):
                if form == "thinking":
                    yield {"type": "reasoning", "summary": [], "encrypted_content": "c2ln"}
                part = (
                    {"type": "refusal", "refusal": text} if form == "refusal" else {"type": "output_text", "text": text}
                )
                yield {"type": "message", "role": "assistant", "content": [part]}
            case Calls():
                for call in item.calls:
                    made = {"call_id": call.call_id, "name": call.tool, "arguments": call.arguments}
                    yield {"type": "function_call", **made}
                for call in item.outputs:
                    output = [{"type": "input_text", "text": call.output}] if spelling.as_lists else call.output
                    yield {"type": "function_call_output", "call_id": call.call_id, "output": output}


def _gemini(conversation: Conversation, _: Spelling) -> Iterator[Body]:
    """As Gemini CLI has it, without ids."""
    for item in conversation:
        match item:
            case Said(text):
                yield {"role": "user", "parts": [{"text": text}]}
            case Answered(text, form):
                signed = {"thoughtSignature": "c2ln"} if form == "thinking" else {}
                yield {"role": "model", "parts": [{"text": text, **signed}]}
            case Calls():
                calls = [{"name": call.tool, "args": json.loads(call.arguments)} for call in item.calls]
                yield {"role": "model", "parts": [{"functionCall": call} for call in calls]}
                given = [(call.tool, "error" if call.is_error else "output", call.output) for call in item.outputs]
                responses = [{"name": tool, "response": {key: output}} for tool, key, output in given]
                yield {"role": "user", "parts": [{"functionResponse": response} for response in responses]}


def _converse(conversation: Conversation, _: Spelling) -> Iterator[Body]:
    for item in conversation:
        match item:
            case Said(text):
                yield {"role": "user", "content": [{"text": text}]}
            case Answered(text, form):
                thinking = [{"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}}]
                yield {"role": "assistant", "content": [*(thinking if form == "thinking" else []), {"text": text}]}
            case Calls():
                uses = [
                    {"toolUseId": call.call_id, "name": call.tool, "input": json.loads(call.arguments)}
                    for call in item.calls
                ]
                yield {"role": "assistant", "content": [{"toolUse": use} for use in uses]}
                results = [
                    {
                        "toolUseId": call.call_id,
                        "content": [{"text": call.output}],
                        "status": "error" if call.is_error else "success",
                    }
                    for call in item.outputs
                ]
                yield {"role": "user", "content": [{"toolResult": result} for result in results]}


def _ollama(conversation: Conversation, _: Spelling) -> Iterator[Body]:
    """Without ids; a turn's outputs come in the order of its calls."""
    for item in conversation:
        match item:
            case Said(text):
                yield {"role": "user", "content": text}
            case Answered(text, form):
                yield {"role": "assistant", "content": text, **({"thinking": "Hm."} if form == "thinking" else {})}
            case Calls():
                functions = [{"name": call.tool, "arguments": json.loads(call.arguments)} for call in item.calls]
                yield {"role": "assistant", "content": "", "tool_calls": [{"function": each} for each in functions]}
                for call in item.outputs:
                    yield {"role": "tool", "tool_name": call.tool, "content": call.output}


def _text(text: str) -> Body:
    return {"type": "text", "text": text}


def _as_list(content: Any) -> list[Body]:
    return [_text(content)] if isinstance(content, str) else content


_CHAT_ANSWERS: dict[str, Callable[[str], Body]] = {
    "text": lambda text: {"content": text},
    "thinking": lambda text: {"content": [{"type": "thinking", "thinking": [_text("Hm.")]}, _text(text)]},
    "refusal": lambda text: {"refusal": text},
}
"""Of several providers; some clients leave out members that are null."""
_MARK: Body = {"cache_control": {"type": "ephemeral"}}
_PARAMETERS: Body = {"type": "object"}
_CHAT_TOOLS = [{"type": "function", "function": {"name": name, "parameters": _PARAMETERS}} for name in _TOOLS]
_GEMINI_HEAD: Body = {
    "systemInstruction": {"parts": [{"text": "You are a coding agent."}]},
    "tools": [{"functionDeclarations": [{"name": name, "parameters": _PARAMETERS} for name in _TOOLS]}],
}
_HEADS: dict[str, Body] = {
    "messages": {
        "max_tokens": 9,
        "system": "You are a coding agent.",
        "tools": [{"name": name, "input_schema": _PARAMETERS} for name in _TOOLS],
    },
    "chat": {"tools": _CHAT_TOOLS},
    "functions": {"functions": [{"name": name, "parameters": _PARAMETERS} for name in _TOOLS]},
    "responses": {"tools": [{"type": "function", "name": name, "parameters": _PARAMETERS} for name in _TOOLS]},
    "gemini": _GEMINI_HEAD,
    "gemini login": _GEMINI_HEAD,
    "converse": {
        "system": [{"text": "You are a coding agent."}],
        "toolConfig": {"tools": [{"toolSpec": {"name": name, "inputSchema": {"json": {}}}} for name in _TOOLS]},
    },
    "ollama": {"tools": _CHAT_TOOLS, "options": {"num_ctx": 32768}},
}
_KEYS = {"responses": "input", "gemini": "contents", "gemini login": "contents"}
_WRITERS: dict[str, Callable[[Conversation, Spelling], Iterator[Body]]] = {
    "messages": _messages,
    "chat": _chat,
    "functions": _functions,
    "responses": _responses,
    "gemini": _gemini,
    "gemini login": _gemini,
    "converse": _converse,
    "ollama": _ollama,
}
SHAPES = tuple(_WRITERS)
