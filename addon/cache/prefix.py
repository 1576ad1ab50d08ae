"""Reads a request as the provider's prompt cache sees it: a `Prefix` of digests, in the order of the cache.

What clients change between turns without changing the prompt is left out: where `cache_control` stands, and whether a
text is written as a string or as a list of one text block (Claude Code turns one into the other when the mark moves
on). System text is read by lines, so that a date or a request id in it is told apart from a new system prompt.

Digests are made of the bytes as they stand; no value is decoded. Linear, a gigabyte a second for large items.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Self

from addon.shapes.catalog import SHAPES
from addon.shapes.json_spans import Elements, Ends, Node, NotJson
from addon.shapes.seen import Piece, Telling
from addon.shapes.shape import Members, Shape
from addon.shapes.slot import string
from transforms.cache_aligner import ITEM_BYTES, Item, Prefix, Section

_MOST_ITEMS = 20_000
"""Prompts of more items are not followed."""
_MOST_LINES = 512
"""System texts of more lines are one item."""
_LINE_END, _FIELD_END = rb"\n", b"; "
"""As escaped in JSON. Claude Code's system text begins with one line of `name=value; ` fields, new on each request."""
_KEYS = re.compile(rb'"(?:content|output|cache_control|prompt_cache_breakpoint)"')
"""Never in a text, whose quotes are escaped."""
_MARK = re.compile(rb'"(?:cache_control|prompt_cache_breakpoint)"\s*+:\s*+(?:\{[^{}]*+\}|null)')
_SINGLE_TEXT = re.compile(
    rb'"(?:content|output)"\s*+:\s*+'
    rb'(\[\s*+(\{)\s*+"type"\s*+:\s*+"(?:input_|output_)?text"\s*+,\s*+"text"\s*+:\s*+)"'
)
_SPACE = b" \t\r\n"
_COMMA_BEHIND = re.compile(rb"\s*+,\s*+")
_SHAPES = {shape.name: shape for shape in SHAPES}
_MODELS_ROLES = frozenset({"assistant", "model"})
_SYSTEM_ROLES = frozenset({"system", "developer"})
_TOOLS_ITEM = "additional_tools"
"""Codex sends its tools as the first input item."""
_CLIENT_TYPES = frozenset(
    {_TOOLS_ITEM, "message", "item_reference", "configuration_update", "compaction_trigger", "mcp_approval_response"}
)
_OUTPUT = "_output"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request's prompt, item by item, so that it can be told what it becomes when pieces of it change."""

    head: bytes = b""
    """Model, tools and system text, as `Prefix` packs them."""
    conversation: bytes = b""
    """The elements of the conversation likewise, an item each."""
    instructions: int = 0
    """How many of these stand in the head instead."""

    @classmethod
    def of(cls, root: Node, shape: str) -> Self:
        """The prompt of a request of the shape that was detected; empty where the body does not tell it."""
        try:
            top = root.object()
            known = _SHAPES[shape]
            request = known.request(top)
            if known.server_holds(request):
                return cls()
            elements = request[known.conversation].conversation()
            instructions = [*_instructions(elements)]
            head = b"".join([*_head(top, request, known), *instructions])
            conversation: bytearray = elements.told(_CONVERSATION)
        except NotJson:  # in a part of the body that nobody has read before
            return cls()
        if len(head) // ITEM_BYTES + len(elements) > _MOST_ITEMS:
            return cls()
        return cls(head, bytes(conversation), len(instructions))

    def prefix(self, changed: Mapping[int, Piece] = MappingProxyType({})) -> Prefix:
        """What the cache sees, with elements of the conversation changed, by their positions."""
        before, conversation = Prefix(self.conversation), bytearray(self.conversation)
        for at, piece in changed.items() if conversation else ():
            conversation[at * ITEM_BYTES : (at + 1) * ITEM_BYTES] = _packed_anew(piece, before, at)
        return Prefix(self.head + conversation[self.instructions * ITEM_BYTES :])


def has_answer(prefix: Prefix) -> bool:
    """Whether the model has answered before: this is the second turn of a conversation or a later one."""
    return prefix.first(Section.ANSWER) is not None


def anchor(prefix: Prefix) -> str:
    """What a conversation is known by in every request from its second turn on: the model's first answer, as hex."""
    answer = prefix.first(Section.ANSWER)
    return answer.digest.hex() if answer else ""


def cache_key(prefix: Prefix) -> str:
    """A `prompt_cache_key` that all turns of a conversation share, made of its first message; empty without one."""
    opening = prefix.first(Section.CLIENT)
    return f"headroom-{opening.digest.hex()}" if opening else ""


