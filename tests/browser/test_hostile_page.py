"""A page of another site, in a real browser, tries to get at an original whose id it somehow knows, and at the tools."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from addon.store.originals import Originals
from addon.store.shelf import Source
from addon.web.by_port import PortServer
from tests.addon.web.rig import sources
from tests.browser.chromium import Page

SECRET = "a line that nobody else may read\n"
_ATTEMPTS = """
(async () => {
  const got = [];
  const tried = async (name, work) => {
    try { got.push([name, await work()]); } catch (error) { got.push([name, 'refused']); }
  };
  const read = async (options) => (await fetch(URL, options)).text();
  await tried('fetch', () => read({}));
  await tried('no-cors', async () => (await fetch(URL, {mode: 'no-cors'})).type);
  await tried('with a header', () => read({headers: {'X-Own': '1'}}));
  await tried('tools as text', () => read({method: 'POST', mode: 'no-cors', body: '{}'}));
  await tried('tools as JSON', () =>
    fetch(URL, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}).then((r) => r.text()));
  const loaded = (tag, name) => tried(tag, () => new Promise((done, fail) => {
    const element = document.createElement(tag);
    element.onload = () => done('loaded'); element.onerror = () => fail();
    element[name] = URL; document.body.append(element);
  }));
  await loaded('script', 'src');
  await loaded('img', 'src');
  const frame = document.createElement('iframe');
  frame.src = URL; document.body.append(frame);
  await new Promise((done) => setTimeout(done, 500));
  try { got.push(['iframe', frame.contentDocument ? frame.contentDocument.body.innerText : 'refused']); }
  catch { got.push(['iframe', 'refused']); }
  return got;
})()
"""


class _Hostile(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>hostile</title><body>hostile")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def hostile() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hostile)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def original(tmp_path: Path) -> str:
    opened = Originals(tmp_path)
    opened.save([SECRET], Source("Bash", "make"))
    name = opened.id_of(SECRET)
    opened.close()
    return name


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_it_gets_nothing(page: Page, tmp_path: Path, hostile: int, original: str, name: str) -> None:
    server = PortServer(sources(tmp_path), 0)
    try:
        page.open(f"http://{name}:{hostile}/")
        page.wait_for("document.title === 'hostile' && location.port")
        for path in (f"/o/{original}", "/mcp"):
            url = f"http://127.0.0.1:{server.port}{path}"
            got = dict(page.run(_ATTEMPTS.replace("URL", repr(url))))
            assert SECRET.strip() not in str(got)
            assert got.pop("no-cors") in ("opaque", "refused"), "what comes cannot be read"
            assert got.pop("tools as text") in ("", "refused")
            assert set(got.values()) == {"refused"}, got
    finally:
        server.stop()
        page.open("about:blank")


def test_the_owner_reads_it_in_the_address_bar(page: Page, tmp_path: Path, original: str) -> None:
    server = PortServer(sources(tmp_path), 0)
    try:
        page.open(f"http://127.0.0.1:{server.port}/o/{original}")
        page.wait_for(f"document.body.innerText.includes({SECRET.strip()!r})")
    finally:
        server.stop()
        page.open("about:blank")
