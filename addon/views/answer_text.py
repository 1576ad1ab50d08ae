"""The view of a response: the message put together from an event stream or a JSON body, and its usage."""

from collections.abc import Iterator
from typing import Any

import orjson

from addon.views.conversation import Said, conversation
from addon.views.page_of_text import few, page, shown
from addon.wire.usage import Usage, UsageReader

_MOST_BYTES = 2 * 1024 * 1024
_LINES = 200
_PARTS = 400
_BLOCKS = {"tool_use": "calls", "server_tool_use": "calls", "thinking": "thinking"}


def answer_text(content_type: str, body: bytes, cache: str) -> str:
    """The view, from the body without its Content-Encoding and the cache's verdict. Raises ValueError for no JSON."""
    stream = content_type.startswith("text/event-stream")
    reader = UsageReader(content_type, "")
    reader.feed(body)
    lines = [*_usage(reader.usage()), *([f"cache: {cache.removeprefix('cache ')}"] if cache else [])]
    parts = _assembled(_events(body[:_MOST_BYTES])) if stream else _whole(orjson.loads(body))
    for part in parts[:_PARTS]:
        name = f" {shown(part.name, 60)}" if part.name else ""
        lines += [f"{part.who}{name}:", *few(part.text, _LINES, "    ")]
    if stream and len(body) > _MOST_BYTES:
        lines.append(f"… put together from the first {_MOST_BYTES:,} of {len(body):,} bytes")
    return page(lines)


def _usage(usage: Usage | None) -> Iterator[str]:
    if usage is None:
        yield "usage: the provider gave no figures"
        return
    cached, written, fresh = usage.cached_tokens, usage.written_tokens, usage.fresh_tokens
    split = f"{cached:,} from the cache, {written:,} written to it, {fresh:,} fresh"
    yield f"usage: {usage.input_tokens:,} tokens in ({split}), {usage.output_tokens:,} out"
    yield f"model: {shown(usage.model, 80)}"


def _events(body: bytes) -> Iterator[dict[str, Any]]:
    for line in body.splitlines():
        if line.startswith(b"data:") and line[5:6] != b"[" and not line.startswith(b"data: ["):
            try:
                event = orjson.loads(line[5:])
            except ValueError:  # the last line of a stream that broke off
                continue
            if isinstance(event, dict):
                yield event


class _Parts:
    """Parts of a message in the order of their beginning, each added to piece by piece."""

    def __init__(self) -> None:
        self._heads: dict[object, tuple[str, str]] = {}
        self._pieces: dict[object, list[str]] = {}

    def add(self, key: object, who: str, piece: object, name: object = "") -> None:
        known_who, known_name = self._heads.get(key, (who, ""))
        self._heads[key] = (known_who, known_name or str(name or ""))
        self._pieces.setdefault(key, []).append(piece if isinstance(piece, str) else "")

    def said(self) -> list[Said]:
        return [Said(who, "".join(self._pieces[key]), name) for key, (who, name) in self._heads.items()]


def _assembled(events: Iterator[dict[str, Any]]) -> list[Said]:
    parts = _Parts()
    for event in events:
        kind = str(event.get("type", ""))
        if "choices" in event:
            _chat(event, parts)
        elif kind.startswith("content_block"):
            _messages(event, parts)
        elif kind.startswith("response."):
            _responses(kind, event, parts)
        elif kind == "error" or "error" in event:
            parts.add("error", "error", str(event.get("error", event)))
    return parts.said()


def _messages(event: dict[str, Any], parts: _Parts) -> None:
    block, delta, key = event.get("content_block") or {}, event.get("delta") or {}, event.get("index")
    if block:
        who = _BLOCKS.get(str(block.get("type")), "assistant")
        parts.add(key, who, block.get("text") or block.get("thinking") or "", block.get("name"))
    for name, who in (("text", "assistant"), ("thinking", "thinking"), ("partial_json", "calls")):
        if name in delta:
            parts.add(key, who, delta[name])


def _chat(event: dict[str, Any], parts: _Parts) -> None:
    for choice in event["choices"] if isinstance(event["choices"], list) else ():
        delta, number = choice.get("delta") or {}, choice.get("index", 0)
        for name, who in (("content", "assistant"), ("reasoning_content", "thinking"), ("refusal", "refusal")):
            if delta.get(name):
                parts.add((number, name), who, delta[name])
        for call in delta.get("tool_calls") or ():
            function = call.get("function") or {}
            parts.add((number, "call", call.get("index")), "calls", function.get("arguments"), function.get("name"))


def _responses(kind: str, event: dict[str, Any], parts: _Parts) -> None:
    key = event.get("output_index"), event.get("content_index", 0)
    if kind == "response.output_item.added" and str(event.get("item", {}).get("type", "")).endswith("call"):
        parts.add(key, "calls", "", event["item"].get("name"))
    elif kind.endswith(".delta"):
        call = "arguments" in kind or "call_input" in kind
        who = "calls" if call else "thinking" if "reasoning" in kind else "assistant"
        parts.add(key, who, event.get("delta"))


def _whole(body: Any) -> list[Said]:
    """A body that came in one piece: each API has its answer in the form of its requests."""
    if not isinstance(body, dict):
        return []
    if body.get("error"):
        return [Said("error", str(body["error"]))]
    choices = body.get("choices")
    messages = [choice.get("message") or {} for choice in choices] if isinstance(choices, list) else None
    return list(conversation({"input": messages or body.get("output") or [body]}))
