"""The conversation as a person reads it: every API's form of who said what, called what and got what."""

from typing import Any

import pytest

from addon.views.conversation import conversation

CHAT: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "sh", "arguments": '{"c":1}'}}]},
        {"role": "tool", "tool_call_id": "1", "content": "out"},
    ]
}
MESSAGES: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Why?"}]},
        {"role": "assistant", "content": [{"type": "tool_use", "name": "sh", "input": {"c": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "out"}]}]},
    ]
}
RESPONSES: dict[str, Any] = {
    "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Why?"}]},
        {"type": "function_call", "name": "sh", "arguments": '{"c":1}'},
        {"type": "function_call_output", "output": "out"},
    ]
}
GEMINI: dict[str, Any] = {
    "contents": [
        {"role": "user", "parts": [{"text": "Why?"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "sh", "args": {"c": 1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "sh", "response": ["out"]}}]},
    ]
}
CONVERSE: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": [{"text": "Why?"}]},
        {"role": "assistant", "content": [{"toolUse": {"name": "sh", "input": {"c": 1}}}]},
        {"role": "user", "content": [{"toolResult": {"content": [{"text": "out"}]}}]},
    ]
}


@pytest.mark.parametrize(
    "body", [CHAT, MESSAGES, RESPONSES, GEMINI, CONVERSE], ids=["chat", "messages", "responses", "gemini", "converse"]
)
def test_every_api_is_read_alike(body: dict[str, Any]) -> None:
    said = [(one.who, one.name, one.text) for one in conversation(body)]
    assert said == [("user", "", "Why?"), ("calls", "sh", '{"c":1}'), ("result", "", "out")]


def test_system_text_comes_first_and_thinking_is_told_apart() -> None:
    body = {
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Yes."}],
            }
        ],
    }
    assert [(one.who, one.text) for one in conversation(body)] == [
        ("system", "Be brief."), ("thinking", "Hm."), ("assistant", "Yes."),
    ]  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"messages": None}, {"messages": [1, None, {}]}, {"input": [{"type": "x"}]}])
def test_what_is_no_conversation_is_no_trouble(body: dict[str, Any]) -> None:
    assert all(one.text == "" or one.text.startswith("[") for one in conversation(body))
