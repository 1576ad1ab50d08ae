"""Host patterns become subtrees that a certificate can say, and never wider ones."""

import ipaddress

import pytest

from addon.wire.hosts import KNOWN_HOSTS, HostSet
from addon.wire.name_constraints import Subtrees


def test_a_wildcard_in_front_is_the_subtree_below_it_and_one_further_in_has_none() -> None:
    found = Subtrees.of_patterns(["*.openai.azure.com", "bedrock-runtime.*.amazonaws.com", "*-a.googleapis.com"])
    assert found.names == ("openai.azure.com",)
    assert found.left_out == ("bedrock-runtime.*.amazonaws.com", "*-a.googleapis.com")


def test_what_lies_in_another_subtree_is_not_said_again() -> None:
    assert Subtrees.of_patterns(["eu.x.ai", "x.ai", "*.x.ai", "ax.ai"]).names == ("ax.ai", "x.ai")


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("api.openai.com", True),
        ("API.OpenAI.com.", True),
        ("eu.api.openai.com", True),
        ("openai.com", False),
        ("evil-api.openai.com.example", False),
        ("notapi.openai.com", False),
        ("127.0.0.1", False),
        ("", False),
    ],
)
def test_a_host_is_allowed_by_whole_labels_only(host: str, allowed: bool) -> None:
    assert Subtrees.of_patterns(["api.openai.com"]).allow(host) is allowed


def test_an_address_is_allowed_alone_and_without_one_all_are_excluded() -> None:
    bound = Subtrees.of_patterns(["10.0.0.5", "api.openai.com"])
    assert (bound.allow("10.0.0.5"), bound.allow("10.0.0.6")) == (True, False)
    assert bound.addresses == (ipaddress.ip_network("10.0.0.5/32"),)
    assert bound.extension().excluded_subtrees is None
    assert len(Subtrees.of_patterns(["api.openai.com"]).extension().excluded_subtrees or ()) == 2


def test_no_known_host_is_lost_but_those_that_are_told() -> None:
    found, hosts = Subtrees.of_patterns(KNOWN_HOSTS), HostSet.known()
    for pattern in KNOWN_HOSTS:
        example = pattern.replace("*", "one")
        assert hosts.matches(example)
        assert found.allow(example) is (pattern not in found.left_out)
