"""Bedrock Converse: tool outputs are `toolResult` blocks in user messages. Only requests with a
bearer token are ours to change, those with AWS keys are signed.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from addon.shapes.json_spans import Node
from addon.shapes.shape import Evidence, Members, Shape, blocks, is_message, not_empty
from addon.shapes.slot import Conversation, Held, member_texts, string

_TOP = frozenset({"toolConfig", "inferenceConfig", "additionalModelRequestFields"})
_INNER = 1000
"""Texts within an object are numbered from here, so that no two parts have one number."""
_BLOCKS = frozenset({"toolUse", "toolResult", "cachePoint", "reasoningContent"})


def _evidence(top: Members, messages: list[Members]) -> Evidence:
    own = not _TOP.isdisjoint(top) or any(
        not _BLOCKS.isdisjoint(block) for message in messages for block in blocks(message)
    )
    return Evidence.OWN if own else Evidence.NONE


def read(messages: list[Members], _held: Held | None = None) -> Conversation:
    """The conversation with the texts of its tool results."""
    conversation = Conversation()
    for message in messages:
        is_models = string(message, "role") == "assistant"
        if is_models:
            conversation.answered()
        for block in blocks(message):
            if is_models:
                _models_block(block, conversation)
            elif text := string(block, "text"):
                conversation.asked(text)
            elif found := block.get("toolResult"):
                _result(found.object(), conversation)
    return conversation


def _models_block(block: Members, conversation: Conversation) -> None:
    conversation.has_thinking |= "reasoningContent" in block
    if found := block.get("toolUse"):
        use = found.object()
        arguments = use["input"].literal().decode("utf-8", "replace") if "input" in use else ""
        conversation.called(string(use, "toolUseId"), string(use, "name"), arguments)


def _result(result: Members, conversation: Conversation) -> None:
    if call_id := string(result, "toolUseId"):
        conversation.output(call_id, _texts(result), is_error=string(result, "status") == "error")


def _texts(result: Members) -> list[tuple[int, Node]]:
    """The texts, and those that stand in an object as tools of Gemini give them."""
    found: list[tuple[int, Node]] = []
    for position, block in enumerate(blocks(result)):
        text, value = block.get("text"), block.get("json")
        if text is not None and text.type == '"':
            found.append((position, text))
        elif value is not None:
            found += [(position + _INNER * (part + 1), node) for part, node in member_texts(value)]
    return found


SHAPE = Shape(
    name="converse",
    conversation="messages",
    element=is_message,
    evidence=_evidence,
    complete=not_empty,
    read=read,
    explains=frozenset({"messages"}),
    tools=("toolConfig", "tools"),
    system=("system",),
)
