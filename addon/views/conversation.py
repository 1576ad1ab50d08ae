"""A request's conversation as a person reads it: who said what, which tools were called, what they gave."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

_THINKING = ("thinking", "redacted_thinking", "reasoning")
_CALLS = ("function_call", "custom_tool_call", "local_shell_call", "mcp_call", "web_search_call")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing in a conversation."""

    who: str
    """`system`, `user`, `assistant`, `calls`, `result`, `thinking`, or the role or type as the API has it."""
    text: str
    name: str = ""
    """Of the tool, of a call."""


def conversation(body: dict[str, Any]) -> Iterator[Said]:
    """Everything that is said in the body of a request, in order; nothing for what is none."""
    wrapped = body.get("request")
    body = wrapped if isinstance(wrapped, dict) else body
    for key in ("instructions", "system"):
        yield from (Said("system", text) for text in _texts(body.get(key)))
    items = body.get("messages", body.get("input", body.get("contents")))
    if isinstance(items, str):
        yield Said("user", items)
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            yield from _item(item)


def _item(item: dict[str, Any]) -> Iterator[Said]:
    kind, role = str(item.get("type", "")), str(item.get("role", ""))
    if role in ("tool", "function") or kind.endswith("_output"):
        yield Said("result", "\n".join(_texts(item.get("content", item.get("output")))))
    elif kind in _CALLS:
        yield Said("calls", _arguments(item), str(item.get("name", kind)))
    elif kind in _THINKING:
        yield Said("thinking", "\n".join(_texts(item.get("summary") or item.get("thinking"))))
    else:
        yield from _message(role or kind or "item", item)


def _message(who: str, item: dict[str, Any]) -> Iterator[Said]:
    content = item.get("content", item.get("parts"))
    if isinstance(content, str):
        yield Said(who, content)
    for block in content if isinstance(content, list) else ():
        yield from _block(who, block if isinstance(block, dict) else {"type": "text", "text": block})
    calls = item.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function", call.get("custom", {})) if isinstance(call, dict) else {}
        if isinstance(function, dict):
            yield Said("calls", _arguments(function), str(function.get("name", "")))


def _block(who: str, block: dict[str, Any]) -> Iterator[Said]:
    match str(block.get("type", "")):
        case "tool_use" | "server_tool_use":
            yield Said("calls", _arguments(block), str(block.get("name", "")))
        case "tool_result":
            yield Said("result", "\n".join(_texts(block.get("content"))))
        case kind if kind in _THINKING:
            yield Said("thinking", str(block.get("thinking", "")))
        case "":
            yield from _unnamed(who, block)
        case kind:
            yield Said(who, "\n".join(_texts([block])) or f"[{kind}]")


def _unnamed(who: str, block: dict[str, Any]) -> Iterator[Said]:
    """A block that is known by its key, as Gemini and Bedrock Converse have them."""
    for key, value in block.items():
        part = value if isinstance(value, dict) else {}
        match key:
            case "functionCall" | "toolUse":
                yield Said("calls", _arguments(part), str(part.get("name", "")))
            case "functionResponse" | "toolResult":
                given = part.get("response", part.get("content"))
                yield Said("result", "\n".join(_texts(given)) or orjson.dumps(given).decode())
            case "text":
                yield Said("thinking" if block.get("thought") else who, str(value))


def _arguments(call: dict[str, Any]) -> str:
    given = next((call[key] for key in ("arguments", "args", "input", "action") if key in call), "")
    return given if isinstance(given, str) else orjson.dumps(given).decode()


def _texts(content: Any) -> list[str]:
    """The texts of a string or of a list of blocks."""
    if isinstance(content, str):
        return [content]
    blocks = content if isinstance(content, list) else ()
    found = (block.get("text") if isinstance(block, dict) else block for block in blocks)
    return [text for text in found if isinstance(text, str)]
