"""The demo's requests: what coding agents send, one for each API, with bulky tool outputs made here.

All of it is the same at each run: no clock, no chance.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

type Body = dict[str, Any]

_RECORDS, _LOG_LINES, _MATCHES = 120, 420, 160


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """A request, and how to find the tool outputs in it and in what becomes of it."""

    title: str
    path: str
    headers: Mapping[str, str]
    body: Body
    tools: tuple[str, ...]
    """What each tool output is, in order."""
    outputs: Callable[[Body], list[str]]


def demo_requests() -> tuple[DemoRequest, ...]:
    """One request for each of the three APIs."""
    return (_messages(), _chat(), _responses())


def issues() -> str:
    """A tracker's answer: JSON records, indented as many tools do."""
    areas, people = ("import", "billing", "search", "export"), ("mara", "jonas", "li", "ana", "tomek")
    troubles = ("slow", "wrong total", "crash")
    records = [
        {
            "id": 4000 + n,
            "title": f"{areas[n % 4].capitalize()}: {troubles[n % 3]} in step {n % 9}",
            "state": "open" if n % 5 else "closed",
            "author": {"login": people[n % 5], "type": "User"},
            "labels": [areas[n % 4], "bug"] if n % 3 else [areas[n % 4]],
            "comments": n * 7 % 11,
            "created_at": f"2026-{1 + n % 9:02}-{1 + n * 3 % 28:02}T{n % 24:02}:15:00Z",
            "milestone": None,
        }
        for n in range(_RECORDS)
    ]
    return json.dumps(records, indent=2)


def source_with_gutter() -> str:
    """A source file as an agent's read tool shows it, with line numbers: this one's."""
    lines = Path(__file__).read_text("utf-8").rstrip("\n").split("\n")
    return "\n".join(f"{number:>6}\t{line}" for number, line in enumerate(lines, 1))


def nightly_log() -> str:
    """A service's log: routine, and one error with its traceback."""
    lines = []
    for n in range(_LOG_LINES):
        stamp = f"2026-03-14T02:{n // 60:02}:{n % 60:02}.{n * 37 % 1000:03}Z"
        lines.append(
            f"{stamp} INFO  worker-{n % 4} imported batch {n} of 420: {180 + n * 13 % 40} rows in {n * 7 % 90 + 10} ms"
        )
        if n == 287:
            lines += [
                f"{stamp} ERROR worker-3 batch 287 failed: currency 'XTS' has no exchange rate for 2026-03-13",
                "Traceback (most recent call last):",
                '  File "/srv/import/batch.py", line 88, in run',
                "    total = convert(row.amount, row.currency, day)",
                '  File "/srv/import/rates.py", line 31, in convert',
                "    raise MissingRate(currency, day)",
                "import.rates.MissingRate: XTS 2026-03-13",
            ]
    return "\n".join(lines)


def search_results() -> str:
    """What `rg -n` finds for a name: many matches in few files."""
    files, rows = ("batch", "rates", "rows", "report", "cli"), ("row", "line", "entry", "refund")
    columns = ("total", "fee", "tax", "net", "paid", "due", "gross")
    lines = []
    for n in range(_MATCHES):
        row, column = rows[n % 4], columns[n * n % 7]
        found = f"{column} = convert({row}.{column}, {row}.currency, {'day' if n % 3 else 'batch.day'})"
        path = f"services/importer/src/importer/{files[n * 5 // _MATCHES]}.py"
        lines.append(f"{path}:{12 + n * 9}:{' ' * (4 + n % 2 * 4)}{found}")
    return "\n".join(lines)


def _messages() -> DemoRequest:
    calls = {
        "toolu_01demo": ("Read", {"file_path": "addon/command/demo_requests.py"}),
        "toolu_02demo": ("mcp__tracker__list_issues", {"state": "all"}),
    }
    results = {"toolu_01demo": source_with_gutter(), "toolu_02demo": issues()}
    body = {
        "model": "claude-sonnet-5",
        "max_tokens": 1024,
        "messages": [
            {"role": "user", "content": "Which open issues are about the import, and where is it in the code?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": i, "name": name, "input": given} for i, (name, given) in calls.items()
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": i, "content": text} for i, text in results.items()],
            },
        ],
        "stream": True,
    }
    headers = {"x-api-key": "sk-ant-api03-demo", "anthropic-version": "2023-06-01"}
    tools = ("Read: a source file", "list_issues: JSON records")
    return DemoRequest("Anthropic Messages", "/v1/messages", headers, body, tools, _message_outputs)


def _chat() -> DemoRequest:
    call = {
        "id": "call_01demo",
        "type": "function",
        "function": {"name": "bash", "arguments": '{"command": "cat nightly.log"}'},
    }
    body = {
        "model": "gpt-5.6",
        "messages": [
            {"role": "system", "content": "You are a coding agent."},
            {"role": "user", "content": "Why did the nightly import fail?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_01demo", "content": nightly_log()},
        ],
    }
    headers = {"authorization": "Bearer sk-proj-demo"}
    return DemoRequest(
        "OpenAI Chat Completions", "/v1/chat/completions", headers, body, ("bash: a log with one error",), _chat_outputs
    )


def _responses() -> DemoRequest:
    call = {
        "type": "function_call",
        "call_id": "call_02demo",
        "name": "exec_command",
        "arguments": '{"cmd": "rg -n convert services"}',
    }
    body = {
        "model": "gpt-5.6",
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Who calls convert?"}]},
            call,
            {"type": "function_call_output", "call_id": "call_02demo", "output": search_results()},
        ],
        "stream": True,
    }
    headers = {"authorization": "Bearer sk-proj-demo"}
    return DemoRequest(
        "OpenAI Responses", "/v1/responses", headers, body, ("exec_command: search results",), _response_outputs
    )


def _message_outputs(body: Body) -> list[str]:
    return [block["content"] for block in body["messages"][-1]["content"]]


def _chat_outputs(body: Body) -> list[str]:
    return [message["content"] for message in body["messages"] if message["role"] == "tool"]


def _response_outputs(body: Body) -> list[str]:
    return [item["output"] for item in body["input"] if item["type"] == "function_call_output"]
