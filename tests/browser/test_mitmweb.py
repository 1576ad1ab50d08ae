"""A real mitmweb with the addon, in a real browser: the note, the marker, the view, the comparison, filters, commands.

A flow file is opened later as well, with the addon and without.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from addon.command.stand_in import StandInUpstream
from tests.browser.chromium import Page
from tests.e2e.rig import ROOT, Loop

pytestmark = pytest.mark.e2e
_PASSWORD = "of-the-test"
_SECONDS = 60.0
_TEXT = "document.body.innerText"
LOG = "\n".join(
    f"2026-03-14T02:{n // 60:02}:{n % 60:02}Z {'ERROR' if n == 287 else 'INFO '} worker-{n % 4} imported batch {n} of 400"
    for n in range(400)
)
OUTPUTS = ("ok", "a short one", LOG)


def body() -> bytes:
    """A conversation with three tool results: two small ones and a log."""
    calls = [
        {
            "id": f"call_{n}",
            "type": "function",
            "function": {"name": "bash", "arguments": json.dumps({"command": f"job {n}"})},
        }
        for n in range(len(OUTPUTS))
    ]
    said = [
        {"role": "user", "content": "Which job failed?"},
        {"role": "assistant", "content": None, "tool_calls": calls},
    ]
    results = [{"role": "tool", "tool_call_id": f"call_{n}", "content": text} for n, text in enumerate(OUTPUTS)]
    return json.dumps({"model": "gpt-6.1-sol", "stream": True, "messages": [*said, *results]}).encode()


class Web:
    """A running mitmweb."""

    def __init__(self, port: int, proxy_port: int) -> None:
        self.port, self.proxy_port = port, proxy_port

    def url(self, path: str) -> str:
        """An address of the web UI, with the login."""
        return f"http://127.0.0.1:{self.port}/?token={_PASSWORD}{path}"

    def flows(self) -> list[dict[str, str]]:
        """The flows as the UI gets them."""
        found: list[dict[str, str]] = httpx.get(
            f"http://127.0.0.1:{self.port}/flows", headers={"authorization": f"Bearer {_PASSWORD}"}, trust_env=False
        ).json()
        return found


@contextmanager
def mitmweb(folder: Path, *arguments: str, addon: bool = True) -> Iterator[Web]:
    ports = [_free_port(), _free_port()]
    settings = [f"confdir={folder}", f"web_password={_PASSWORD}", "web_open_browser=false"]
    settings += ["headroom_time_budget_ms=20000"] if addon else []
    command = [str(Path(sys.executable).parent / "mitmweb"), "--listen-host", "127.0.0.1", "-p", str(ports[0])]
    command += ["--web-host", "127.0.0.1", "--web-port", str(ports[1]), *arguments]
    command += [part for setting in settings for part in ("--set", setting)] + (
        ["-s", "addon/headroom.py"] if addon else []
    )
    environ = {**os.environ, "HEADROOM_HOME": str(folder / "home")}
    with (folder / "mitmweb.log").open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait_until_open(ports[1])
        if "-n" not in arguments:
            _wait_until_open(ports[0])
        yield Web(ports[1], ports[0])
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nobody listens on port {port}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mitmweb")


@pytest.fixture(scope="module")
def web(folder: Path) -> Iterator[Web]:
    """mitmweb as a reverse proxy of a stand-in, after one conversation and one request that is none; all is saved."""
    loop, upstream = Loop(), StandInUpstream()
    loop.run(upstream.start())
    file = folder / "flows"
    mode = ("-m", f"reverse:{upstream.url}", "-w", str(file), "--set", "headroom_compress_passthrough=on")
    with mitmweb(folder, *mode) as running:
        base = f"http://127.0.0.1:{running.proxy_port}"
        headers = {"content-type": "application/json", "authorization": "Bearer sk-test"}
        with httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=_SECONDS) as client:
            assert client.post("/v1/chat/completions", content=body()).status_code == 200
            client.post("/elsewhere", content=b'{"a": 1}')
        yield running
    loop.run(upstream.stop())
    loop.close()


def opened(page: Page, address: str) -> Page:
    page.open("about:blank")
    page.open(address, width=1500, height=1000)
    page.wait_for(f"{_TEXT}.includes('Path')")
    return page


def first(web: Web) -> dict[str, str]:
    return next(flow for flow in web.flows() if flow["comment"].startswith("-"))


def test_the_list_says_in_the_comment_column_what_was_saved_and_marks_the_flow(page: Page, web: Web) -> None:
    opened(page, web.url("#/flows"))
    page.wait_for(f"{_TEXT}.includes({json.dumps(first(web)['comment'])}) && {_TEXT}.includes('✂')")
    assert "Comment" in page.text()


def test_the_view_of_the_request_is_picked_and_shows_the_decisions(page: Page, web: Web) -> None:
    opened(page, web.url(f"#/flows/{first(web)['id']}/request"))
    page.wait_for(f"{_TEXT}.includes('tool results: 3')")
    assert "block 1: bash · 3 tokens · left alone: too_small · job 1" in page.text()
    page.wait_for(f"{_TEXT}.includes('» [lines ') && {_TEXT}.includes('lines more taken out')")


def test_the_answer_is_put_together(page: Page, web: Web) -> None:
    opened(page, web.url(f"#/flows/{first(web)['id']}/response"))
    page.wait_for(f"{_TEXT}.includes('usage: ') && {_TEXT}.includes('assistant:')")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("~marked", 1), ("~marker scissors", 1), ("~comment compressed", 1), ("~comment '^0%'", 1)],
)
def test_filters_find_flows_by_note_marker_and_reason(page: Page, web: Web, wanted: str, found: int) -> None:
    opened(page, web.url(f"#/flows?s={quote(wanted)}"))
    rows = "[...document.querySelectorAll('.flow-table tbody tr')].filter((row) => row.innerText.includes('http'))"
    page.wait_for(f"{rows}.length === {found}")


def command(web: Web, name: str, *arguments: str) -> str:
    with httpx.Client(trust_env=False, timeout=_SECONDS) as client:
        cookie = "0" * 32
        answer = client.post(
            f"http://127.0.0.1:{web.port}/commands/{name}",
            json={"arguments": arguments},
            headers={
                "authorization": f"Bearer {_PASSWORD}",
                "x-xsrftoken": cookie,
                "cookie": f"_mitmproxy_xsrf={cookie}",
            },
        )
    return json.dumps(answer.json(), ensure_ascii=False)


def test_commands_can_be_given_in_the_web_ui(web: Web) -> None:
    assert "not sent: " in command(web, "headroom.stats")
    assert "original against sent" in command(web, "headroom.explain", "~comment compressed")
    assert "error" in command(web, "headroom.mode", "fast")


def test_a_flow_file_tells_all_of_it_later_and_the_note_without_the_addon(
    page: Page, web: Web, tmp_path: Path, folder: Path
) -> None:
    """A saved flow is a whole bug report."""
    deadline = time.monotonic() + 20
    while not (folder / "flows").exists() or (folder / "flows").stat().st_size < 1000:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for addon in (True, False):
        place = tmp_path / str(addon)
        place.mkdir()
        with mitmweb(place, "-r", str(folder / "flows"), "-n", addon=addon) as later:
            flow = first(later)
            assert flow["comment"] == first(web)["comment"]
            opened(page, later.url(f"#/flows/{flow['id']}/request"))
            page.wait_for(f"{_TEXT}.includes('job 0')")
            assert ("tool results: 3" in page.text()) == addon
