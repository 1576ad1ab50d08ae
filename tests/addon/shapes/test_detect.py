"""A body is ours only when the body itself says so: the shapes there are, and nothing that merely looks like one."""

import json
from typing import Any

import pytest

from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import parse
from addon.shapes.slot import Held
from transforms.call import Call
from transforms.reasons import Reason

type Body = dict[str, Any]


def detected(body: object) -> Detected | Reason:
    return detect(parse(json.dumps(body).encode()))


def texts(found: Detected | Reason) -> list[str]:
    assert isinstance(found, Detected)
    return [slot.text for slot in found.slots]


def chat(*messages: Body, **more: object) -> Body:
    return {"model": "m", "messages": list(messages), **more}


def messages_body(*messages: Body, **more: object) -> Body:
    return {"model": "m", "max_tokens": 1, "messages": list(messages), **more}


USER: Body = {"role": "user", "content": "why?"}
CHAT_CALL: Body = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "sh", "arguments": '{"command":"ls"}'}}],
}
CHAT_OUTPUT: Body = {"role": "tool", "tool_call_id": "c1", "content": "out"}
USE: Body = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}],
}
RESULT: Body = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "out"}]}
GEMINI_CALL: Body = {"role": "model", "parts": [{"functionCall": {"name": "sh", "args": {"command": "ls"}}}]}
GEMINI_RESULT: Body = {
    "role": "user",
    "parts": [{"functionResponse": {"name": "sh", "response": {"output": "out", "exit_code": 0}}}],
}
CONVERSE_USE: Body = {
    "role": "assistant",
    "content": [{"toolUse": {"toolUseId": "u1", "name": "sh", "input": {"command": "ls"}}}],
}
CONVERSE_RESULT: Body = {
    "role": "user",
    "content": [{"toolResult": {"toolUseId": "u1", "content": [{"text": "a"}, {"json": {"stdout": "b", "code": 0}}]}}],
}
OLLAMA_CALL: Body = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"function": {"name": "sh", "arguments": {"command": "ls"}}}],
}
OLLAMA_OUTPUT: Body = {"role": "tool", "tool_name": "sh", "content": "out"}
FUNCTION: Body = {"type": "function", "function": {"name": "sh", "parameters": {}}}

