"""A wrapped command cannot tell that it is wrapped: exit code, signals, terminal, job control."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from addon.command.wrap.child import run_command

_WRAP = (
    "import os, sys; from addon.command.wrap.child import run_command; sys.exit(run_command(sys.argv[1:], os.environ))"
)
_REPORT = """
import signal, sys, time
def told(number, _): print("got", signal.Signals(number).name, flush=True); sys.exit(40)
for name in sys.argv[1:]: signal.signal(getattr(signal, name), told)
print("ready", sys.stdin.isatty(), flush=True)
time.sleep(20)
"""


def wrapped(*command: str) -> list[str]:
    return [sys.executable, "-P", "-c", _WRAP, *command]


@pytest.fixture
def root() -> Path:
    return Path(__file__).parent.parent.parent.parent.parent


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -9 $$", 137)]
)
def test_the_exit_code_is_the_commands_or_tells_the_signal(script: str, code: int) -> None:
    assert run_command(["sh", "-c", script], os.environ) == code


def test_the_environment_is_the_one_given_and_input_and_output_are_ours(root: Path) -> None:
    command = wrapped("sh", "-c", 'read line; echo "$line $MINE"')
    done = subprocess.run(
        command, input="in", capture_output=True, text=True, cwd=root, env={**os.environ, "MINE": "x"}
    )
    assert (done.stdout, done.returncode) == ("in x\n", 0)


def test_a_command_that_is_not_there_is_told() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-command"):
        run_command(["no-such-command"], os.environ)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGINT"])
def test_without_a_terminal_what_we_are_sent_is_passed_on(root: Path, name: str) -> None:
    command = wrapped(sys.executable, "-c", _REPORT, name)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(getattr(signal, name))
        assert process.stdout.read() == f"got {name}\n"
    assert process.returncode == 40


def test_in_a_terminal_the_command_has_it_and_ctrl_c_reaches_the_command_once(root: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:  # the child of the fork becomes the wrapper, in a session with a terminal
        os.chdir(root)
        os.execv(sys.executable, wrapped(sys.executable, "-c", _REPORT, "SIGINT"))
    text = read_until(terminal, b"ready True")
    os.write(terminal, b"\x03")
    text += read_until(terminal, b"got SIGINT")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 40
    assert text.count(b"got SIGINT") == 1


def test_a_command_that_stops_itself_stops_us_and_the_shells_fg_wakes_both(root: Path) -> None:
    command = wrapped("sh", "-c", "kill -STOP $$; echo awake")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, start_new_session=True) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        os.kill(process.pid, signal.SIGCONT)
        assert process.stdout is not None and process.stdout.read() == "awake\n"


def read_until(terminal: int, wanted: bytes) -> bytes:
    text, deadline = b"", time.monotonic() + 30
    while wanted not in text and time.monotonic() < deadline:
        text += os.read(terminal, 4096)
    return text
