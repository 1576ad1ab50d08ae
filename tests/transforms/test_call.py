"""What a call's arguments tell, in the forms that the clients' own tools have."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import parse
from tests.recorded import bodies
from transforms.call import Call

COMMANDS = {
    "Claude Code": Call("Bash", '{"command":"git status","description":"Show the state","timeout":120000}'),
    "Codex shell": Call("shell", '{"command":["git","status"],"workdir":"/app","timeout_ms":1000}'),
    "Codex exec_command": Call("exec_command", '{"cmd":"git status","yield_time_ms":1000,"max_output_tokens":2000}'),
    "Codex shell_command": Call("shell_command", '{"command":"git status","workdir":"/app"}'),
    "Copilot CLI": Call("bash", '{"command":"git status","description":"State","sessionId":"main","async":false}'),
    "Copilot Chat": Call("run_in_terminal", '{"command":"git status","explanation":"State","isBackground":false}'),
    "OpenCode": Call("bash", '{"command":"git status","description":"State","timeout":60000}'),
    "Gemini CLI": Call("run_shell_command", '{"command":"git status","directory":"src"}'),
    "OpenHands": Call("execute_bash", '{"command":"git status","is_input":"false"}'),
    "free text": Call("exec", "git status"),
}
PATHS = {
    "Claude Code": Call("Read", '{"file_path":"/app/a.py"}'),
    "Claude Code notebook": Call("NotebookRead", '{"notebook_path":"/app/a.py"}'),
    "Copilot CLI": Call("view", '{"path":"/app/a.py"}'),
    "Copilot Chat": Call("read_file", '{"filePath":"/app/a.py"}'),
    "OpenCode": Call("read", '{"filePath":"/app/a.py"}'),
    "Gemini CLI": Call("read_file", '{"absolute_path":"/app/a.py"}'),
    "Cursor": Call("read_file", '{"target_file":"/app/a.py"}'),
    "a resource of MCP": Call("read_resource", '{"server":"docs","uri":"/app/a.py"}'),
    "a page": Call("WebFetch", '{"url":"/app/a.py","prompt":"What does it say?"}'),
}
RANGES = {
    "Claude Code": Call("Read", '{"file_path":"/app/a.py","offset":100,"limit":50}'),
    "Claude Code, from the start": Call("Read", '{"file_path":"/app/a.py","offset":0}'),
    "Copilot CLI": Call("view", '{"path":"/app/a.py","view_range":[100,150]}'),
    "Copilot Chat": Call("read_file", '{"filePath":"/app/a.py","startLine":100,"endLine":150}'),
    "OpenCode": Call("read", '{"filePath":"/app/a.py","offset":100}'),
    "Gemini CLI": Call("read_file", '{"absolute_path":"/app/a.py","start_line":100}'),
}


@pytest.mark.parametrize("call", COMMANDS.values(), ids=COMMANDS)
def test_a_shell_call_has_its_command(call: Call) -> None:
    assert call.command == "git status"
    assert call.path == ""
    assert not call.ranged


@pytest.mark.parametrize("call", PATHS.values(), ids=PATHS)
def test_a_reading_call_has_its_path_and_reads_the_whole(call: Call) -> None:
    assert call.path == "/app/a.py"
    assert call.command == ""
    assert not call.ranged


@pytest.mark.parametrize("call", RANGES.values(), ids=RANGES)
def test_a_call_for_a_part_of_a_file_is_ranged(call: Call) -> None:
    assert call.path == "/app/a.py"
    assert call.ranged


def test_an_optional_argument_that_is_null_asks_for_nothing() -> None:
    assert not Call("Read", '{"file_path":"/app/a.py","offset":null,"limit":null}').ranged


def test_words_of_a_command_that_are_no_text_are_written_as_text() -> None:
    assert Call("shell", '{"command":["sleep",5]}').command == "sleep 5"
    assert Call("shell", '{"command":7,"cmd":"ls"}').command == "ls"


def test_code_that_calls_tools_is_taken_whole() -> None:
    """Codex's code mode sends a program, not JSON."""
    program = 'const r = await tools.exec_command({cmd: "ls -R src"}); text(r);'
    assert Call("exec", program).command == program
    assert Call("exec", program).values == {}


def test_an_unknown_call_tells_nothing() -> None:
    assert (Call().command, Call().path, Call().ranged, Call().values) == ("", "", False, {})


@pytest.mark.parametrize("arguments", ["[1,2]", '"ls"', "17", "null", "{", '{"a":', "[" * 100_000, "NaN"])
def test_arguments_that_are_no_object_have_no_values(arguments: str) -> None:
    call = Call("x", arguments)
    assert call.values == {}
    assert call.path == ""
    assert not call.ranged


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


@given(st.dictionaries(st.sampled_from(["command", "cmd", "path", "uri", "offset", "lines", "x"]), VALUES))
def test_any_json_object_is_read(arguments: dict[str, object]) -> None:
    call = Call("x", json.dumps(arguments))
    assert isinstance(call.command, str)
    assert isinstance(call.path, str)
    assert call.ranged in (True, False)


@given(st.text(st.characters(codec=None), max_size=100))
def test_any_text_is_read(arguments: str) -> None:
    call = Call("x", arguments)
    assert isinstance(call.command, str)
    assert isinstance(call.path, str)
    assert call.ranged in (True, False)


def test_every_recorded_call_of_a_shell_or_a_file_tool_is_understood() -> None:
    shells, readers = {"bash", "Bash", "run_shell_command", "exec"}, {"Read", "read_file", "grep_search"}
    seen = set()
    for recorded in bodies():
        detected = detect(parse(recorded.body))
        for slot in detected.slots if isinstance(detected, Detected) else ():
            seen.add(slot.call.tool)
            assert bool(slot.call.command) == (slot.call.tool in shells), slot.call
            assert bool(slot.call.path) == (slot.call.tool in readers), slot.call
    assert shells | readers <= seen