def _head(top: Members, request: Members, shape: Shape) -> Iterator[bytes]:
    """The items of model, tools and system text, packed."""
    if model := top.get("model"):
        yield _item(model, Section.MODEL).packed
    for keys in (shape.tools, ("functions",)):
        yield from (_tool(tool.literal()) for tool in _elements(request, keys))
    for key in shape.system:
        if system := request.get(key):
            yield _system(system.object().get("parts", system))


def _elements(members: Members, keys: tuple[str, ...]) -> Sequence[Node]:
    """The elements of a list that stands under these keys, outermost first."""
    *outer, last = keys
    for key in outer:
        members = members[key].object() if key in members else {}
    return members[last].elements() if last in members else ()


def _instructions(elements: Elements) -> Iterator[bytes]:
    """The items of tools and instructions that a conversation may begin with, packed, element by element."""
    for element in elements:
        members = element.object()
        if string(members, "type") == _TOOLS_ITEM and (tools := members.get("tools")):
            yield b"".join(_tool(tool.literal()) for tool in tools.elements())
        elif string(members, "role") in _SYSTEM_ROLES and (content := members.get("content")):
            yield _system(content)
        else:
            return


def _packed(element: Node) -> bytes:
    return _item(element, _section(element)).packed


def _told(before: bytearray, elements: Elements, at: int) -> bytearray:
    before += elements.made(_packed, at)
    return before


_CONVERSATION: Telling[bytearray, Elements] = Telling(bytearray, _told, bytearray)


def _packed_anew(piece: Piece, before: Prefix, at: int) -> bytes:
    """The item of an element that is not sent as it came; whoever made it is who did before."""
    if _packed not in piece.made:
        piece.made[_packed] = _item(_alone(piece.raw), before[at].section).packed
    packed: bytes = piece.made[_packed]
    return packed


@lru_cache(maxsize=256)
def _tool(literal: bytes) -> bytes:
    """A tool's item. Remembered, because a client's tools and its system text come with every request."""
    return _item(_alone(literal), Section.TOOLS).packed


def _system(content: Node) -> bytes:
    """The lines of a text, or of a list of text blocks."""
    blocks = [block.object().get("text", block) for block in content.elements()] or [content]
    return b"".join(_lines(block.literal()) for block in blocks)


@lru_cache(maxsize=16)
def _lines(literal: bytes) -> bytes:
    """The items of a text; remembered likewise."""
    if not literal.startswith(b'"'):
        return _item(_alone(literal), Section.SYSTEM).packed
    lines = [line for line in literal[1:-1].replace(_FIELD_END, _LINE_END).split(_LINE_END) if line]
    told = lines if len(lines) <= _MOST_LINES else [literal]
    return b"".join(Item(_digest(line), len(line), Section.SYSTEM).packed for line in told)


def _alone(literal: bytes) -> Node:
    """A value that stands for itself."""
    return Node(literal, 0, len(literal), Ends())


def _section(element: Node) -> Section:
    """Who made an item."""
    for key, value in element.object().items():
        if key == "role":
            return Section.ANSWER if value.text() in _MODELS_ROLES else Section.CLIENT
        if key == "type" and (kind := value.text()) and kind != "message":
            return Section.CLIENT if kind in _CLIENT_TYPES or kind.endswith(_OUTPUT) else Section.ANSWER
    return Section.CLIENT


def _item(node: Node, section: Section) -> Item:
    raw, at, pieces = node.raw, node.start, []
    for start, end in sorted(_left_out(node)):
        pieces.append(raw[at:start])
        at = max(at, end)
    text = b"".join([*pieces, raw[at : node.end]])
    return Item(_digest(text), len(text), section)


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=8).digest()


def _left_out(node: Node) -> Iterator[tuple[int, int]]:
    """The spans of cache marks, and what stands around the text in each list of one text block."""
    raw = node.raw
    for key in _KEYS.finditer(raw, node.start, node.end):
        if mark := _MARK.match(raw, key.start(), node.end):
            yield _with_comma(raw, *mark.span())
        elif found := _SINGLE_TEXT.match(raw, key.start(), node.end):
            list_end, block_end = node.end_of(found.start(1)), node.end_of(found.start(2))
            if not raw[block_end : list_end - 1].strip(_SPACE):
                yield found.span(1)
                yield block_end - 1, list_end


def _with_comma(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """A member's span with one of the commas beside it."""
    before = start - 1
    while raw[before] in _SPACE:
        before -= 1
    if raw[before : before + 1] == b",":
        return before, end
    comma = _COMMA_BEHIND.match(raw, end)
    return start, comma.end() if comma else end
