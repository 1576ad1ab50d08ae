"""The provider's own figures on a request, read from the response on its way past: tokens, and whether our prefix held.

`UsageReader` is fed the body as it is received, in pieces of any size, and tells what has passed so far. It raises for
nothing that a body may hold: what cannot be read is not counted. Memory is bounded, and a piece of an event stream
costs microseconds, because only lines that hold a usage object are parsed.

Read are Anthropic Messages, OpenAI Chat Completions and Responses, Gemini, Bedrock Converse and Ollama, as one JSON
document, as an event stream, or as one document a line. Bedrock's binary event streams are not.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import orjson

from addon.wire.body_codecs import BadEncoding, Codec, codec_for

_DOCUMENT_BYTES = 4 * 1024 * 1024
"""The largest JSON body, and the longest line of an event stream, that is read."""
_PIECE_BYTES = 8 * 1024 * 1024
"""How much one received piece may decode to."""
_WORD_CHARACTERS = 128
_TRANSFORMATIONS = 64
_LINE_ENDS = re.compile(rb"[\r\n]+")
_USAGE = re.compile(rb'"usage(?:Metadata)?"\s*+:\s*+\{|"prompt_eval_count"')
"""A usage object; most chunks of Chat Completions say `"usage":null`. In quoted text the quotes are escaped."""

_WITHIN = {
    "message_start": "message",
    "response.completed": "response",
    "response.incomplete": "response",
    "response.failed": "response",
}
"""Events that hold a whole response, and under which key."""
_GEMINI = "usageMetadata"
_OLLAMA = "prompt_eval_count"
_MESSAGES = frozenset({"message", "message_start", "message_delta"})
"""Types of Anthropic's documents with figures: a body, the first event, and each later total."""

type _Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Usage:
    """One response's figures."""

    input_tokens: int = 0
    """The whole prompt: fresh, read from the cache, and written to it."""
    cached_tokens: int = 0
    """Of these, read from the provider's prompt cache."""
    written_tokens: int = 0
    """Of these, written to it."""
    output_tokens: int = 0
    model: str = ""
    response_id: str = ""
    input_transformations: tuple[str, ...] = ()
    """What Anthropic did to blocks of the prompt, `type:reason` of each: `thinking_dropped:prefix_binding_mismatch`.
    https://platform.claude.com/docs/en/build-with-claude/preserved-thinking"""
    cache_miss_reason: str = ""
    """Where the prompt left the previous request's prefix, as Anthropic sees it: `messages_changed`, `tools_changed`…
    https://platform.claude.com/docs/en/build-with-claude/cache-diagnostics"""
    cache_missed_tokens: int = 0
    """How many tokens that cost, about."""

    @property
    def fresh_tokens(self) -> int:
        """What the cache had no part in."""
        return max(0, self.input_tokens - self.cached_tokens - self.written_tokens)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the provider answered a turn."""

    status: int
    """Of HTTP; over a WebSocket what it would be there."""
    usage: Usage | None
    error_text: str = ""
    """The body of a 4xx or 5xx."""


class UsageReader:
    """Reads one response. `feed` the body's bytes as received; ask `usage` at any time, after a broken stream too."""

    def __init__(self, content_type: str, content_encoding: str) -> None:
        self._body = _body_of(content_type)
        self._codec = _codec_of(content_encoding)

    def feed(self, chunk: bytes) -> None:
        """The body's next bytes, still encoded."""
        if self._body is None or self._codec is None:
            return
        try:
            self._body.feed(self._codec.feed(chunk, _PIECE_BYTES))
        except BadEncoding:
            self._codec = None

    def usage(self) -> Usage | None:
        """The figures so far; None while there are none."""
        return None if self._body is None else self._body.usage()


