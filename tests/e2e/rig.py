"""A real mitmdump with the addon, real TLS on both legs, and a stand-in for the LLM APIs; all on loopback."""

import asyncio
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config

from addon.command.stand_in import StandInUpstream

ROOT = Path(__file__).parent.parent.parent
HOSTS = (
    *("api.openai.com", "api.anthropic.com", "gateway.example.com", "generativelanguage.googleapis.com"),
    *("cloudcode-pa.googleapis.com", "us-east5-aiplatform.googleapis.com", "bedrock-runtime.us-east-1.amazonaws.com"),
    "ollama.com",
)
_READY = re.compile(r"listening at 127\.0\.0\.1:(\d+)")
_START_SECONDS = 90
REDIRECT = """
from mitmproxy import ctx

def load(loader):
    loader.add_option("test_upstream_port", int, 0, "where every upstream connection goes")

def server_connect(data):
    data.server.address = ("127.0.0.1", ctx.options.test_upstream_port)
"""
"""A mitmproxy script: names keep their meaning, connections go to the stand-in."""


class Loop:
    """An event loop in a thread, for servers that tests talk to with blocking clients."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_SECONDS)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@dataclass(frozen=True, slots=True)
class Trust:
    """The upstream's authority and certificate."""

    authority: Path
    server: ssl.SSLContext
    certificate: Path
    key: Path


def make_trust(folder: Path) -> Trust:
    """An authority of the test's own and a certificate for all hosts that tests speak to."""
    authority = trustme.CA()
    leaf = authority.issue_cert(*HOSTS, "127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(context)
    paths = folder / "upstream-ca.pem", folder / "upstream.pem", folder / "upstream.key"
    authority.cert_pem.write_to_path(str(paths[0]))
    leaf.cert_chain_pems[0].write_to_path(str(paths[1]))
    leaf.private_key_pem.write_to_path(str(paths[2]))
    return Trust(paths[0], context, paths[1], paths[2])


@dataclass(slots=True)
class Proxy:
    """A running mitmdump."""

    port: int
    confdir: Path
    process: "subprocess.Popen[str]"
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client_context(self) -> ssl.SSLContext:
        """Trusts mitmproxy's authority and no other."""
        return ssl.create_default_context(cafile=self.confdir / "mitmproxy-ca-cert.pem")


@contextmanager
def proxy(
    folder: Path,
    upstream: StandInUpstream | int,
    trust: Trust,
    *options: str,
    addon: bool = True,
    home: Path | None = None,
    root: Path = ROOT,
) -> Iterator[Proxy]:
    """Start mitmdump with the addon (of the checkout in `root`) and `--set` options in a folder of its own; it is ended when the block is left."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "redirect.py").write_text(REDIRECT)
    port = upstream if isinstance(upstream, int) else upstream.port
    settings = [f"confdir={folder}", f"ssl_verify_upstream_trusted_ca={trust.authority}", f"test_upstream_port={port}"]
    settings += ["headroom_time_budget_ms=20000", *options]  # a machine under load is no fault of ours
    command = [str(Path(sys.executable).parent / "mitmdump"), "--listen-host", "127.0.0.1", "-p", "0"]
    command += ["-s", str(folder / "redirect.py")] + (["-s", "addon/headroom.py"] if addon else [])
    command += [part for setting in settings for part in ("--set", setting)]
    log = folder / "mitmdump.log"
    environ = {**os.environ, "HEADROOM_HOME": str(home or folder / "home"), "PYTHONUNBUFFERED": "1"}
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=root, env=environ, stdout=out, stderr=subprocess.STDOUT, text=True)
    try:
        yield Proxy(_wait_ready(process, log), folder, process, log)
    finally:
        process.terminate()
        process.wait(10)


def _wait_ready(process: "subprocess.Popen[str]", log: Path) -> int:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := _READY.search(log.read_text()):
            return int(found[1])
        time.sleep(0.02)
    raise AssertionError(f"mitmdump did not come up: {log.read_text()}")


@dataclass(slots=True)
class Http2Upstream:
    """An HTTP/2 server that keeps bodies and answers with a small SSE stream."""

    port: int
    bodies: list[bytes]
    stop: asyncio.Event


async def start_http2(trust: Trust, port: int) -> Http2Upstream:
    """Serve on a port of 127.0.0.1 until `stop` is set."""
    upstream = Http2Upstream(port, [], asyncio.Event())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        upstream.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for number in range(3):
            await send({"type": "http.response.body", "body": b'data: {"n":%d}\n\n' % number, "more_body": True})
            await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.certfile, config.keyfile = str(trust.certificate), str(trust.key)
    config.errorlog = None
    upstream_task = asyncio.create_task(serve(app, config, shutdown_trigger=upstream.stop.wait))
    await asyncio.sleep(0.3)
    assert not upstream_task.done()
    return upstream
