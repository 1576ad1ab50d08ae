"""A real mitmdump with an authority that can sign for LLM API hosts only: those are opened, all others pass unopened."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from addon.command.certs.authority import make_authority
from addon.command.stand_in import StandInUpstream
from addon.wire.hosts import KNOWN_HOSTS
from addon.wire.name_constraints import Subtrees
from tests.e2e.rig import Proxy, Trust, proxy

pytestmark = pytest.mark.e2e

_BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory, upstream: StandInUpstream, trust: Trust) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("bounded")
    make_authority(folder, Subtrees.of_patterns(KNOWN_HOSTS))
    with proxy(folder, upstream, trust) as running:
        yield running


def strict(authority: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.verify_flags &= ~ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


@pytest.mark.parametrize("host", ["api.openai.com", "api.anthropic.com"])
def test_an_llm_api_is_opened_though_its_upstream_has_other_names_and_an_address(bounded: Proxy, host: str) -> None:
    """The upstream's certificate holds `gateway.example.com`, and the connection goes to 127.0.0.1."""
    with httpx.Client(proxy=bounded.url, verify=strict(bounded.confdir / "mitmproxy-ca-cert.pem"), timeout=30) as http:
        answer = http.post(f"https://{host}/v1/chat/completions", json=_BODY)
    assert answer.status_code == 200
    assert "x-headroom-routing-log" in answer.headers


def test_another_host_passes_unopened_with_its_own_certificate_and_the_log_says_so(
    bounded: Proxy, trust: Trust
) -> None:
    with httpx.Client(proxy=bounded.url, verify=ssl.create_default_context(cafile=trust.authority)) as http:
        answer = http.post("https://gateway.example.com/v1/chat/completions", json=_BODY)
    assert answer.status_code == 200
    assert "x-headroom-routing-log" not in answer.headers
    assert "'gateway.example.com' is beyond what the certificate authority may sign for" in bounded.log.read_text()
