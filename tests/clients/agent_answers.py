"""The stand-in as a model that works: one shell command a turn, then a closing text.

Stateless: the turn is told from the tool results in the request, so that a retried request gets the same answer. The
shell tool is whichever the client offers; its arguments are filled in by its own schema. Requests without such a tool
(titles, summaries) get a text.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from addon.command.stand_in_answers import ANSWERS, Answer

type Body = dict[str, Any]

FINAL = "The import failed because currency XTS has no exchange rate."
COMMANDS = (
    "cat nightly.log",
    "cat issues.json",
    "cat matches.txt",
    "cat nightly.log | head -300",
    "ls -la",
)
_SHELLS = ("bash", "shell", "exec_command", "run_shell_command", "shell_command", "local_shell", "exec")
_SCHEMAS = ("parameters", "parametersJsonSchema", "input_schema")
_CREATED = 1_700_000_000


def agent_answers() -> Mapping[str, Answer]:
    """By the end of the request's path, as `StandInUpstream` takes them."""
    return {
        "/messages": Answer(_message, _message_events),
        "/chat/completions": Answer(_completion, _completion_events),
        "/responses": Answer(_response, _response_events),
        ":generateContent": Answer(_content, _content_events),
        ":streamGenerateContent": Answer(_content, _content_events, streams=True),
    }


def call_of(body: Body) -> tuple[int, Body | None, Body]:
    """The turn, the shell tool if there is one and a command is left, and the tool's arguments."""
    turn = sum(1 for _ in _results(body))
    tool = next((tool for name in _SHELLS for tool in _tools(body) if tool["name"].lower() == name), None)
    if tool is None or turn >= len(COMMANDS):
        return turn, None, {}
    return turn, tool, _arguments(tool, COMMANDS[turn])


def _results(body: Body) -> Iterator[Body]:
    for content in body.get("contents", ()):
        yield from (part for part in content["parts"] if "functionResponse" in part)
    for item in (*body.get("messages", ()), *(i for i in body.get("input", ()) if isinstance(i, dict))):
        if item.get("role") == "tool" or str(item.get("type", "")).endswith("call_output"):
            yield item
        elif isinstance(item.get("content"), list):
            yield from (block for block in item["content"] if block.get("type") == "tool_result")


def _tools(body: Body) -> Iterator[Body]:
    """Each with `name`, and its schema as `parameters`, wherever the API has them: also in the input, in namespaces."""
    items = (item for item in body.get("input", ()) if isinstance(item, dict))
    declared = (tool.get("functionDeclarations", ()) for tool in body.get("tools") or ())
    for tool in itertools.chain(body.get("tools") or (), *declared, *(item.get("tools") or () for item in items)):
        inner = tool.get("function", tool)
        if tool.get("type") == "namespace":
            yield from _tools(tool)
        elif "name" in inner:
            yield {
                "name": inner["name"],
                "kind": tool.get("type", "function"),
                "parameters": next((inner[key] for key in _SCHEMAS if inner.get(key)), {}),
            }


def _arguments(tool: Body, command: str) -> Body:
    schema = tool["parameters"]
    properties: Mapping[str, Body] = schema.get("properties", {})
    name = next((name for name in ("command", "cmd", "script") if name in properties), "command")
    wants_list = properties.get(name, {}).get("type") == "array"
    given: Body = {name: ["bash", "-c", command] if wants_list else command}
    for required in schema.get("required", ()):
        given.setdefault(required, _filler(properties.get(required, {})))
    return given


def _filler(schema: Body) -> object:
    if "enum" in schema:
        return schema["enum"][0]
    return {"boolean": False, "number": 30_000, "integer": 30_000, "array": []}.get(str(schema.get("type")), "look")


def _message(body: Body, size: int) -> Body:
    turn, tool, arguments = call_of(body)
    message = ANSWERS["/messages"].whole(body, size) | {"id": f"msg_{turn:04}"}  # Claude Code joins equal ids
    if tool is None:
        return message | {"content": [{"type": "text", "text": FINAL}]}
    use = {"type": "tool_use", "id": f"toolu_{turn:04}", "name": tool["name"], "input": arguments}
    return message | {"content": [use], "stop_reason": "tool_use"}


