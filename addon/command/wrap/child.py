"""Run a command in our place: its terminal, its signals, its exit code, as if we were not there.

It stays in our process group and so keeps the terminal: what the terminal sends (Ctrl-C, Ctrl-\\, Ctrl-Z, a new window
size) reaches it without us. What others send to us is passed on. If it stops itself, so do we, and the shell's `fg`
wakes both.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""As shells have it."""
_KILLED = 128
_FROM_TERMINAL = ("SIGINT", "SIGQUIT")
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT")


def run_command(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run it to its end. Returns its exit code, or 128 and the number of the signal that ended it.

    Raises `FileNotFoundError` or `PermissionError` when it cannot be started.
    """
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        raise FileNotFoundError(command[0])
    if os.name == "nt":
        with _ignoring_interrupts():
            return subprocess.call([program, *command[1:]], env=dict(environ))
    return _run_posix(program, command, environ)


def _run_posix(program: str, command: Sequence[str], environ: Mapping[str, str]) -> int:
    child: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        if child and not (number in terminal and _has_terminal()):
            with suppress(ProcessLookupError):
                os.kill(child[0], number)

    terminal = {getattr(signal, name) for name in _FROM_TERMINAL}
    numbers = [*terminal, *(getattr(signal, name) for name in _PASSED_ON)]
    before: list[tuple[int, Any]] = [(number, signal.signal(number, pass_on)) for number in numbers]
    try:
        usual = [number for number, handler in before if handler is not signal.SIG_IGN]
        python_ignores = [signal.SIGPIPE, signal.SIGXFSZ]
        child.append(os.posix_spawn(program, list(command), dict(environ), setsigdef=[*usual, *python_ignores]))
        return _wait(child[0])
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _wait(pid: int) -> int:
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.kill(os.getpid(), signal.SIGSTOP)  # we go on from here when the shell wakes us
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        elif os.WIFSIGNALED(status):
            return _KILLED + os.WTERMSIG(status)
        else:
            return os.WEXITSTATUS(status)


def _has_terminal() -> bool:
    """Whether we are in the foreground of a terminal: then what it sends reaches the command by itself."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
