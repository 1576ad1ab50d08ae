"""A conversation of 500 turns and 2 MB, as agents have them: text, thinking, calls, and outputs of several kinds."""

import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

type Body = dict[str, Any]

_WORDS = [
    "load",
    "store",
    "fetch",
    "item",
    "cache",
    "render",
    "parse",
    "token",
    "index",
    "query",
    "alpha",
    "beta",
    "gamma",
    "delta",
]
_TASK = "Look at the project and fix the failing jobs."
_INSTRUCTIONS = "You are a coding agent. " * 200
_TOOLS = ("Bash", "Read", "Fetch", "Edit", "Write", "Grep", "Glob", "Task")


def _log(choice: Random) -> str:
    return "\n".join(
        f"2026-02-11 10:{n // 60:02}:{n % 60:02},{choice.randrange(1000):03} INFO  [worker-{n % 4}] "
        f"job {choice.randrange(10**6)} done in {choice.randrange(900)} ms"
        for n in range(42)
    )


def _code(choice: Random) -> str:
    def line(number: int) -> str:
        name, other, first, second = choice.choices(_WORDS, k=4)
        body = f"return {name}.{other}({choice.randrange(99)})"
        return f"{number:>6}\tdef {name}_{other}_{choice.randrange(1000)}({first}, {second}=None): {body}"

    return "\n".join(map(line, range(1, 39)))


def _rows(choice: Random) -> str:
    return json.dumps(
        [
            {"id": n, "name": f"item {choice.randrange(10**6)}", "price": choice.random(), "in_stock": bool(n % 3)}
            for n in range(45)
        ]
    )


_KINDS: tuple[tuple[str, Callable[[int], Body], Callable[[Random], str]], ...] = (
    ("Bash", lambda turn: {"command": f"tail -n 42 logs/app-{turn}.log"}, _log),
    ("Read", lambda turn: {"file_path": f"/srv/src/module_{turn % 40}.py"}, _code),
    ("Fetch", lambda turn: {"url": f"https://api.example.com/items/{turn}"}, _rows),
)


@cache
def _turn(turn: int, shape: str) -> tuple[str, Body, str]:
    """A tool, its arguments, and 4 KB that were never seen before, in no other shape either."""
    tool, arguments, output = _KINDS[turn % len(_KINDS)]
    return tool, arguments(turn), output(Random(f"{shape} {turn}"))


def messages(turns: int) -> bytes:
    """The request with this many outputs as Claude Code sends it: the cache mark stands on the last block."""
    conversation: list[Body] = [{"role": "user", "content": _TASK}]
    for turn in range(turns):
        tool, arguments, output = _turn(turn, "messages")
        thinking = {"type": "thinking", "thinking": f"Step {turn}. " + "I should look. " * 12, "signature": "c2ln" * 20}
        said = {"type": "text", "text": f"Step {turn}: let me look."}
        call = {"type": "tool_use", "id": f"toolu_{turn:06}", "name": tool, "input": arguments}
        result: Body = {"type": "tool_result", "tool_use_id": f"toolu_{turn:06}", "content": output}
        if turn == turns - 1:
            result["cache_control"] = {"type": "ephemeral"}
        conversation += [
            {"role": "assistant", "content": [thinking, said, call]},
            {"role": "user", "content": [result]},
        ]
    tools = [{"name": name, "description": "x" * 800, "input_schema": {"type": "object"}} for name in _TOOLS]
    head = {"model": "claude-sonnet-4-5", "max_tokens": 999, "system": _INSTRUCTIONS, "tools": tools}
    return _written({**head, "messages": conversation})


def responses(turns: int) -> bytes:
    """The same as Codex sends it."""
    items: list[Body] = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": _TASK}]}]
    for turn in range(turns):
        tool, arguments, output = _turn(turn, "responses")
        said = [{"type": "output_text", "text": f"Step {turn}: let me look."}]
        items += [
            {"type": "reasoning", "id": f"rs_{turn:06}", "summary": [], "encrypted_content": "c2ln" * 60},
            {"type": "message", "role": "assistant", "content": said},
            {
                "type": "function_call",
                "call_id": f"call_{turn:06}",
                "name": tool,
                "arguments": json.dumps(arguments),
            },
            {"type": "function_call_output", "call_id": f"call_{turn:06}", "output": output},
        ]
    tools = [{"type": "function", "name": name, "description": "x" * 800, "parameters": {}} for name in _TOOLS]
    return _written({"model": "gpt-5.2", "instructions": _INSTRUCTIONS, "tools": tools, "input": items})


def _written(body: Body) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
