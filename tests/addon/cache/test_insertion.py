"""Asking for caching where the client does not."""

import json
from typing import Any

import pytest

from addon.cache.insertion import insertion
from addon.cache.prefix import Prompt, cache_key, has_answer
from addon.shapes.json_spans import parse
from tests import recorded
from tests.laws.conversations import turns

OWN_CACHING = ("cache_control", "prompt_cache")


def inserted(body: bytes, shape: str, *, later_turn: bool = True) -> bytes:
    root = parse(body)
    found = insertion(root, shape, later_turn=later_turn, cache_key="headroom-0123")
    return body if found is None else body[: found[0]] + found[1] + body[found[0] :]


@pytest.mark.parametrize("request_body", recorded.bodies(), ids=str)
def test_recorded_requests_get_one_member_and_keep_every_byte(request_body: recorded.Recorded) -> None:
    body = request_body.body
    out = inserted(body, request_body.shape)
    if any(f'"{key}'.encode() in body for key in OWN_CACHING):
        assert out == body
        return
    added: dict[str, Any] = json.loads(out)
    member = (
        {"cache_control": {"type": "ephemeral"}}
        if request_body.shape == "messages"
        else {"prompt_cache_key": "headroom-0123"}
    )
    assert added == member | json.loads(body)
    assert out.endswith(body[body.index(b"{") + 1 :])


@pytest.mark.parametrize("request_body", recorded.bodies(), ids=str)
def test_the_key_is_the_same_on_all_turns(request_body: recorded.Recorded) -> None:
    members = set()
    for turn in turns(request_body.body):
        root = parse(turn)
        prompt = Prompt.of(root, request_body.shape).prefix()
        members.add(insertion(root, "chat", later_turn=has_answer(prompt), cache_key=cache_key(prompt)))
    assert len(members) == 1


def test_messages_are_marked_from_the_second_turn_on() -> None:
    body = b' {"max_tokens": 1, "messages": []}'
    assert inserted(body, "messages", later_turn=False) == body
    assert inserted(body, "messages") == b' {"cache_control":{"type":"ephemeral"},"max_tokens": 1, "messages": []}'


def test_clouds_that_refuse_the_mark_do_not_get_it() -> None:
    body = b'{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,"messages":[]}'
    assert inserted(body, "messages") == body


@pytest.mark.parametrize(
    "key",
    ["cache_control", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "prompt_cache_breakpoint"],
)
@pytest.mark.parametrize("shape", ["messages", "chat", "responses"])
def test_a_client_that_caches_by_itself_is_left_alone(key: str, shape: str) -> None:
    body = json.dumps({"messages": [{"content": [{key: {}}]}]}).encode()
    assert inserted(body, shape) == body


def test_a_text_that_speaks_of_caching_is_no_caching() -> None:
    body = json.dumps(
        {"messages": [{"role": "user", "content": 'set "cache_control" and "prompt_cache_key"'}]}
    ).encode()
    assert inserted(body, "chat") != body


def test_without_a_first_message_there_is_no_key() -> None:
    assert insertion(parse(b'{"input":[]}'), "responses", later_turn=True, cache_key="") is None