OURS: dict[str, tuple[Body, str, list[str]]] = {
    "chat: tool message": (chat(USER, CHAT_CALL, CHAT_OUTPUT), "chat", ["out"]),
    "chat: text parts": (
        chat(CHAT_CALL, {**CHAT_OUTPUT, "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}),
        "chat",
        ["a", "b"],
    ),
    "chat: legacy function": (chat(USER, {"role": "function", "name": "sh", "content": "out"}), "chat", ["out"]),
    "chat: tools alone": (chat(USER, tools=[FUNCTION]), "chat", []),
    "chat: cache marks of DashScope": (
        chat(
            CHAT_CALL,
            {**CHAT_OUTPUT, "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
        ),
        "chat",
        ["a"],
    ),
    "chat: thinking switch of GLM and Kimi": (
        chat(CHAT_CALL, CHAT_OUTPUT, thinking={"type": "enabled"}),
        "chat",
        ["out"],
    ),
    "messages: tool result": (messages_body(USER, USE, RESULT), "messages", ["out"]),
    "messages: blocks, image among them": (
        messages_body(
            USE,
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t1",
                        "content": [
                            {"type": "text", "text": "a"},
                            {"type": "image", "source": {"type": "base64", "data": "x"}},
                            {"type": "text", "text": "b"},
                        ],
                    }
                ],
            },
        ),
        "messages",
        ["a", "b"],
    ),
    "messages: system message in the middle": (
        messages_body(USE, RESULT, {"role": "system", "content": "note"}, system="s"),
        "messages",
        ["out"],
    ),
    "messages: Bedrock": (
        {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1, "messages": [USE, RESULT]},
        "messages",
        ["out"],
    ),
    "responses: function call output": (
        {"model": "m", "input": [{"type": "function_call_output", "call_id": "c", "output": "out"}]},
        "responses",
        ["out"],
    ),
    "responses: list output": (
        {
            "input": [
                {"type": "custom_tool_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "a"}]}
            ]
        },
        "responses",
        ["a"],
    ),
    "responses: local shell": (
        {"input": [{"type": "local_shell_call_output", "call_id": "c", "output": "out"}]},
        "responses",
        ["out"],
    ),
    "responses: shell with streams": (
        {
            "input": [
                {
                    "type": "shell_call_output",
                    "call_id": "c",
                    "output": [{"stdout": "o", "stderr": "e", "outcome": {"type": "exit", "exit_code": 0}}],
                }
            ]
        },
        "responses",
        ["o", "e"],
    ),
    "responses: patch": (
        {"input": [{"type": "apply_patch_call_output", "call_id": "c", "output": "ok"}]},
        "responses",
        ["ok"],
    ),
    "responses: easy messages": ({"input": [{"role": "user", "content": "hi"}]}, "responses", []),
    "responses: WebSocket frame": (
        {"type": "response.create", "input": [{"type": "function_call_output", "call_id": "c", "output": "o"}]},
        "responses",
        ["o"],
    ),
    "responses: WebSocket frame without items": (
        {"type": "response.create", "generate": False, "input": []},
        "responses",
        [],
    ),
    "gemini: function response": (
        {"contents": [{"role": "user", "parts": [{"text": "x"}]}, GEMINI_CALL, GEMINI_RESULT]},
        "gemini",
        ["out"],
    ),
    "gemini: text alone": ({"contents": [{"role": "user", "parts": [{"text": "x"}]}]}, "gemini", []),
    "gemini: with a login": (
        {"model": "g", "project": "p", "request": {"contents": [GEMINI_CALL, GEMINI_RESULT], "session_id": "s"}},
        "gemini",
        ["out"],
    ),
    "gemini: snake case, content of opencode": (
        {
            "contents": [
                {"parts": [{"function_response": {"name": "sh", "response": {"name": "sh", "content": "out"}}}]}
            ]
        },
        "gemini",
        ["out"],
    ),
    "gemini: result of an MCP server": (
        {
            "contents": [
                {
                    "parts": [
                        {"functionResponse": {"name": "q", "response": {"content": [{"type": "text", "text": "a"}]}}}
                    ]
                }
            ]
        },
        "gemini",
        ["a"],
    ),
    "converse: text and object": ({"messages": [USER, CONVERSE_USE, CONVERSE_RESULT]}, "converse", ["a", "b"]),
    "converse: system text and tools": (
        {
            "messages": [CONVERSE_USE, CONVERSE_RESULT],
            "system": [{"text": "s"}],
            "toolConfig": {"tools": [{"toolSpec": {"name": "sh"}}]},
        },
        "converse",
        ["a", "b"],
    ),
    "converse: settings alone": (
        {"messages": [{"role": "user", "content": [{"text": "x"}]}], "inferenceConfig": {}},
        "converse",
        [],
    ),
    "ollama: tool message": (
        {"model": "l", "messages": [USER, OLLAMA_CALL, OLLAMA_OUTPUT], "tools": [FUNCTION]},
        "ollama",
        ["out"],
    ),
    "ollama: options": (
        {"model": "l", "messages": [USER], "options": {"num_ctx": 1}, "tools": [FUNCTION]},
        "ollama",
        [],
    ),
    "ollama: ids of calls": (
        {
            "messages": [{**OLLAMA_CALL, "tool_calls": [{"id": "c1", **OLLAMA_CALL["tool_calls"][0]}]}, CHAT_OUTPUT],
            "keep_alive": "5m",
        },
        "ollama",
        ["out"],
    ),
    "responses: unknown items beside known ones": (
        {"input": [{"type": "from_the_future", "text": "x"}, {"type": "message", "role": "user", "content": "hi"}]},
        "responses",
        [],
    ),
}

LOOKALIKES: dict[str, object] = {
    "embeddings": {"model": "m", "input": ["a", "b"]},
    "embeddings, one string": {"model": "m", "input": "a"},
    "embeddings, token lists": {"model": "m", "input": [[1, 2], [3]]},
    "moderations": {"input": "text"},
    "moderations, multimodal": {
        "input": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}}]
    },
    "speech": {"model": "tts", "input": "say", "voice": "v"},
    "images": {"model": "i", "prompt": "a cat"},
    "completions": {"model": "m", "prompt": "once"},
    "realtime response.create": {"type": "response.create", "response": {"input": [], "instructions": "x"}},
    "realtime item": {"type": "conversation.item.create", "item": {"type": "function_call_output", "output": "x"}},
    "realtime session": {"type": "session.update", "session": {"tools": []}},
    "response.steer": {"type": "response.steer", "input": [{"type": "message", "role": "user", "content": "x"}]},
    "Gemini without content": {"model": "g", "project": "p", "request": {"contents": []}},
    "Gemini, content to be cached": {"model": "g", "contents": [GEMINI_CALL, GEMINI_RESULT], "ttl": "300s"},
    "Gemini, counted": {"generateContentRequest": {"contents": [GEMINI_CALL, GEMINI_RESULT]}},
    "Gemini, embeddings": {"content": {"parts": [{"text": "x"}]}},
    "Gemini, batch of embeddings": {"requests": [{"content": {"parts": [{"text": "x"}]}}]},
    "contents of something else": {"contents": [{"role": "user", "text": "x"}]},
    "contents with other roles": {"contents": [{"role": "author", "parts": []}]},
    "contents that are a text": {"contents": "x"},
    "request of something else": {"model": "g", "request": {"method": "GET", "url": "u"}},
    "request that is a text": {"request": "x"},
    "contents beside messages": {"contents": [GEMINI_CALL], "messages": [CHAT_CALL, CHAT_OUTPUT]},
    "Converse and Messages at once": {"messages": [CONVERSE_USE, USE, RESULT], "max_tokens": 1},
    "Converse and Chat at once": {"messages": [CHAT_CALL, CHAT_OUTPUT], "toolConfig": {"tools": []}},
    "Chat with the options of Ollama": {"model": "l", "messages": [USER, CHAT_CALL], "options": {"num_ctx": 1}},
    "Chat with Ollama's keep_alive": {"model": "l", "messages": [USER, CHAT_CALL], "keep_alive": "5m"},
    "Cohere v1": {"message": "x", "chat_history": [{"role": "USER", "message": "x"}]},
    "Cohere v1 with messages": {"messages": [USER, CHAT_OUTPUT], "chat_history": []},
    "MCP call": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "t", "arguments": {}}},
    "MCP result": {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "x"}]}},
    "MCP sampling": {"jsonrpc": "2.0", "method": "sampling/createMessage", "params": {"messages": [USER]}},
    "JSON-RPC with messages": {"jsonrpc": "2.0", "messages": [CHAT_CALL, CHAT_OUTPUT]},
    "Anthropic batch": {"requests": [{"custom_id": "a", "params": messages_body(USE, RESULT)}]},
    "OpenAI batch": {"input_file_id": "f", "endpoint": "/v1/chat/completions", "completion_window": "24h"},
    "Anthropic count_tokens": {"model": "m", "messages": [USE, RESULT], "tools": []},
    "Assistants run": {"assistant_id": "a", "additional_messages": [USER]},
    "Assistants tool outputs": {"tool_outputs": [{"tool_call_id": "c", "output": "x"}]},
    "Assistants message": {"role": "user", "content": "x"},
    "AI SDK UI messages": {
        "id": "1",
        "messages": [{"id": "2", "role": "user", "parts": [{"type": "text", "text": "x"}]}],
    },
    "AI SDK tool invocations": {
        "messages": [{"role": "assistant", "content": "", "toolInvocations": [{"state": "result"}]}]
    },
    "ChatGPT web": {"action": "next", "messages": [{"author": {"role": "user"}, "content": {"parts": ["x"]}}]},
    "LangGraph": {"input": {"messages": [USER, CHAT_CALL, CHAT_OUTPUT]}, "config": {}},
    "LangServe": {"input": {"question": "x"}, "config": {}},
    "GraphQL": {"query": "query { a }", "variables": {"input": [{"type": "message", "role": "user"}]}},
    "GraphQL with input": {"query": "q", "input": [{"type": "message", "role": "user", "content": "x"}]},
    "Slack": {"ok": True, "messages": [{"type": "message", "user": "U1", "text": "x", "ts": "1"}]},
    "Slack blocks": {"channel": "C", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]},
    "Discord": {"content": "x", "embeds": []},
    "mail": {"messages": [{"from": "a@example.com", "to": ["b@example.com"], "content": "x"}]},
    "push queue": {"messages": [{"data": "eA==", "attributes": {}}]},
    "Kafka REST": {"records": [{"value": {"role": "tool"}}]},
    "OTLP": {"resourceSpans": [{"scopeSpans": [{"spans": []}]}]},
    "OTLP logs": {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "tool"}}]}]}]},
    "event batch": {"events": [{"event_type": "tool_result", "event_data": {"tool_use_id": "t"}}]},
    "Langfuse batch": {"batch": [{"type": "trace-create", "body": {"input": [USER]}}]},
    "Segment": {"batch": [{"type": "track", "event": "x"}], "messages": [CHAT_CALL, CHAT_OUTPUT]},
    "Sentry": {"event_id": "1", "exception": {"values": []}},
    "elastic bulk": {"index": {"_id": 1}},
    "conversation items": {"items": [{"type": "function_call_output", "call_id": "c", "output": "x"}]},
    "search": {"input": [{"name": "x"}], "limit": 3},
    "rerank": {"model": "r", "query": "q", "documents": ["a"]},
    "two shapes at once": chat(USE, RESULT, CHAT_CALL, CHAT_OUTPUT, max_tokens=1),
    "messages and input": {"messages": [CHAT_CALL, CHAT_OUTPUT], "input": [{"type": "message", "role": "user"}]},
    "no evidence": {"model": "m", "messages": [USER]},
    "empty messages": {"messages": []},
    "messages of strings": {"messages": ["a", "b"]},
    "message without role": chat({"content": "x"}, CHAT_OUTPUT),
    "role is no string": chat({"role": 1, "content": "x"}, CHAT_OUTPUT),
    "messages is an object": {"messages": {"role": "tool", "tool_call_id": "c", "content": "x"}},
    "a list": [CHAT_OUTPUT],
    "a string": "messages",
    "an empty object": {},
}


