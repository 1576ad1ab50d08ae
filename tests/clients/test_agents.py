"""A real agent works through the proxy as ever, and sends less: its shell commands are executed, its answer comes out.

One of them here, over a WebSocket; `./scripts/clients` runs them all.
"""

import json
from pathlib import Path

import pytest

from tests.clients.agent_answers import COMMANDS, FINAL, agent_answers, response_frames
from tests.clients.catalog import AGENTS
from tests.clients.report import is_good, told
from tests.clients.session import CACHE, NotInstalled, install, run
from tests.e2e.rig import Loop

_SHELL = {"name": "bash", "input_schema": {"properties": {"command": {"type": "string"}}, "required": ["command"]}}


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["codex"])
def test_an_agent_from_the_registry_works_and_sends_less(name: str, tmp_path: Path, loop: Loop) -> None:
    agent = next(agent for agent in AGENTS if agent.name == name)
    try:
        programs = install(agent, CACHE)
    except NotInstalled as error:
        pytest.skip(f"{name} could not be installed from npm: {error}")
    session = run(agent, programs, tmp_path, loop)
    assert is_good(session), "\n".join(told(name, session))
    assert len(session.turns) == len(COMMANDS)


def test_the_stand_in_model_goes_on_with_each_result_and_closes_with_a_text() -> None:
    answer = agent_answers()["/messages"]
    messages: list[dict[str, object]] = [{"role": "user", "content": "Why?"}]
    for command in COMMANDS:
        whole = answer.whole({"messages": messages, "tools": [_SHELL]}, 1)
        assert whole["content"][0]["input"] == {"command": command}
        result = {"type": "tool_result", "tool_use_id": whole["content"][0]["id"], "content": "x"}
        messages += [{"role": "assistant", "content": whole["content"]}, {"role": "user", "content": [result]}]
    assert answer.whole({"messages": messages, "tools": [_SHELL]}, 1)["content"] == [{"type": "text", "text": FINAL}]


def test_geminis_stand_in_goes_on_with_each_function_response_and_closes_with_a_text() -> None:
    answers = agent_answers()
    declared = {"name": "run_shell_command", "parametersJsonSchema": _SHELL["input_schema"]}
    contents: list[dict[str, object]] = [{"role": "user", "parts": [{"text": "Why?"}]}]
    body = {"contents": contents, "tools": [{"functionDeclarations": [declared]}]}
    for command in COMMANDS:
        content = answers[":generateContent"].whole(body, 1)["candidates"][0]["content"]
        call = content["parts"][0]["functionCall"]
        assert call["args"] == {"command": command}
        response = {"id": call["id"], "name": call["name"], "response": {"output": "x"}}
        contents += [content, {"role": "user", "parts": [{"functionResponse": response}]}]
    (event,) = answers[":streamGenerateContent"].events(body, 400)
    told = json.loads(event.removeprefix(b"data: "))
    assert told["candidates"][0]["content"]["parts"] == [{"text": FINAL}]
    assert told["usageMetadata"]["promptTokenCount"] == 100


def test_a_shell_in_a_namespace_of_the_input_is_found_and_a_custom_one_gets_a_program() -> None:
    tool = {"type": "custom", "name": "exec"}
    items = [{"type": "additional_tools", "tools": [{"type": "namespace", "name": "functions", "tools": [tool]}]}]
    call = response_frames({"input": items}, 1)[-1]["response"]["output"][0]
    assert call["type"] == "custom_tool_call" and json.dumps({"cmd": COMMANDS[0]}) in call["input"]
