"""Which API a body belongs to, told from the body alone, never from the path.

A body is ours only when the evidence points to exactly one shape. Look-alikes (Realtime, Cohere, MCP, batches,
moderations, telemetry, ...) miss the evidence or carry a key that no shape of ours has.
"""

from dataclasses import dataclass
from functools import partial
from typing import Self

from addon.shapes.catalog import SHAPES
from addon.shapes.json_spans import Node
from addon.shapes.reading import Reading, Step
from addon.shapes.shape import Evidence, Members, Shape
from addon.shapes.slot import Conversation, Held, Slot, string
from transforms.reasons import Reason

_FOREIGN = frozenset(
    {"jsonrpc", "chat_history", "requests", "response", "query", "variables", "batch", "documents", "tool_outputs"}
)
"""Keys of other APIs: MCP, Cohere, batches, Realtime, GraphQL, telemetry, Assistants."""
_CONVERSATIONS = frozenset({key for shape in SHAPES for key in (shape.conversation, shape.within) if key})
_DECIDING = (*_CONVERSATIONS, "type")


@dataclass(frozen=True, slots=True)
class Detected:
    """The shape of a request and the places of its tool outputs."""

    shape: str
    """`Shape.name`."""
    slots: tuple[Slot, ...]
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
    def of(cls, shape: str, model: str, conversation: Conversation) -> Self:
        """What a shape has read."""
        return cls(
            shape=shape,
            slots=conversation.slots(),
            model=model,
            turns=conversation.turns,
            has_thinking=conversation.has_thinking,
            all_new=conversation.all_new,
            question=conversation.question,
        )


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
    if not shape.complete(request, elements):
        return Reason.UNKNOWN_SHAPE
    before = (held or Held()) if shape.server_holds(request) else None
    return Detected.of(shape.name, string(top, "model") or "", _conversation(shape, elements, before))


def _evidence(top: Members) -> dict[Shape, Evidence]:
    """What speaks for each shape that the request can be of."""
    found = {}
    for shapes, spoken in _SPOKEN.items():
        key, request = shapes[0].conversation, shapes[0].request(top)
        rows = [element.piece.once(spoken, element) for element in shapes[0].elements(request)]
        for at, shape in enumerate(shapes) if key in request else ():
            known = [evidence for row in rows if (evidence := row[at]) is not None]
            if len(known) == len(rows):
                found[shape] = shape.evidence(request, max(known, default=Evidence.NONE))
    return found


def _conversation(shape: Shape, elements: list[Node], held: Held | None) -> Conversation:
    """What the elements tell, one after the other; `held` is what came before, where the server has that."""
    conversation = Conversation(dict(held.calls), all_new=True, question=held.question) if held else Conversation()
    steps = _STEPS[shape.name]
    for element in elements:
        for step in element.piece.once(steps, element):
            step(conversation, element)
    return conversation


def _spoken(shapes: tuple[Shape, ...], element: Node) -> tuple[Evidence | None, ...]:
    members = element.object()
    return tuple(shape.element(members) for shape in shapes)


def _steps(shape: Shape, element: Node) -> list[Step]:
    reading = Reading(element)
    shape.read(element.object(), reading)
    return reading.steps


# What is made of one element. The functions themselves are what a piece remembers it by, so each is there once.
_TOGETHER = [
    tuple(shape for shape in SHAPES if (shape.conversation, shape.within) == place)
    for place in dict.fromkeys((shape.conversation, shape.within) for shape in SHAPES)
]
"""Shapes that have their conversations in one place."""
_SPOKEN = {shapes: partial(_spoken, shapes) for shapes in _TOGETHER}
_STEPS = {shape.name: partial(_steps, shape) for shape in SHAPES}


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