@pytest.mark.parametrize("name", OURS)
def test_a_request_of_one_of_our_apis_is_known_with_its_tool_outputs(name: str) -> None:
    body, shape, texts = OURS[name]
    found = detected(body)
    assert isinstance(found, Detected)
    assert (found.shape, [slot.text for slot in found.slots]) == (shape, texts)


@pytest.mark.parametrize("name", LOOKALIKES)
def test_a_lookalike_is_not_ours(name: str) -> None:
    assert isinstance(detected(LOOKALIKES[name]), Reason)


def test_a_key_that_decides_standing_twice_makes_a_body_not_ours() -> None:
    one = json.dumps(chat(CHAT_CALL, CHAT_OUTPUT))
    assert detect(parse((one[:-1] + ', "messages": []}').encode())) is Reason.UNKNOWN_SHAPE


def test_a_slot_knows_its_call_its_question_and_whether_it_is_in_the_tail() -> None:
    found = detected(messages_body(USER, USE, RESULT, USE, {**RESULT, "content": [*RESULT["content"]]}))
    assert isinstance(found, Detected)
    old, new = found.slots
    assert (old.in_tail, new.in_tail) == (False, True)
    assert (new.call.tool, new.call.command, new.question) == ("Bash", "ls", "why?")


def test_a_tool_output_with_an_unknown_part_gives_only_its_texts() -> None:
    body = chat(CHAT_CALL, {**CHAT_OUTPUT, "content": [{"type": "image_url", "image_url": {"url": "u"}}, "text"]})
    assert texts(detected(body)) == []


