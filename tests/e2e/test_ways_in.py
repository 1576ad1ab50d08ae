"""Ways to the proxy and on from it, each as the README has it: a base URL, a company's proxy behind, two of us in a row."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from addon.command.stand_in import StandInUpstream
from tests.e2e.rig import Proxy, Trust, proxy
from tests.laws.client_wire import PLAIN, Called, Calls, Said, write
from tests.laws.conversations import restored
from tests.recorded import bodies

pytestmark = pytest.mark.e2e

_LOG = next(body.body for body in bodies() if body.name == "chat__sdkpy_chat")
_ALL = "headroom_attach=rewrite"
_TYPE = {"content-type": "application/json"}


def through(running: Proxy, url: str, body: bytes) -> httpx.Response:
    with httpx.Client(proxy=running.url, verify=running.client_context, timeout=90) as client:
        return client.post(url, content=body, headers=_TYPE)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, upstream: StandInUpstream, trust: Trust) -> Iterator[str]:
    """The address of a reverse proxy before the stand-in."""
    options = f"mode=reverse:{upstream.url}", "headroom_hosts=127.0.0.1"
    with proxy(tmp_path_factory.mktemp("reverse"), upstream, trust, *options) as running:
        yield running.url


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ("messages", "/v1/messages"),
        ("chat", "/v1/chat/completions"),
        ("responses", "/wrapped/KEY/v1/responses"),
        ("gemini", "/v1beta/models/m:generateContent"),
    ],
)
def test_a_reverse_proxy_is_a_base_url_without_certificates(
    base: str, upstream: StandInUpstream, shape: str, path: str
) -> None:
    output = "\n".join(f"2026-02-11 10:00:{n % 60:02} INFO  worker-{n % 4} job {n} done" for n in range(200))
    call = Called(f"reverse {shape} {path}", "bash", '{"command": "cat app.log"}', output)
    body = write(shape, (Said("Why?"), Calls((call,), (0,))), PLAIN)
    httpx.post(f"{base}{path}", content=body, headers=_TYPE, timeout=90)
    arrived = upstream.requests[-1]
    assert arrived.path == path
    assert arrived.headers["host"] == upstream.url.removeprefix("https://")
    assert len(arrived.body) < len(body)
    assert restored(arrived.body, body) == body


@pytest.mark.parametrize("other_is_ours", [False, True], ids=["a company's", "one of ours"])
def test_behind_another_proxy_requests_get_smaller_once(
    tmp_path: Path, upstream: StandInUpstream, trust: Trust, other_is_ours: bool
) -> None:
    """The other one has a ledger of its own, so nothing but the request for the tunnel tells it that we were here."""
    url = "https://api.openai.com/v1/chat/completions"
    with proxy(tmp_path / "other", upstream, trust, _ALL, addon=other_is_ours) as other:
        trusting = replace(trust, authority=other.confdir / "mitmproxy-ca-cert.pem")
        with proxy(tmp_path / "ours", other.port, trusting, _ALL, f"mode=upstream:{other.url}") as ours:
            assert through(ours, url, _LOG).status_code == 200
            sent = upstream.requests[-1]
        assert len(sent.body) < len(_LOG)
        assert restored(sent.body, _LOG) == _LOG
        assert not [name for name in sent.headers if name.startswith("x-headroom")]
        assert "compressed" not in other.log.read_text()
