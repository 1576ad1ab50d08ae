"""Nothing is lost: recorded requests through a real mitmdump, and each handle in them followed as an agent would."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent

from addon.command.stand_in import StandInUpstream
from addon.store.originals import named_in
from addon.web.access_token import access_token
from tests.addon.test_deciding import LOG, conversation
from tests.e2e.rig import Proxy, Trust, proxy
from tests.e2e.test_own_pages import curl
from tests.recorded import bodies

pytestmark = pytest.mark.e2e

URL = "https://api.openai.com/v1/chat/completions"
_MARKER = re.compile(r"\[lines? (\d+)(?:-(\d+))? omitted")


@dataclass(frozen=True, slots=True)
class Gap:
    """A range that was left out, and the handles of its whole."""

    original: str
    first: int
    last: int


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, upstream: StandInUpstream, trust: Trust) -> Iterator[Proxy]:
    """A proxy whose markers name a file and an address."""
    folder: Path = tmp_path_factory.mktemp("retrieval")
    with proxy(folder, upstream, trust, "headroom_attach=rewrite", "headroom_retrieve=both") as running:
        yield running


def post(running: Proxy, body: bytes, url: str = URL) -> dict[str, Any]:
    """Send a request; what its page tells of it."""
    headers = {"content-type": "application/json", "authorization": "Bearer sk-test"}
    with httpx.Client(proxy=running.url, verify=running.client_context, timeout=60) as client:
        response = client.post(url, content=body, headers=headers)
        name = json.loads(response.headers["x-headroom-routing-log"])["request"]
        facts: dict[str, Any] = client.get(f"http://headroom.internal/r/{name}").json()
        return facts


def gaps(facts: dict[str, Any]) -> list[Gap]:
    return [
        Gap(gap["original"], gap["first"], gap["last"])
        for entry in facts["entries"]
        for gap in entry["omitted"]
        if gap["unit"] == "lines"
    ]


async def by_mcp(running: Proxy, gap: Gap) -> str:
    async with (
        httpx.AsyncClient(proxy=running.url, timeout=60) as http,
        streamable_http_client("http://headroom.internal/mcp", http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        wanted = {"id": gap.original, "lines": f"{gap.first}-{gap.last}", "tokens": 100_000}
        (content,) = (await session.call_tool("headroom_retrieve", wanted)).content
        assert isinstance(content, TextContent)
        return content.text


async def test_every_handle_in_recorded_requests_leads_to_what_was_left_out(
    both: Proxy, upstream: StandInUpstream
) -> None:
    """By `sed -n` on the file, by curl with and without TLS, and by the SDK's MCP client: byte for byte the same."""
    followed = 0
    for recorded in bodies():
        if "bulky" not in recorded.name or "ws" in recorded.name:
            continue
        facts = post(both, recorded.body, _url(recorded.shape))
        sent = upstream.requests[-1].text.decode()
        shown = {(int(a), int(b or a)) for a, b in _MARKER.findall(sent)}
        for gap in gaps(facts):
            assert (gap.first, gap.last) in shown
            path = both.confdir / "home" / "originals" / gap.original
            assert str(path) in sent and f"http://headroom.internal/o/{gap.original}" in sent
            lines = subprocess.run(["sed", "-n", f"{gap.first},{gap.last}p", path], capture_output=True, text=True)
            assert lines.stdout
            target = f"headroom.internal/o/{gap.original}?lines={gap.first}-{gap.last}&tokens=100000"
            assert curl(both, f"http://{target}").stdout == lines.stdout
            assert curl(both, f"https://{target}").stdout == lines.stdout
            if followed < 3:
                assert await by_mcp(both, gap) == lines.stdout
            followed += 1
    assert followed > 3


def _url(shape: str) -> str:
    return {"messages": "https://api.anthropic.com/v1/messages", "chat": URL}.get(
        shape, "https://api.openai.com/v1/responses"
    )


def test_what_is_fetched_comes_to_the_model_whole_and_costs_the_saving(both: Proxy, upstream: StandInUpstream) -> None:
    gap = gaps(post(both, conversation([LOG])))[0]
    command = f"curl -s 'http://headroom.internal/o/{gap.original}?lines={gap.first}-{gap.last}'"
    fetched = curl(both, f"http://headroom.internal/o/{gap.original}?lines={gap.first}-{gap.last}").stdout
    body = conversation([LOG, fetched], calls=[{"command": "cat 0"}, {"command": command}])
    facts = post(both, body)
    assert [entry["reason"] for entry in facts["entries"]] == ["replayed", "retrieval"]
    assert json.loads(upstream.requests[-1].text)["messages"][4]["content"] == fetched
    assert facts["fetched_tokens"] == facts["entries"][1]["tokens_after"]


def test_after_kill_9_and_a_start_on_the_same_folder_markers_still_lead_somewhere(
    tmp_path: Path, upstream: StandInUpstream, trust: Trust
) -> None:
    with proxy(tmp_path, upstream, trust) as first:
        gap = gaps(post(first, conversation([LOG])))[0]
        sent = upstream.requests[-1].text
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(10)
    with proxy(tmp_path, upstream, trust) as second:
        (tmp_path / "home" / "originals" / gap.original).unlink()
        again = post(second, conversation([LOG]))
        assert upstream.requests[-1].text == sent
        assert gaps(again)[0] == gap
        assert curl(second, f"http://headroom.internal/o/{gap.original}?tokens=100000").stdout == LOG
        token = access_token(tmp_path / "home")
        shown = curl(
            second, "-H", f"Authorization: Bearer {token}", "http://headroom.internal/r/last?format=text"
        ).stdout
        assert f"left out of original {gap.original}: lines {gap.first}-{gap.last}" in shown


def test_whenever_the_proxy_is_killed_no_marker_was_sent_that_leads_to_nothing(
    tmp_path: Path, upstream: StandInUpstream, trust: Trust
) -> None:
    """Requests under way on two proxies of one folder, both ended by `kill -9` in the middle of it."""
    seen = len(upstream.requests)
    with (
        proxy(tmp_path / "a", upstream, trust, home=tmp_path / "home") as first,
        proxy(tmp_path / "b", upstream, trust, home=tmp_path / "home") as second,
        ThreadPoolExecutor(8) as clients,
    ):
        for number in range(40):
            log = LOG.replace("worker", f"worker{number // 2}")
            clients.submit(_post_unless_killed, (first, second)[number % 2], conversation([log]))
        while len(upstream.requests) < seen + 5:
            time.sleep(0.01)
        for running in (first, second):
            running.process.send_signal(signal.SIGKILL)
    marked = [name for request in upstream.requests[seen:] for name in named_in(request.text.decode())]
    assert len(marked) >= 3
    texts = {LOG.replace("worker", f"worker{number}") for number in range(20)}
    for name in marked:
        assert (tmp_path / "home" / "originals" / name).read_text() in texts


def _post_unless_killed(running: Proxy, body: bytes) -> None:
    with suppress(httpx.HTTPError):
        post(running, body)
