"""Bedrock Converse: tool outputs are `toolResult` blocks in user messages. Only requests with a
bearer token are ours to change, those with AWS keys are signed.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from addon.shapes.json_spans import Node
from addon.shapes.reading import Reading
from addon.shapes.shape import Evidence, Members, Shape, blocks, is_message, not_empty
from addon.shapes.slot import member_texts, string

_TOP = frozenset({"toolConfig", "inferenceConfig", "additionalModelRequestFields"})
_INNER = 1000
"""Texts within an object are numbered from here, so that no two parts have one number."""
_BLOCKS = frozenset({"toolUse", "toolResult", "cachePoint", "reasoningContent"})


def _element(message: Members) -> Evidence | None:
    if not is_message(message):
        return None
    return Evidence.OWN if any(not _BLOCKS.isdisjoint(block) for block in blocks(message)) else Evidence.NONE


def _evidence(top: Members, spoken: Evidence) -> Evidence:
    return spoken if _TOP.isdisjoint(top) else Evidence.OWN


def read(message: Members, reading: Reading) -> None:
    """Read one message. Tool outputs are the texts of tool results."""
    is_models = string(message, "role") == "assistant"
    if is_models:
        reading.answered()
    for block in blocks(message):
        if is_models:
            _models_block(block, reading)
        elif text := string(block, "text"):
            reading.asked(text)
        elif found := block.get("toolResult"):
            _result(found.object(), reading)


def _models_block(block: Members, reading: Reading) -> None:
    if "reasoningContent" in block:
        reading.thought()
    if found := block.get("toolUse"):
        use = found.object()
        arguments = use["input"].literal().decode("utf-8", "replace") if "input" in use else ""
        reading.called(string(use, "toolUseId"), string(use, "name"), arguments)


def _result(result: Members, reading: Reading) -> None:
    if call_id := string(result, "toolUseId"):
        reading.output(call_id, _texts(result), is_error=string(result, "status") == "error")


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
    element=_element,
    evidence=_evidence,
    complete=not_empty,
    read=read,
    explains=frozenset({"messages"}),
    tools=("toolConfig", "tools"),
    system=("system",),
)
