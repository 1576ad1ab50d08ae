"""A proxy of our own for a while: started on a free port, known by its log, ended when we end, however that happens."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from addon.command.hints import Endpoint
from addon.command.launch import Tool, tied_mitmproxy_command
from addon.wire.hosts import LOOPBACK

_START_SECONDS, _STOP_SECONDS, _LOOK_SECONDS = 60, 10, 0.05
_PORT = re.compile(r"listening at [^ ]*:([0-9]+)\.$", re.MULTILINE)
_LOADED = re.compile(r"passthrough o(n|ff), .*state in ")
"""The addon's own first line, as text or as JSON; mitmproxy listens before it."""
_WEB_UI = re.compile(r"Web server listening at (http://[^ ]+)$", re.MULTILINE)
_LAST_LINES = 20


class ProxyFailed(Exception):
    """The proxy did not come up; the message has its last words."""


@dataclass(frozen=True, slots=True)
class OwnProxy:
    """One that listens, the addon loaded."""

    at: Endpoint
    web_ui: str
    """The web UI's address with its login token; an empty string without a web UI."""
    _process: "subprocess.Popen[bytes]"
    _log: Path

    def until_end(self) -> None:
        """Wait until it ends by itself."""
        self._process.wait()

    def explain(self, message: str) -> str:
        """The message, and the last lines of its log."""
        return _with_last_words(message, self._log)


@contextmanager
def own_proxy(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    private: Sequence[str] = (),
    log: Path | None = None,
    tool: Tool = "mitmdump",
) -> Iterator[OwnProxy]:
    """Run `tool` with the addon and these arguments; the private ones are seen in no list of processes.
    Raises `ProxyFailed`.

    It has a process group of its own, so that Ctrl-C in the terminal reaches the client alone. `log` None: its log is
    thrown away in the end.
    """
    with TemporaryDirectory(prefix="headroom-run-", ignore_cleanup_errors=True) as folder:
        path = log or Path(folder) / "proxy.log"
        listen = ["--listen-host", LOOPBACK, "--listen-port", "0"]
        with path.open("wb") as out:
            process = subprocess.Popen(
                tied_mitmproxy_command(tool, [*listen, *arguments]),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        try:
            _hand_over(process, private)
            port, web_ui = _wait(process, path, web=tool == "mitmweb")
            yield OwnProxy(Endpoint(LOOPBACK, port), web_ui, process, path)
        finally:
            _stop(process)


def _hand_over(process: "subprocess.Popen[bytes]", private: Sequence[str]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(private).encode() + b"\n")
    process.stdin.flush()


def _wait(process: "subprocess.Popen[bytes]", log: Path, *, web: bool) -> tuple[int, str]:
    """Its port and its web UI's address, once it listens with the addon loaded."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        text = log.read_text("utf-8", "replace")
        port, ui = _PORT.search(text), _WEB_UI.search(text)
        if port and _LOADED.search(text) and (ui or not web):
            return int(port[1]), ui[1] if ui else ""
        time.sleep(_LOOK_SECONDS)
    raise ProxyFailed(_with_last_words("the proxy did not start", log))


def _with_last_words(message: str, log: Path) -> str:
    words = log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:]
    return "\n".join([f"{message}; the proxy's last words:", *words])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()  # it ends by itself on this, as it does when we are killed
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
