"""The demo: agents' requests through a real mitmproxy to a stand-in API, and what became of them. No key, no network.

In a terminal it is mitmweb and stays until Ctrl-C, so that the flows can be looked at; else, or with `--once`, it is
mitmdump and ends by itself. Everything is kept in a temporary folder. Exit code 1, with the reason, if anything fails.
"""

import argparse
import asyncio
import http.client
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from addon.command.demo_requests import DemoRequest, demo_requests
from addon.command.own_proxy import OwnProxy, ProxyFailed, own_proxy
from addon.command.stand_in import StandInUpstream
from addon.wire.hosts import LOOPBACK
from transforms.tokenizer import count_tokens

HEADER = "x-headroom-routing-log"
_ANSWER_SECONDS = 60
_HOLD_MS = 20_000
"""The first request of a fresh proxy finds all cold; an impatient default would leave it untouched."""
_WIDTH, _FIRST, _LAST, _SHOWN_BETWEEN = 112, 5, 2, 3
_TELLING = re.compile(r"\bERROR\b|\bomitted\b")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo. Returns an exit code."""
    parser = argparse.ArgumentParser(prog="--demo", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--once", action="store_true", help="end by itself, without a web UI")
    stay = not parser.parse_args(arguments).once and sys.stdout.isatty()
    try:
        asyncio.run(_demo(stay=stay))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0
    except (ProxyFailed, OSError, http.client.HTTPException) as error:
        print(f"The demo failed: {error}", file=sys.stderr)
        return 1
    return 0


async def _demo(*, stay: bool) -> None:
    if os.name != "nt" and (task := asyncio.current_task()):
        for ending in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal must not leave mitmweb behind
            asyncio.get_running_loop().add_signal_handler(ending, task.cancel)
    print("Starting mitmproxy with the addon before a stand-in for the LLM APIs ...", flush=True)
    with TemporaryDirectory(prefix="headroom-demo-", ignore_cleanup_errors=True) as home:
        async with (
            StandInUpstream() as upstream,
            _proxy(upstream.url, Path(home), web=stay) as proxy,
        ):
            before, after = await _show_all(proxy, upstream)
            print(f"\nAll tool outputs: {_saving(before, after)}")
            if stay:
                print(_where_to_look(proxy), flush=True)
                await asyncio.to_thread(proxy.until_end)


@asynccontextmanager
async def _proxy(upstream: str, home: Path, *, web: bool) -> AsyncIterator[OwnProxy]:
    """mitmweb or mitmdump before `upstream`, all state of it in `home`. Raises `ProxyFailed`."""
    arguments = ["--set", f"confdir={home / 'mitmproxy'}", "--mode", f"reverse:{upstream}"]
    if web:
        arguments += ["--no-web-open-browser", "--web-host", LOOPBACK, "--web-port", str(_free_port())]
    settings = {
        "HEADROOM_COMPRESS_PASSTHROUGH": "1",  # the stand-in's address is no known LLM API's
        "HEADROOM_HOME": str(home),
        "HEADROOM_TIME_BUDGET_MS": str(_HOLD_MS),
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("HEADROOM_")}
    running = own_proxy(arguments, others | settings, tool="mitmweb" if web else "mitmdump")
    proxy = await asyncio.to_thread(running.__enter__)
    try:
        yield proxy
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def _show_all(proxy: OwnProxy, upstream: StandInUpstream) -> tuple[int, int]:
    """Send each request, print what became of it. Returns the tokens of all tool outputs before and after."""
    totals = [0, 0]
    for request in demo_requests():
        log = await asyncio.to_thread(_send, proxy, request)
        arrived = json.loads(upstream.requests[-1].text)
        pairs = list(zip(request.outputs(request.body), request.outputs(arrived), strict=True))
        for line in _report(request, pairs, log):
            print(line)
        for side in (0, 1):
            totals[side] += sum(count_tokens(pair[side]) for pair in pairs)
    return totals[0], totals[1]


def _send(proxy: OwnProxy, request: DemoRequest) -> dict[str, Any]:
    """Send a request through the proxy. Returns the routing log of its response."""
    connection = http.client.HTTPConnection(LOOPBACK, proxy.at.port, timeout=_ANSWER_SECONDS)
    try:
        headers = {"content-type": "application/json", **request.headers}
        connection.request("POST", request.path, json.dumps(request.body, separators=(",", ":")), headers)
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise ProxyFailed(proxy.explain(f"{request.path} was answered with {response.status}: {answer.decode()[:500]}"))
    value = response.getheader(HEADER)
    if value is None:
        raise ProxyFailed(proxy.explain(f"the answer to {request.path} has no {HEADER} header"))
    log: dict[str, Any] = json.loads(value)
    return log


def _report(request: DemoRequest, pairs: Sequence[tuple[str, str]], log: dict[str, Any]) -> Iterator[str]:
    yield f"\n━━ {request.title}: POST {request.path}"
    for tool, (before, after) in zip(request.tools, pairs, strict=True):
        yield f"\n  {tool}: {_saving(count_tokens(before), count_tokens(after))}"
        yield from _excerpt("before", before)
        if after != before:
            yield from _excerpt("after", after)
    yield f"\n  {HEADER} of the response, its entries below it:"
    yield f"    {_json({name: value for name, value in log.items() if name != 'entries'})}"
    for entry in log.get("entries", ()):
        yield f"    {_json(entry)}"


def _excerpt(title: str, text: str) -> Iterator[str]:
    """The first and last lines and what is telling between them, each cut to the terminal's likely width."""
    lines = text.split("\n")
    between = lines[_FIRST:-_LAST]
    if len(between) > 1:
        telling = [line for line in between if _TELLING.search(line)][:_SHOWN_BETWEEN]
        told = f"... {len(between)} lines more{', among them' if telling else ''} ..."
        lines = [*lines[:_FIRST], told, *telling, *lines[-_LAST:]]
    for number, line in enumerate(lines):
        cut = line if len(line) <= _WIDTH else line[: _WIDTH - 4] + " ..."
        yield f"    {title if number == 0 else '':>6} │ {cut}".rstrip()


def _saving(before: int, after: int) -> str:
    if after == before:
        return f"{before:,} tokens, left as it is"
    return f"{before:,} -> {after:,} tokens ({100 * (after - before) / before:+.0f} %)"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _where_to_look(proxy: OwnProxy) -> str:
    return f"""
Look at the flows:  {proxy.web_ui}
  Open one: its Comment tab has the decisions in a line, its request is what was sent on; Flow > Revert shows what came.
Send your own:      curl {proxy.at.url}/v1/messages -d @request.json -i
Ctrl-C ends the demo."""


if __name__ == "__main__":
    sys.exit(main())