def test_an_error_flag_is_read() -> None:
    block = {**RESULT["content"][0], "is_error": True}
    found = detected(messages_body(USE, {"role": "user", "content": [block]}))
    assert isinstance(found, Detected)
    assert found.slots[0].is_error


def test_an_output_without_an_id_is_no_slot() -> None:
    assert texts(detected(chat(CHAT_CALL, {"role": "tool", "content": "x"}))) == []
    body = {
        "input": [{"type": "function_call_output", "output": "x"}, {"type": "message", "role": "user", "content": ""}]
    }
    assert texts(detected(body)) == []


@pytest.mark.parametrize(
    ("body", "turns", "thinking"),
    [
        (messages_body(USER, USE, RESULT, USE, RESULT), 2, False),
        (messages_body(USE, {"role": "assistant", "content": [{"type": "thinking", "thinking": ""}]}, RESULT), 1, True),
        (chat(USER, CHAT_CALL, CHAT_OUTPUT, {**CHAT_CALL, "reasoning_content": "x"}, CHAT_OUTPUT), 2, True),
        (
            {
                "input": [
                    {"type": "reasoning", "encrypted_content": "x"},
                    {"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"},
                    {"type": "function_call_output", "call_id": "c", "output": "x"},
                ]
            },
            1,
            True,
        ),
    ],
)
def test_turns_of_the_assistant_are_counted_and_thinking_is_seen(body: Body, turns: int, thinking: bool) -> None:
    found = detected(body)
    assert isinstance(found, Detected)
    assert (found.turns, found.has_thinking) == (turns, thinking)


