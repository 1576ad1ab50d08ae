"""The demo's proxy: a mitmproxy process with the addon, in reverse mode, its state in a temporary folder."""

import asyncio
import os
import re
import socket
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from addon.command.launch import mitmproxy_command
from addon.command.stand_in import LOOPBACK

_START_SECONDS, _STOP_SECONDS = 60, 10
_PORT = re.compile(r"listening at [^ ]*:([0-9]+)\.$")
_LOADED = re.compile(r"headroom: .* state in ")
"""The addon's own first line; mitmproxy listens before it, and ends after it when the addon does not load."""
_WEB_UI = re.compile(r"Web server listening at (http://[^ ]+)$")


class DemoFailed(Exception):
    """The demo cannot go on; the message says why."""


class DemoProxy:
    """A started process, known by what it prints."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._log: deque[str] = deque(maxlen=40)
        self._loaded = False
        self.port = 0
        self.web_ui = ""
        """The web UI's address with its login token; an empty string without a web UI."""

    async def until_ready(self, *, web: bool) -> None:
        """Wait until it listens, the addon loaded. Raises `DemoFailed` when it ends before or takes a minute."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                while await self._read_line():
                    if self._loaded and self.port and (self.web_ui or not web):
                        return
        raise DemoFailed(self.explain("mitmproxy did not start"))

    async def until_end(self) -> None:
        """Read on, for a full pipe would hold the process up, until it ends."""
        while await self._read_line():
            continue

    async def stop(self) -> None:
        """End the process, by force if need be."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def explain(self, message: str) -> str:
        """The message, and the last of what the process has printed."""
        return "\n".join((message, "mitmproxy's last words:", *self._log))

    async def _read_line(self) -> bool:
        assert self._process.stdout is not None
        data = await self._process.stdout.readline()
        line = data.decode("utf-8", "replace").rstrip()
        self._log.append(line)
        self._loaded = self._loaded or bool(_LOADED.search(line))
        if found := _WEB_UI.search(line):
            self.web_ui = found[1]
        elif found := _PORT.search(line):
            self.port = int(found[1])
        return bool(data)


@asynccontextmanager
async def demo_proxy(upstream: str, home: Path, *, web: bool, hold_ms: int) -> AsyncIterator[DemoProxy]:
    """Run mitmweb or mitmdump before `upstream`; `home` is the state folder. Raises `DemoFailed`."""
    arguments = ["--set", f"confdir={home / 'mitmproxy'}", "--mode", f"reverse:{upstream}@{LOOPBACK}:0"]
    if web:
        arguments += ["--no-web-open-browser", "--web-host", LOOPBACK, "--web-port", str(_free_port())]
    settings = {
        "HEADROOM_COMPRESS_PASSTHROUGH": "1",  # the stand-in's address is no known LLM API's
        "HEADROOM_HOME": str(home),
        "HEADROOM_TIME_BUDGET_MS": str(hold_ms),
        "PYTHONUNBUFFERED": "1",
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("HEADROOM_")}
    command = mitmproxy_command("mitmweb" if web else "mitmdump", arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT, env=others | settings)
    proxy = DemoProxy(process)
    try:
        await proxy.until_ready(web=web)
        yield proxy
    finally:
        await proxy.stop()


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
