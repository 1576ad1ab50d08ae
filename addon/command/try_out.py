"""`headroom-mitm try`: what a model would get in place of one tool output, and why.

Decided as a proxy decides, in a worker process, with a state folder of its own that is gone afterwards.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from addon import sinks
from addon.setting_values import LogLevel
from addon.settings import PREFIX, BadSetting, Settings, named_value, option_default, option_names
from addon.workers.apart import AS_NEW, FIXED, decide_apart
from addon.workers.worker_pool import NoWorker
from transforms.compression_policy import AuthMode

_SECONDS = 60.0
"""Nobody's request waits."""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the arguments say. Returns an exit code: 1 where the file or a setting is of no use."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        raw = sys.stdin.buffer.read() if given.file == "-" else Path(given.file).read_bytes()
        named = dict(_named(setting) for setting in given.set)
        Settings.of_environment(environ, named)
        settings = {**{name: option_default(name, environ) for name in option_names()}, **AS_NEW, **named}
        body = _request_body(raw.decode("utf-8", "replace"), given)
        outcome = asyncio.run(decide_apart(body, "other", AuthMode(given.auth_mode), settings, _SECONDS))
    except (BadSetting, OSError, NoWorker) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    try:
        sys.stdout.write(json.loads(outcome.body)["messages"][-1]["content"].encode("utf-8", "replace").decode())
        sys.stdout.flush()
    finally:  # also where `| head` has seen enough
        for line in sinks.log_lines(outcome.log, LogLevel.TRACE):
            print(line.text, file=sys.stderr)
    return 0


def _named(setting: str) -> tuple[str, str]:
    name, value = named_value(setting)
    if name in FIXED:
        raise BadSetting(f"{PREFIX}{name} changes nothing here: nobody waits, and nothing is kept")
    return name, value


def _request_body(output: str, given: argparse.Namespace) -> bytes:
    """A conversation of one question, one call and its output, as Chat Completions has it."""
    arguments = {"command": given.command} if given.command else {"file_path": given.read or given.file}
    tool = given.tool or ("Bash" if given.command else "Read")
    call = {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": json.dumps(arguments)}}
    messages = [
        {"role": "user", "content": given.question},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": output},
    ]
    return json.dumps({"model": "try", "messages": messages}).encode()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headroom-mitm try",
        description="Print what a model would get in place of a tool output, and to stderr what was tried and why. "
        "Sends nothing and keeps nothing: files that markers name are gone when it ends.",
        allow_abbrev=False,
    )
    parser.add_argument("file", nargs="?", default="-", help="the output, as a tool gave it; none: stdin")
    call = parser.add_mutually_exclusive_group()
    call.add_argument("--command", default="", metavar="COMMAND", help="the command that gave it")
    call.add_argument("--read", default="", metavar="PATH", help="the file it was read from (default: FILE itself)")
    parser.add_argument("--tool", default="", metavar="NAME", help="the tool's name (default: Bash or Read)")
    parser.add_argument("--question", default="", metavar="TEXT", help="what the user had asked")
    parser.add_argument(
        "--auth-mode", default=AuthMode.PAYG.value, choices=[*map(str, AuthMode)], help="whose policy holds"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="an option of the addon")
    return parser
