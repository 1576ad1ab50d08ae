"""What a server's WebSocket messages tell: calls and ends of responses, in the form that the client will send too."""

import json
from typing import Any

import pytest

from addon.shapes import json_spans
from addon.shapes.detect import Detected, detect
from addon.socket_events import Called, event_of
from addon.wire.usage import Ended

CALLS: list[dict[str, Any]] = [
    {"type": "function_call", "call_id": "c1", "name": "read", "arguments": '{"path": "a.py"}'},
    {"type": "custom_tool_call", "call_id": "c2", "name": "exec", "input": 'await tools.run("ls")'},
    {"type": "local_shell_call", "call_id": "c3", "action": {"command": ["ls", "-l"]}},
    {"type": "shell_call", "call_id": "c4", "action": {"commands": ["ls"]}},
    {"type": "apply_patch_call", "call_id": "c5", "operation": {"path": "a.py"}},
]
COMPLETED = {
    "type": "response.completed",
    "response": {"id": "resp_1", "model": "m", "usage": {"input_tokens": 9, "output_tokens": 2}},
}


def told(event: object) -> Called | Ended | None:
    return event_of(json.dumps(event).encode())


@pytest.mark.parametrize("item", CALLS, ids=lambda item: item["type"])
def test_a_call_is_read_as_it_is_read_from_the_clients_own_copy_of_it(item: dict[str, Any]) -> None:
    event = {"type": "response.output_item.done", "output_index": 1, "item": {"id": "x", "status": "completed", **item}}
    output = {"type": "function_call_output", "call_id": item["call_id"], "output": "x"}
    found = detect(json_spans.parse(json.dumps({"input": [item, output]}).encode()))
    assert isinstance(found, Detected)
    assert told(event) == Called(item["call_id"], found.slots[0].call)


def test_the_end_of_a_response_has_its_figures() -> None:
    ended = told(COMPLETED)
    assert isinstance(ended, Ended)
    assert ended.status == 200
    assert ended.usage is not None
    assert (ended.usage.input_tokens, ended.usage.response_id) == (9, "resp_1")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"type": "error", "status": 429, "error": {"message": "slow down"}}, 429),
        ({"type": "error", "error": {"code": "previous_response_not_found"}}, 400),
        ({"type": "error", "status": "x"}, 400),
        ({"type": "response.failed", "response": {"error": {"code": "server_error"}}}, 500),
        ({"type": "response.incomplete", "response": {}}, 200),
    ],
)
def test_an_error_has_the_status_that_it_would_have_over_http(event: object, status: int) -> None:
    ended = told(event)
    assert isinstance(ended, Ended)
    assert ended.status == status


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.output_text.delta", "delta": '"type":"error"'},
        {"type": "response.created", "response": {"error": None, "tools": [{"type": "error"}]}},
        {"type": "response.output_item.done", "item": {"type": "message", "content": []}},
        {"type": "response.output_item.done", "item": {"type": "function_call", "name": "no id"}},
        {"type": "response.output_item.done"},
        ["error"],
    ],
)
def test_other_events_tell_nothing(event: object) -> None:
    assert told(event) is None


@pytest.mark.parametrize("document", [b"", b'{"type":"error"', b'"type":"error"', b'{"type":"error",}', b"\xff"])
def test_what_is_no_json_tells_nothing(document: bytes) -> None:
    assert event_of(document) is None