def test_outputs_without_ids_belong_to_the_calls_of_their_tools_in_order() -> None:
    twice = {**OLLAMA_CALL, "tool_calls": [_ollama_call("ls"), _ollama_call("pwd")]}
    found = detected({"messages": [twice, {**OLLAMA_OUTPUT, "content": "a"}, {**OLLAMA_OUTPUT, "content": "b"}]})
    assert isinstance(found, Detected)
    assert [(slot.call_id, slot.call.command) for slot in found.slots] == [("", "ls"), ("", "pwd")]
    later = detected({"messages": [twice, OLLAMA_CALL, USER, {**OLLAMA_CALL, "tool_calls": []}, OLLAMA_OUTPUT]})
    assert isinstance(later, Detected)
    assert later.slots[0].call.command == "", "calls of an earlier turn have their outputs"


def _ollama_call(command: str) -> Body:
    return {"function": {"name": "sh", "arguments": {"command": command}}}


@pytest.mark.parametrize(
    "body",
    [
        {"contents": [{"parts": [{"functionResponse": {"name": "q", "response": {"error": "no such file"}}}]}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"toolResult": {"toolUseId": "u", "status": "error", "content": [{"text": "x"}]}}],
                }
            ]
        },
    ],
)
def test_errors_of_gemini_and_converse_are_read(body: Body) -> None:
    found = detected(body)
    assert isinstance(found, Detected)
    assert found.slots[0].is_error


@pytest.mark.parametrize("mark", ["thoughtSignature", "thought"])
def test_gemini_thinking_is_seen(mark: str) -> None:
    call = {"role": "model", "parts": [{**GEMINI_CALL["parts"][0], mark: "c2ln"}]}
    found = detected({"contents": [call, GEMINI_RESULT]})
    assert isinstance(found, Detected)
    assert (found.has_thinking, found.turns, found.slots[0].call.command) == (True, 1, "ls")


def test_with_previous_response_id_everything_is_new_and_calls_are_known_from_the_connection() -> None:
    items = [
        {"type": "function_call_output", "call_id": "c", "output": "a"},
        {"type": "message", "role": "assistant", "content": "Hm."},
    ]
    held = Held({"c": Call("sh", '{"command":"ls"}')}, "why?")
    for body, expected in [
        ({"input": items}, (False, "", "")),
        ({"input": items, "previous_response_id": "r"}, (True, "ls", "why?")),
    ]:
        found = detect(parse(json.dumps(body).encode()), held)
        assert isinstance(found, Detected)
        slot = found.slots[0]
        assert (slot.in_tail, slot.call.command, slot.question) == expected