def usage_of(document: bytes, before: Usage | None = None) -> Usage | None:
    """What one JSON document tells: a whole body, an event's data, or a WebSocket message.

    `before` is what earlier events of the same response told; it comes back when this one tells nothing.
    """
    message = _parse(document)
    event = _word(message, "type")
    within = _WITHIN.get(event) or ("response" if _GEMINI in _object(message, "response") else "")
    response = _object(message, within) if within else message
    counts = _object(response, "usage") or _object(response, _GEMINI) or (response if _OLLAMA in response else {})
    read = _reader(event, response, counts)
    return before if read is None else _verdicts(response, _names(response, read(counts, before or Usage())))


class _EventStream:
    """Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

    Every provider writes an event's data on one line, so lines are all that is told apart. A line that grows too long
    is passed over. `head`: how a line of data begins; nothing where every line is a document.
    """

    def __init__(self, head: bytes = b"data:") -> None:
        self._head = head
        self._line = bytearray()
        self._too_long = False
        self._usage: Usage | None = None

    def feed(self, text: bytes) -> None:
        cut = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        if cut:
            self._usage = self._read(bytes(self._line) + text[:cut])
            self._line.clear()
            self._too_long = False
        self._line += text[cut:]
        if len(self._line) > _DOCUMENT_BYTES:
            self._too_long = True
            self._line.clear()

    def usage(self) -> Usage | None:
        """A stream that broke off may have left its last line without an end."""
        return self._read(bytes(self._line))

    def _read(self, text: bytes) -> Usage | None:
        usage = self._usage
        if not _USAGE.search(text):
            return usage
        lines = _LINE_ENDS.split(text)
        for line in lines[1:] if self._too_long else lines:
            if line.startswith(self._head) and _USAGE.search(line):
                usage = usage_of(line[len(self._head) :], usage)
        return usage


class _Document:
    """One JSON document, kept until it is asked for."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._too_long = False

    def feed(self, text: bytes) -> None:
        self._too_long = self._too_long or len(self._text) + len(text) > _DOCUMENT_BYTES
        if self._too_long:
            self._text.clear()
        else:
            self._text += text

    def usage(self) -> Usage | None:
        return usage_of(bytes(self._text)) if _USAGE.search(self._text) else None


def _body_of(content_type: str) -> _EventStream | _Document | None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return _EventStream()
    if kind == "application/x-ndjson":
        return _EventStream(head=b"")
    return _Document() if kind == "application/json" or kind.endswith("+json") else None


def _codec_of(content_encoding: str) -> Codec | None:
    try:
        return codec_for(content_encoding)
    except BadEncoding:
        return None


def _reader(event: str, response: _Json, counts: _Json) -> Callable[[_Json, Usage], Usage] | None:
    """Which kind of figures these are."""
    if own := next((reader for key, reader in _READERS.items() if key in counts), None):
        return own
    if "input_tokens" in counts and (event.startswith("response.") or _word(response, "object") == "response"):
        return _responses
    return _messages if counts and event in _MESSAGES else None


def _messages(counts: _Json, before: Usage) -> Usage:
    """Anthropic: `input_tokens` are the fresh ones only. Figures in later events are totals and replace the earlier.

    https://platform.claude.com/docs/en/build-with-claude/streaming
    """
    fresh = _count(counts, "input_tokens", before.fresh_tokens)
    cached = _count(counts, "cache_read_input_tokens", before.cached_tokens)
    written = _count(counts, "cache_creation_input_tokens", before.written_tokens)
    return replace(
        before,
        input_tokens=fresh + cached + written,
        cached_tokens=cached,
        written_tokens=written,
        output_tokens=_count(counts, "output_tokens", before.output_tokens),
    )


def _chat(counts: _Json, before: Usage) -> Usage:
    """Chat Completions: `prompt_tokens` are all of them. DeepSeek has its own word for the cached ones.

    https://developers.openai.com/api/reference/resources/chat, https://api-docs.deepseek.com/guides/kv_cache
    """
    details = _object(counts, "prompt_tokens_details")
    return replace(
        before,
        input_tokens=_count(counts, "prompt_tokens"),
        cached_tokens=_count(details, "cached_tokens", _count(counts, "prompt_cache_hit_tokens")),
        written_tokens=_count(details, "cache_write_tokens"),
        output_tokens=_count(counts, "completion_tokens"),
    )


def _responses(counts: _Json, before: Usage) -> Usage:
    """Responses: `input_tokens` are all of them. https://developers.openai.com/api/reference/resources/responses"""
    details = _object(counts, "input_tokens_details")
    return replace(
        before,
        input_tokens=_count(counts, "input_tokens"),
        cached_tokens=_count(details, "cached_tokens"),
        written_tokens=_count(details, "cache_write_tokens"),
        output_tokens=_count(counts, "output_tokens"),
    )


