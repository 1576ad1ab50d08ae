"""`headroom-mitm run`: one command through a proxy of its own, over TLS, with nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from addon.command.stand_in import StandInUpstream
from tests.e2e.rig import REDIRECT, ROOT, Trust
from tests.e2e.test_traffic import RECORDS

pytestmark = pytest.mark.e2e

_ASK = """
import json, sys, urllib.request
body = json.load(open(sys.argv[1]))
request = urllib.request.Request("https://api.openai.com/v1/chat/completions", json.dumps(body).encode(),
    {"content-type": "application/json", "authorization": "Bearer sk-test"})
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["choices"][0]["message"]["content"])
"""


@pytest.fixture
def run(tmp_path: Path, upstream: StandInUpstream, trust: Trust) -> list[str]:
    """The beginning of a command line: everything goes to the stand-in."""
    (tmp_path / "redirect.py").write_text(REDIRECT)
    arguments = ["-s", str(tmp_path / "redirect.py"), "--set", f"test_upstream_port={upstream.port}"]
    arguments += ["--set", f"confdir={tmp_path}", "--set", f"ssl_verify_upstream_trusted_ca={trust.authority}"]
    arguments += ["--set", "headroom_attach=rewrite", "--set", "headroom_time_budget_ms=20000"]
    return [sys.executable, "-P", "-m", "addon.command.cli", "run", *arguments, "--"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    foreign = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy")
    mine = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**mine, "HEADROOM_HOME": str(tmp_path / "home")}


def test_a_program_that_knows_nothing_of_it_sends_less_and_the_saving_is_told(
    run: list[str], environ: dict[str, str], tmp_path: Path, upstream: StandInUpstream
) -> None:
    call = {"id": "run1", "type": "function", "function": {"name": "list", "arguments": "{}"}}
    messages = [{"role": "user", "content": "Which?"}, {"role": "assistant", "tool_calls": [call]}]
    body = {"model": "m", "messages": [*messages, {"role": "tool", "tool_call_id": "run1", "content": RECORDS}]}
    (tmp_path / "body.json").write_text(json.dumps(body))
    command = [*run, sys.executable, "-c", _ASK, str(tmp_path / "body.json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environ, timeout=120)
    assert (done.returncode, done.stdout) == (0, "I have read the tool output.\n"), done.stderr
    assert len(json.loads(upstream.requests[-1].text)["messages"][2]["content"]) < len(RECORDS)
    assert "tokens of tool outputs in 1 request (-" in done.stderr


def test_the_exit_code_is_the_commands_and_the_proxy_is_gone(
    run: list[str], environ: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run([*run, "sh", "-c", "exit 7"], capture_output=True, cwd=ROOT, env=environ, timeout=120)
    assert done.returncode == 7, done.stderr
    assert not proxies(tmp_path)


def test_when_we_are_killed_the_proxy_ends_too(run: list[str], environ: dict[str, str], tmp_path: Path) -> None:
    command = [*run, "sh", "-c", "echo up; exec sleep 30"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environ, start_new_session=True) as process:
        assert process.stdout is not None and process.stdout.readline() == b"up\n"
        assert proxies(tmp_path)
        process.kill()
        deadline = time.monotonic() + 20
        while proxies(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not proxies(tmp_path)
        os.killpg(process.pid, signal.SIGKILL)  # the command itself goes on without us, as after any parent's death


@pytest.mark.parametrize(
    ("given", "told", "code"),
    [(["--", "no-such-client"], "no-such-client: command not found", 127), ([], "say which command", 2)],
)
def test_what_cannot_be_run_is_told_before_anything_is_started(
    environ: dict[str, str], given: list[str], told: str, code: int
) -> None:
    command = [sys.executable, "-P", "-m", "addon.command.cli", "run", *given]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environ, timeout=60)
    assert done.returncode == code
    assert told in done.stderr


def proxies(folder: Path) -> list[int]:
    """The mitmdumps that are started with this folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if f"confdir={folder}" in words and "run" not in words:
            found.append(process.pid)
    return found
