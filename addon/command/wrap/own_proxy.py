"""A proxy for one command: started on a free port, known by its log, ended when we end, however that happens."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from addon.command.hints import Endpoint
from addon.command.launch import tied_mitmproxy_command

_LOOPBACK = "127.0.0.1"
_START_SECONDS, _STOP_SECONDS, _LOOK_SECONDS = 60, 10, 0.05
_PORT = re.compile(r"listening at [^ ]*:([0-9]+)\.$", re.MULTILINE)
_LOADED = re.compile(r"passthrough o(n|ff), .*state in ")
"""The addon's own first line, as text or as JSON; mitmproxy listens before it."""
_LAST_LINES = 20


class ProxyFailed(Exception):
    """The proxy did not come up; the message has its last words."""


@contextmanager
def own_proxy(
    arguments: Sequence[str], private: Sequence[str], environ: Mapping[str, str], log: Path | None = None
) -> Iterator[Endpoint]:
    """Run mitmdump with the addon and these arguments; the private ones are seen in no list of processes.
    Raises `ProxyFailed`.

    It has a process group of its own, so that Ctrl-C in the terminal reaches the client alone. `log` None: its log is
    thrown away in the end.
    """
    with TemporaryDirectory(prefix="headroom-run-", ignore_cleanup_errors=True) as folder:
        path = log or Path(folder) / "proxy.log"
        listen = ["--listen-host", _LOOPBACK, "--listen-port", "0"]
        command = tied_mitmproxy_command("mitmdump", [*listen, *arguments])
        with path.open("wb") as out:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        try:
            _hand_over(process, private)
            yield Endpoint(_LOOPBACK, _wait(process, path))
        finally:
            _stop(process)


def _hand_over(process: "subprocess.Popen[bytes]", private: Sequence[str]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(private).encode() + b"\n")
    process.stdin.flush()


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> int:
    """Its port, once it listens with the addon loaded."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        text = log.read_text("utf-8", "replace")
        if (port := _PORT.search(text)) and _LOADED.search(text):
            return int(port[1])
        time.sleep(_LOOK_SECONDS)
    words = "\n".join(log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:])
    raise ProxyFailed(f"the proxy did not start; its last words:\n{words}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()  # it ends by itself on this, as it does when we are killed
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
