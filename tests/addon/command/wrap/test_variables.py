"""A client's environment leads it through the proxy, and keeps what the user has set."""

from pathlib import Path

import pytest

from addon.command.hints import Endpoint
from addon.command.wrap.variables import (
    NoUpstream,
    Upstream,
    client_variables,
    is_java,
    java_options,
    unproxied,
    upstream_of,
)

_PROXY, _BUNDLE = "http://127.0.0.1:8080", Path("/c/bundle.pem")


def test_every_kind_of_client_gets_what_it_reads() -> None:
    told = client_variables(_PROXY, _BUNDLE, {})
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        assert told[name] == _PROXY
    for name in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CODEX_CA_CERTIFICATE", "DENO_CERT"):
        assert told[name] == "/c/bundle.pem"
    assert told["NODE_USE_ENV_PROXY"] == "1"
    assert "ALL_PROXY" not in told and "JAVA_TOOL_OPTIONS" not in told


def test_what_is_not_to_be_proxied_stays_so_and_loopback_is_added() -> None:
    told = client_variables(_PROXY, _BUNDLE, {"NO_PROXY": "intra.example,localhost", "no_proxy": "10.0.0.0/8"})
    assert told["NO_PROXY"] == told["no_proxy"] == "intra.example,localhost,10.0.0.0/8,127.0.0.1,::1"


def test_a_proxy_for_everything_is_replaced_too() -> None:
    assert client_variables(_PROXY, _BUNDLE, {"ALL_PROXY": "http://corp:1"})["ALL_PROXY"] == _PROXY


@pytest.mark.parametrize(
    ("entry", "covers"),
    [
        ("*", True),
        (".anthropic.com", True),
        ("api.openai.com", True),
        ("openai.azure.com:443", True),
        ("intra.example", False),
        ("ai", True),
        ("localhost", False),
        ("thropic.com", False),
    ],
)
def test_entries_that_keep_llm_apis_away_are_found(entry: str, covers: bool) -> None:
    assert unproxied({"NO_PROXY": f"x.example,{entry}"}) == ([entry] if covers else [])


@pytest.mark.parametrize(
    ("environ", "upstream"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"https_proxy": "proxy.example:3128"}, Upstream("http", Endpoint("proxy.example", 3128), "")),
        ({"HTTPS_PROXY": "https://me:p%40ss@proxy/"}, Upstream("https", Endpoint("proxy", 443), "me:p@ss")),
        ({"ALL_PROXY": "http://[::1]:1"}, Upstream("http", Endpoint("::1", 1), "")),
    ],
)
def test_the_users_own_proxy_is_the_one_we_go_on_through(environ: dict[str, str], upstream: Upstream | None) -> None:
    assert upstream_of(environ) == upstream


def test_an_address_is_written_with_brackets_and_without_credentials() -> None:
    told = upstream_of({"HTTPS_PROXY": "http://me:secret@[::1]:3128"})
    assert told is not None and told.url == "http://[::1]:3128"


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1080", "http://proxy:port", "http://"])
def test_a_proxy_that_mitmproxy_cannot_use_is_named(value: str) -> None:
    with pytest.raises(NoUpstream, match="HTTPS_PROXY="):
        upstream_of({"HTTPS_PROXY": value})


def test_java_keeps_the_users_options_and_is_known_by_its_programs() -> None:
    told = java_options(_PROXY, Path("/c/bundle.p12"), {"JAVA_TOOL_OPTIONS": "-Xmx1g"})["JAVA_TOOL_OPTIONS"]
    assert told.startswith("-Xmx1g -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8080 ")
    assert "-Djavax.net.ssl.trustStore=/c/bundle.p12" in told
    assert is_java("/usr/bin/java") and is_java("./gradlew") and not is_java("javascript")
