"""OpenAI Responses: tool outputs are input items whose type ends in `_output`.

https://platform.openai.com/docs/api-reference/responses/create
The same body, flat, is a WebSocket frame with `"type": "response.create"`.
"""

from addon.shapes.json_spans import Elements, Node
from addon.shapes.reading import Reading
from addon.shapes.shape import Evidence, Members, Shape
from addon.shapes.slot import string, text_parts
from transforms.call import Call

_TEXT = frozenset({"input_text", "output_text", "text"})
_OUTPUTS = frozenset(
    {"function_call_output", "custom_tool_call_output", "local_shell_call_output", "apply_patch_call_output"}
)
_SHELL_OUTPUT = "shell_call_output"
_CALLS = {
    "function_call": "arguments",
    "custom_tool_call": "input",
    "local_shell_call": "action",
    "shell_call": "action",
    "apply_patch_call": "operation",
}
"""Tool calls that the client runs, and where their arguments stand."""
_MODEL_MADE = frozenset(
    {"reasoning", "compaction", "program", "mcp_call", "mcp_list_tools", "mcp_approval_request", "computer_call"}
    | {"web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "tool_search_call"}
    | set(_CALLS)
)
_OTHERS = frozenset(
    {"message", "item_reference", "additional_tools", "configuration_update", "computer_call_output"}
    | {"mcp_approval_response", "program_output", "tool_search_output", "compaction_trigger"}
)
_ITEMS = _OUTPUTS | _MODEL_MADE | _OTHERS | {_SHELL_OUTPUT}
_FRAME = "response.create"
_STATE_KEYS = ("previous_response_id", "conversation")
_ROLES = frozenset({"user", "assistant", "system", "developer"})


def _element(item: Members) -> Evidence | None:
    kind, role = string(item, "type"), string(item, "role")
    if kind is None and role is None:
        return None
    return Evidence.OWN if kind in _ITEMS or (kind is None and role in _ROLES) else Evidence.NONE


def _evidence(top: Members, spoken: Evidence) -> Evidence:
    """At least one item of a known type, or a frame of a WebSocket, which may hold none."""
    frame = string(top, "type")
    if frame not in (None, _FRAME):
        return Evidence.NONE
    return Evidence.OWN if frame and not any(top["input"].elements()) else spoken


def _complete(top: Members, _: Elements) -> bool:
    return top["input"].type == "["


def server_holds(top: Members) -> bool:
    """Whether the request only adds to what the server holds, and tells nothing of the conversation's beginning."""
    return any((state := top.get(key)) is not None and state.literal() != b"null" for key in _STATE_KEYS)


def read(item: Members, reading: Reading) -> None:
    """Read one item. Tool outputs are the texts of outputs of calls that the client has run."""
    kind = string(item, "type") or "message"
    if kind in _MODEL_MADE or (kind == "message" and string(item, "role") == "assistant"):
        reading.answered()
        if kind == "reasoning":
            reading.thought()
        if found := call_of(item):
            reading.called(found[0], found[1].tool, found[1].arguments)
    elif kind == "message" and string(item, "role") == "user":
        for _, text in text_parts(item.get("content"), _TEXT):
            reading.asked(text.text())
    elif call_id := string(item, "call_id"):
        reading.output(call_id, _output_parts(kind, item.get("output")))


def call_of(item: Members) -> tuple[str, Call] | None:
    """The id of a tool call that the client is to run, and the call; None for any other item."""
    kind = string(item, "type") or ""
    call_id = string(item, "call_id")
    if kind not in _CALLS or not call_id:
        return None
    return call_id, Call(string(item, "name") or kind, _argument(item, _CALLS[kind]))


def _argument(item: Members, key: str) -> str:
    node = item.get(key)
    if node is None:
        return ""
    text = node.text()
    return node.literal().decode("utf-8", "replace") if text is None else text


def _output_parts(kind: str, output: Node | None) -> list[tuple[int, Node]]:
    if kind in _OUTPUTS:
        return text_parts(output, _TEXT)
    if kind != _SHELL_OUTPUT or output is None:
        return []
    if output.type == '"':
        return [(0, output)]
    streams = [entry.object().get(name) for entry in output.elements() for name in ("stdout", "stderr")]
    return [(position, node) for position, node in enumerate(streams) if node is not None and node.type == '"']


SHAPE = Shape(
    name="responses",
    conversation="input",
    element=_element,
    evidence=_evidence,
    complete=_complete,
    read=read,
    server_holds=server_holds,
    system=("instructions",),
)
