"""Which API a body belongs to, told from the body alone, never from the path.

A body is ours only when the evidence points to exactly one shape. Look-alikes (Realtime, Cohere, MCP, batches,
moderations, telemetry, ...) miss the evidence or carry a key that no shape of ours has.
"""

from dataclasses import dataclass
from typing import Self

from addon.shapes.catalog import SHAPES
from addon.shapes.json_spans import Elements, Node
from addon.shapes.reading import Reading, Step
from addon.shapes.seen import Telling
from addon.shapes.shape import Evidence, Members, Shape
from addon.shapes.slot import Conversation, Held, Slot, string
from transforms.reasons import Reason

_FOREIGN = frozenset(
    {"jsonrpc", "chat_history", "requests", "response", "query", "variables", "batch", "documents", "tool_outputs"}
)
"""Keys of other APIs: MCP, Cohere, batches, Realtime, GraphQL, telemetry, Assistants."""
_CONVERSATIONS = frozenset({key for shape in SHAPES for key in (shape.conversation, shape.within) if key})
_DECIDING = (*_CONVERSATIONS, "type")

type _Spoken = tuple[Evidence | None, ...]


@dataclass(frozen=True, slots=True)
class Detected:
    """The shape of a request and the places of its tool outputs."""

    shape: str
    """`Shape.name`."""
    slots: tuple[Slot, ...]
    elements: Elements
    """Of the conversation."""
    model: str = ""
    """As the body names it; empty where the path does (Bedrock, Vertex, Gemini)."""
    turns: int = 0
    """Turns of the assistant so far."""
    has_thinking: bool = False
    """Whether the model's thinking stands in the request, so that nothing before it may change any more."""
    all_new: bool = False
    """Whether the server holds what came before: nothing in the request has been sent before."""
    question: str = ""
    """The last text of the user."""

    @classmethod
    def of(cls, shape: str, model: str, elements: Elements, conversation: Conversation) -> Self:
        """What a shape has read."""
        return cls(
            shape=shape,
            slots=conversation.slots(),
            elements=elements,
            model=model,
            turns=conversation.turns,
            has_thinking=conversation.has_thinking,
            all_new=conversation.all_new,
            question=conversation.question,
        )

    def start_of(self, slot: Slot) -> int:
        """The first byte of a slot's literal in the body."""
        return self.elements.starts[slot.place.element] + slot.place.start


def detect(root: Node, held: Held | None = None) -> Detected | Reason:
    """The request's shape and slots, or why it is not ours. Raises `NotJson` where the JSON is broken.

    `held` is what is known of what the server holds; it counts only where the request goes on with that.
    """
    top = root.object()
    if not top or not _FOREIGN.isdisjoint(top) or _repeated(root, top):
        return Reason.UNKNOWN_SHAPE
    if len(_CONVERSATIONS.intersection(top)) > 1:
        return Reason.MIXED_SHAPE
    shape = _owner(_evidence(top))
    if isinstance(shape, Reason):
        return shape
    request = shape.request(top)
    elements = shape.elements(request)
    if request is not top and _repeated(top[shape.within], request):
        return Reason.UNKNOWN_SHAPE
    if elements is None or not shape.complete(request, elements):
        return Reason.UNKNOWN_SHAPE
    before = (held or Held()) if shape.server_holds(request) else None
    return Detected.of(shape.name, string(top, "model") or "", elements, _conversation(shape, elements, before))


def _evidence(top: Members) -> dict[Shape, Evidence]:
    """What speaks for each shape that the request can be of."""
    found = {}
    for shapes, spoken in _SPOKEN.items():
        request = shapes[0].request(top)
        if (elements := shapes[0].elements(request)) is None:
            continue
        told: _Spoken = elements.told(spoken)
        for shape, evidence in zip(shapes, told, strict=True):
            if evidence is not None:
                found[shape] = shape.evidence(request, evidence)
    return found


def _conversation(shape: Shape, elements: Elements, held: Held | None) -> Conversation:
    """What the elements tell, one after the other; `held` is what came before, where the server has that."""
    telling = _CONVERSATION[shape.name]
    if held is None:
        return elements.told(telling)
    conversation = Conversation(dict(held.calls), all_new=True, question=held.question)
    for at in range(len(elements)):
        telling.add(conversation, elements, at)
    return conversation


def _spoken(shapes: tuple[Shape, ...]) -> Telling[_Spoken, Elements]:
    """The strongest evidence for each of these shapes; None where an element can be none of its conversation."""

    def of_one(element: Node) -> _Spoken:
        members = element.object()
        return tuple(shape.element(members) for shape in shapes)

    def add(before: _Spoken, elements: Elements, at: int) -> _Spoken:
        pairs = zip(before, elements.made(of_one, at), strict=True)
        return tuple(None if old is None or new is None else max(old, new) for old, new in pairs)

    return Telling(lambda: (Evidence.NONE,) * len(shapes), add)


def _read(shape: Shape) -> Telling[Conversation, Elements]:
    """What a conversation of a shape tells."""

    def steps(element: Node) -> list[Step]:
        reading = Reading(element)
        shape.read(element.object(), reading)
        return reading.steps

    def add(conversation: Conversation, elements: Elements, at: int) -> Conversation:
        for step in elements.made(steps, at):
            step(conversation, at)
        return conversation

    return Telling(Conversation, add, Conversation.copy)


# Elements remember what was made of them by these very objects, so each is there once.
_TOGETHER = [
    tuple(shape for shape in SHAPES if (shape.conversation, shape.within) == place)
    for place in dict.fromkeys((shape.conversation, shape.within) for shape in SHAPES)
]
"""Shapes that have their conversations in one place."""
_SPOKEN = {shapes: _spoken(shapes) for shapes in _TOGETHER}
_CONVERSATION = {shape.name: _read(shape) for shape in SHAPES}


def _owner(found: dict[Shape, Evidence]) -> Shape | Reason:
    """The one shape that all evidence is for, but for what a shape's own evidence explains."""
    claims = [shape for shape, evidence in found.items() if evidence]
    explained = {name for shape in claims if found[shape] is Evidence.OWN for name in shape.explains}
    left = [shape for shape in claims if found[shape] is Evidence.OWN or shape.name not in explained]
    if len(left) > 1:
        return Reason.MIXED_SHAPE
    return left[0] if left else Reason.UNKNOWN_SHAPE


def _repeated(root: Node, top: Members) -> bool:
    """Whether a key that decides stands twice at the top: then readers may disagree on which one counts."""
    keys = [key for key, _ in root.members()]
    return len(keys) != len(top) and any(keys.count(key) > 1 for key in _DECIDING)