def _message_events(body: Body, size: int) -> Iterator[bytes]:
    message = _message(body, size)
    block = message["content"][0]
    empty: Body = {"input": {}} if block["type"] == "tool_use" else {"text": ""}
    delta = (
        {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        if block["type"] == "tool_use"
        else {"type": "text_delta", "text": block["text"]}
    )
    start = message | {"content": [], "stop_reason": None}
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield from _named(
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": block | empty},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    )


def _completion(body: Body, size: int) -> Body:
    whole = ANSWERS["/chat/completions"].whole(body, size)
    turn, tool, arguments = call_of(body)
    message: Body = {"role": "assistant", "content": FINAL}
    if tool is not None:
        function = {"name": tool["name"], "arguments": json.dumps(arguments)}
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": f"call_{turn:04}", "type": "function", "function": function}],
        }
    ended = "stop" if tool is None else "tool_calls"
    return whole | {"choices": [{"index": 0, "message": message, "finish_reason": ended}]}


def _completion_events(body: Body, size: int) -> Iterator[bytes]:
    whole = _completion(body, size)
    choice, usage = whole["choices"][0], whole["usage"]
    frame = {key: whole[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    calls = [{"index": at, **call} for at, call in enumerate(choice["message"].get("tool_calls", ()))]
    delta = {"role": "assistant", "content": choice["message"]["content"]} | ({"tool_calls": calls} if calls else {})
    for given, ended in ((delta, None), ({}, choice["finish_reason"])):
        yield _plain(frame | {"choices": [{"index": 0, "delta": given, "finish_reason": ended}]})
    yield _plain(frame | {"choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def response_of(body: Body, size: int) -> Body:
    """A whole Responses answer."""
    return _response(body, size)


def response_frames(body: Body, size: int) -> list[Body]:
    """The same as events, for SSE and for WebSockets alike."""
    done = _response(body, size)
    item = done["output"][0]
    started = done | {"status": "in_progress", "output": [], "usage": None}
    frames: list[Body] = [{"type": "response.created", "response": started}]
    frames.append({"type": "response.output_item.added", "output_index": 0, "item": item | {"status": "in_progress"}})
    if item["type"] == "message":
        at = {"item_id": item["id"], "output_index": 0, "content_index": 0}
        frames.append({"type": "response.output_text.delta", **at, "delta": FINAL, "logprobs": []})
    frames.append({"type": "response.output_item.done", "output_index": 0, "item": item})
    frames.append({"type": "response.completed", "response": done})
    return [frame | {"sequence_number": number} for number, frame in enumerate(frames)]


def _response(body: Body, size: int) -> Body:
    whole = ANSWERS["/responses"].whole(body, size)
    turn, tool, arguments = call_of(body)
    if tool is None:
        text = {"type": "output_text", "text": FINAL, "annotations": []}
        item: Body = {"type": "message", "id": f"msg_{turn:04}", "role": "assistant", "content": [text]}
    elif tool["kind"] == "custom":  # code mode: the tool takes a program
        program = f"const r = await tools.exec_command({json.dumps({'cmd': COMMANDS[turn]})}); text(r.output ?? r);"
        item = {"type": "custom_tool_call", "id": f"ctc_{turn:04}", "name": tool["name"], "input": program}
    else:
        item = {"type": "function_call", "id": f"fc_{turn:04}", "name": tool["name"]}
        item["arguments"] = json.dumps(arguments)
    if tool is not None:
        item["call_id"] = f"call_{turn:04}"
    return whole | {"id": f"resp_{turn:04}", "output": [item | {"status": "completed"}]}


def _response_events(body: Body, size: int) -> Iterator[bytes]:
    yield from _named(*response_frames(body, size))


def _content(body: Body, size: int) -> Body:
    """Gemini's."""
    turn, tool, arguments = call_of(body)
    part: Body = {"text": FINAL}
    if tool is not None:
        part = {"functionCall": {"id": f"call_{turn:04}", "name": tool["name"], "args": arguments}}
    usage = {"promptTokenCount": size // 4, "candidatesTokenCount": 9, "totalTokenCount": size // 4 + 9}
    candidate = {"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
    return {"candidates": [candidate], "usageMetadata": usage, "responseId": f"content_{turn:04}"}


def _content_events(body: Body, size: int) -> Iterator[bytes]:
    yield _plain(_content(body, size))


def _named(*events: Body) -> Iterable[bytes]:
    return (f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def _plain(event: Body) -> bytes:
    return f"data: {json.dumps(event)}\n\n".encode()