def _gemini(counts: _Json, before: Usage) -> Usage:
    """Gemini: `promptTokenCount` are all of them; every chunk has the totals so far.

    https://ai.google.dev/api/generate-content#UsageMetadata
    """
    return replace(
        before,
        input_tokens=_count(counts, "promptTokenCount") + _count(counts, "toolUsePromptTokenCount"),
        cached_tokens=_count(counts, "cachedContentTokenCount"),
        output_tokens=_count(counts, "candidatesTokenCount") + _count(counts, "thoughtsTokenCount"),
    )


def _converse(counts: _Json, before: Usage) -> Usage:
    """Converse: `inputTokens` are the fresh ones only.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
    """
    cached, written = _count(counts, "cacheReadInputTokens"), _count(counts, "cacheWriteInputTokens")
    return replace(
        before,
        input_tokens=_count(counts, "inputTokens") + cached + written,
        cached_tokens=cached,
        written_tokens=written,
        output_tokens=_count(counts, "outputTokens"),
    )


def _ollama(counts: _Json, before: Usage) -> Usage:
    """Ollama, in its last line: what it had to evaluate; what was still in its memory is not told.

    https://docs.ollama.com/api/usage
    """
    return replace(before, input_tokens=_count(counts, _OLLAMA), output_tokens=_count(counts, "eval_count"))


_READERS: Mapping[str, Callable[[_Json, Usage], Usage]] = {
    "prompt_tokens": _chat,
    "promptTokenCount": _gemini,
    "inputTokens": _converse,
    _OLLAMA: _ollama,
}
"""By a key that only these figures have."""


def _names(response: _Json, usage: Usage) -> Usage:
    model = _word(response, "model") or _word(response, "modelVersion")
    response_id = _word(response, "id") or _word(response, "responseId")
    return replace(usage, model=model or usage.model, response_id=response_id or usage.response_id)


def _verdicts(response: _Json, usage: Usage) -> Usage:
    """What Anthropic says of the prompt's prefix. A later list of transformations replaces the earlier one."""
    listed = response.get("input_transformations")
    if isinstance(listed, list):
        named = tuple(_transformation(entry) for entry in listed[:_TRANSFORMATIONS] if isinstance(entry, dict))
        usage = replace(usage, input_transformations=named)
    miss = _object(_object(response, "diagnostics"), "cache_miss_reason")
    if not miss:
        return usage
    missed = _count(miss, "cache_missed_input_tokens")
    return replace(usage, cache_miss_reason=_word(miss, "type"), cache_missed_tokens=missed)


def _transformation(entry: _Json) -> str:
    return f"{_word(entry, 'type')}:{_word(entry, 'reason')}"


def _parse(document: bytes) -> _Json:
    """The JSON object, or an empty one. orjson is strict about lone surrogates, which broken output may hold."""
    for loads in (orjson.loads, json.loads):
        try:
            parsed = loads(document)
        except (ValueError, RecursionError):
            continue
        return parsed if isinstance(parsed, dict) else {}
    return {}


def _object(parent: _Json, key: str) -> _Json:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _word(parent: _Json, key: str) -> str:
    value = parent.get(key)
    return value[:_WORD_CHARACTERS] if isinstance(value, str) else ""


def _count(parent: _Json, key: str, default: int = 0) -> int:
    value = parent.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default
