"""The addon's own pages as clients of the proxy get them: no name is looked up, no connection is made."""

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from addon.command.stand_in import StandInUpstream
from tests.e2e.rig import Proxy, Trust, proxy

pytestmark = pytest.mark.e2e


def curl(headroom: Proxy, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """What an agent's shell runs, with the variables that clients of the proxy have; without curl the test is skipped."""
    if not shutil.which("curl"):
        pytest.skip("NO curl. ./scripts/test installs it where it may (root, apt)")
    authority = str(headroom.confdir / "mitmproxy-ca-cert.pem")
    environ = {"http_proxy": headroom.url, "https_proxy": headroom.url, "CURL_CA_BUNDLE": authority}
    command = ["curl", "--silent", "--show-error", "--max-time", "20", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_curl_reads_them_through_the_proxy(headroom: Proxy, upstream: StandInUpstream, scheme: str) -> None:
    before = len(upstream.requests)
    done = curl(headroom, f"{scheme}://headroom.internal/healthz")
    assert '"status":"ok"' in done.stdout, done.stderr
    assert len(upstream.requests) == before


def test_they_are_there_whatever_else_is_let_through_and_at_the_port(
    tmp_path: Path, upstream: StandInUpstream, trust: Trust, unused_tcp_port: int
) -> None:
    options = "headroom_only_llm_hosts=on", "connection_strategy=lazy", f"headroom_port={unused_tcp_port}"
    with proxy(tmp_path, upstream, trust, *options) as running:
        for scheme in ("http", "https"):
            done = curl(running, f"{scheme}://headroom.internal/metrics")
            assert "headroom_compression_ratio" in done.stdout, done.stderr
        assert httpx.get(f"http://127.0.0.1:{unused_tcp_port}/healthz").json()["status"] == "ok"


def test_a_page_of_another_site_and_another_name_get_nothing(headroom: Proxy) -> None:
    with httpx.Client(proxy=headroom.url, verify=headroom.client_context, timeout=20) as client:
        assert client.get("http://headroom.internal/stats").status_code == 200
        hostile = {"origin": "https://evil.example"}
        assert client.get("http://headroom.internal/stats", headers=hostile).status_code == 403
        assert client.get("http://headroom.internal/stats", headers={"host": "evil.example"}).status_code == 421
        assert client.post("https://headroom.internal/stats", json={}).status_code == 405
