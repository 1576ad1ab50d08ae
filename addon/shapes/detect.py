"""Which API a body belongs to, told from the body alone, never from the path.

A body is ours only when the evidence points to exactly one shape. Look-alikes (Realtime, Ollama, Bedrock Converse,
MCP, batches, moderations, telemetry, ...) miss the evidence or carry a key that no shape of ours has.
"""

from dataclasses import dataclass
from typing import Self

from addon.shapes import chat, messages, responses
from addon.shapes.json_spans import Node
from addon.shapes.slot import Conversation, Held, Slot, string
from transforms.reasons import Reason

_FOREIGN = frozenset(
    {"jsonrpc", "toolConfig", "inferenceConfig", "contents", "options", "keep_alive", "chat_history", "requests"}
    | {"response", "query", "variables", "batch", "documents", "tool_outputs"}
)
"""Keys of other APIs: MCP, Converse, Gemini, Ollama, Cohere, batches, Realtime, GraphQL, telemetry, Assistants."""


_SAID = frozenset({"content", "tool_calls", "function_call", "refusal", "audio"})
"""What a message says something with; an assistant's may have no content."""


@dataclass(frozen=True, slots=True)
class Detected:
    """The shape of a request and the places of its tool outputs."""

    shape: str
    """`responses`, `chat` or `messages`."""
    slots: tuple[Slot, ...]
    model: str = ""
    """As the body names it; empty where the path does (Bedrock, Vertex)."""
    turns: int = 0
    """Turns of the assistant so far."""
    has_thinking: bool = False
    """Whether the model's thinking stands in the request, so that nothing before it may change any more."""
    all_new: bool = False
    """Whether the server holds what came before: nothing in the request has been sent before."""
    question: str = ""
    """The last text of the user."""

    @classmethod
    def of(cls, shape: str, top: dict[str, Node], conversation: Conversation) -> Self:
        """What a shape has read."""
        model = string(top, "model") or ""
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
    if "messages" in top:
        return Reason.MIXED_SHAPE if "input" in top else _detect_messages(top)
    if "input" in top and string(top, "type") in (None, "response.create"):
        items = [element.object() for element in top["input"].elements()]
        if responses.evidence(items) or (string(top, "type") and not items and top["input"].type == "["):
            before = (held or Held()) if responses.server_holds(top) else None
            return Detected.of(responses.NAME, top, responses.read(items, before))
    return Reason.UNKNOWN_SHAPE


def _detect_messages(top: dict[str, Node]) -> Detected | Reason:
    conversation = [element.object() for element in top["messages"].elements()]
    if not conversation or not all(_is_message(message) for message in conversation):
        return Reason.UNKNOWN_SHAPE
    match chat.evidence(top, conversation), messages.evidence(top, conversation):
        case True, True:
            return Reason.MIXED_SHAPE
        case True, False:
            return Detected.of(chat.NAME, top, chat.read(conversation))
        case False, True if messages.complete(top):
            return Detected.of(messages.NAME, top, messages.read(conversation))
    return Reason.UNKNOWN_SHAPE


def _is_message(message: dict[str, Node]) -> bool:
    role = string(message, "role")
    return role == "assistant" or (role is not None and not _SAID.isdisjoint(message))


def _repeated(root: Node, top: dict[str, Node]) -> bool:
    """Whether a key that decides stands twice at the top: then readers may disagree on which one counts."""
    keys = [key for key, _ in root.members()]
    return len(keys) != len(top) and any(keys.count(key) > 1 for key in ("messages", "input", "type"))
