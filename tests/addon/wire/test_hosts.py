"""Which hosts are LLM API hosts."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.wire.hosts import KNOWN_HOSTS, HostSet, parse_host_pattern

LLM_HOSTS = [
    "api.openai.com",
    "eu.api.openai.com",
    "us.api.openai.com",
    "chatgpt.com",
    "api.anthropic.com",
    "api.githubcopilot.com",
    "api.business.githubcopilot.com",
    "eu.openrouter.ai",
    "my-resource.openai.azure.com",
    "my-resource.services.ai.azure.com",
    "us-east5-aiplatform.googleapis.com",
    "aiplatform.eu.rep.googleapis.com",
    "bedrock-runtime.us-east-1.amazonaws.com",
    "bedrock-mantle.eu-west-1.api.aws",
    "dashscope-intl.aliyuncs.com",
    "coding-intl.dashscope.aliyuncs.com",
    "us-east-1.api.x.ai",
]
OTHER_HOSTS = [
    "",
    ".",
    "openai.com",
    "platform.openai.com",
    "api.openai.com.evil.example",
    "evil-api.openai.com",
    "evilapi.openai.com",
    "xapi.anthropic.com",
    "sub.api.anthropic.com",
    "apixopenai.com",
    "api.openai.com/",
    "api.openai.com\n",
    "api.openai.com@evil.example",
    "githubcopilot.com",
    ".githubcopilot.com",
    "a..githubcopilot.com",
    "bedrock-runtime.a.b.amazonaws.com",
    "bedrock-runtime..amazonaws.com",
    "-aiplatform.googleapis.com",
    "a.b-aiplatform.googleapis.com",
    "dashscope-.aliyuncs.com",
    "api.deepsee\N{KELVIN SIGN}.com",
]


@pytest.mark.parametrize("host", LLM_HOSTS)
@pytest.mark.parametrize("form", ["{}", "{}.", "{}:443", "{}.:8443"])
def test_a_known_host_matches_whatever_its_case_port_and_trailing_dot(host: str, form: str) -> None:
    assert HostSet().matches(form.format(host))
    assert HostSet().matches(form.format(host).upper())


@pytest.mark.parametrize("host", [host for host in OTHER_HOSTS if host != "api.openai.com\n"])
def test_a_host_that_only_looks_like_a_known_one_does_not_match(host: str) -> None:
    assert not HostSet().matches(host)


def test_every_known_host_is_a_pattern_in_its_plain_form_and_named_once() -> None:
    assert [parse_host_pattern(pattern) for pattern in KNOWN_HOSTS] == list(KNOWN_HOSTS)
    assert len(set(KNOWN_HOSTS)) == len(KNOWN_HOSTS)


def test_the_user_adds_hosts_to_the_known_ones() -> None:
    hosts = HostSet.known(["LLM-GW.corp.test.", " *.gw.test", "10.0.0.7", "localhost", "[0:0::1]"])
    for host in (
        "llm-gw.corp.test:8080",
        "a.b.gw.test",
        "10.0.0.7:80",
        "localhost:4000",
        "[::1]:4000",
        "::1",
        "api.z.ai",
    ):
        assert hosts.matches(host), host
    for host in ("gw.test", "10.0.0.70", "localhost.evil.example", "[::2]:4000", "::1:4000"):
        assert not hosts.matches(host), host


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("", "not a host"),
        ("https://api.openai.com", "without scheme"),
        ("api.openai.com/v1", "without scheme, user and path"),
        ("api.openai.com:443", "every port"),
        ("[::1]:443", "every port"),
        ("gw..test", "labels of letters"),
        ("-gw.test", "labels of letters"),
        ("gw test", "labels of letters"),
        ("**.gw.test", "at most one"),
        ("a*b*.gw.test", "at most one"),
        ("(.*)", "labels of letters"),
        ("*", "too wide"),
        ("api.*", "too wide"),
        ("münchen.test", "xn--"),
        (f"{'a' * 64}.test", "labels of letters"),
    ],
)
def test_a_pattern_that_is_none_is_refused_with_what_is_wrong(pattern: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)) as refusal:
        parse_host_pattern(pattern)
    assert repr(pattern) in str(refusal.value)


def test_no_hosts_match_nothing() -> None:
    assert not HostSet(()).matches("api.openai.com")


@given(st.text(max_size=60))
def test_any_text_is_answered_and_what_is_a_pattern_stays_the_same(text: str) -> None:
    HostSet().matches(text)
    try:
        pattern = parse_host_pattern(text)
    except ValueError:
        return
    assert parse_host_pattern(pattern) == pattern
    assert HostSet((pattern,)).matches(pattern.replace("*", "x"))


def test_a_long_hostile_name_is_answered_at_once() -> None:
    start = time.process_time()
    hosts = HostSet.known(["*.*.gw.test", "a*.b*.gw.test"])
    assert not hosts.matches("a." * 100_000 + "gw.testx")
    assert not hosts.matches("-" * 200_000)
    assert time.process_time() - start < 1
