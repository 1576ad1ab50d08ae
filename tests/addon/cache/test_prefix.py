"""Requests as the provider's prompt cache sees them."""

import json
import random
import time
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest

from addon.cache.prefix import Prompt, anchor, cache_key, has_answer
from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import NotJson, parse
from tests import recorded
from tests.laws.conversations import turns
from transforms.cache_aligner import CacheAligner, Prefix, PrefixVerdict, Section

type Body = dict[str, Any]

MARK = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
COMPACT, SPACED = (",", ":"), (", ", ": ")


def of(body: Body, shape: str, separators: tuple[str, str] = COMPACT) -> Prefix:
    return Prompt.of(parse(json.dumps(body, separators=separators).encode()), shape).prefix()


def messages(*conversation: object, system: object = "Be brief.\nBe kind.") -> Body:
    tool = {"name": "Bash", "input_schema": {"type": "object"}}
    return {"model": "m", "max_tokens": 9, "system": system, "tools": [tool], "messages": list(conversation)}


@pytest.mark.parametrize("request_body", recorded.bodies(), ids=str)
def test_each_turn_of_a_recorded_conversation_appends_to_the_one_before(request_body: recorded.Recorded) -> None:
    prompts = [Prompt.of(parse(turn), request_body.shape).prefix() for turn in turns(request_body.body)]
    verdicts = {CacheAligner(0).compare(before, now).verdict for before, now in pairwise(prompts)}
    assert verdicts <= {PrefixVerdict.APPENDED}
    assert len({cache_key(prompt) for prompt in prompts}) == 1
    assert len({anchor(prompt) for prompt in prompts if has_answer(prompt)}) <= 1


@pytest.mark.parametrize("request_body", recorded.bodies(), ids=str)
def test_a_recorded_prompt_begins_with_what_stands_before_the_conversation(request_body: recorded.Recorded) -> None:
    sections = [item.section for item in Prompt.of(parse(request_body.body), request_body.shape).prefix()]
    if "previous_response_id" in json.loads(request_body.body):
        assert sections == []
        return
    begun = next(at for at, section in enumerate(sections) if section >= Section.CLIENT)
    assert begun > 0 and all(section >= Section.CLIENT for section in sections[begun:])
    assert sections[begun] is Section.CLIENT


@pytest.mark.parametrize("separators", [COMPACT, SPACED])
@pytest.mark.parametrize(
    ("marked", "bare"),
    [
        ({"type": "text", "text": "x", **MARK}, {"type": "text", "text": "x"}),
        ({**MARK, "type": "text", "text": "x"}, {"type": "text", "text": "x"}),
        ({"type": "text", "cache_control": None, "text": "x"}, {"type": "text", "text": "x"}),
        (
            {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}], **MARK},
            {"type": "tool_result", "tool_use_id": "t", "content": "x"},
        ),
        (
            {"type": "text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "text", "text": "x"},
        ),
    ],
)
def test_where_the_marks_stand_changes_nothing(marked: Body, bare: Body, separators: tuple[str, str]) -> None:
    other = {"type": "text", "text": "y"}
    before = messages({"role": "user", "content": [marked, other]})
    now = messages({"role": "user", "content": [bare, other]})
    assert of(before, "messages", separators) == of(now, "messages", separators)


@pytest.mark.parametrize("separators", [COMPACT, SPACED])
def test_a_text_and_a_list_of_that_one_text_are_the_same(separators: tuple[str, str]) -> None:
    """Claude Code turns one into the other when the mark moves on."""
    block = {"type": "text", "text": 'say "content":[{} \\ ü', **MARK}
    before = messages({"role": "user", "content": [block]}, system=[{**block, "text": "Be brief.\nBe kind."}])
    now = messages({"role": "user", "content": block["text"]})
    assert of(before, "messages", separators) == of(now, "messages", separators)


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "x"}, {"type": "text", "text": "x"}],
        [{"type": "text", "text": "x", "citations": []}],
        [{"type": "image", "text": "x"}],
        [],
        '[{"type":"text","text":"x"}]',
        ',"cache_control":{"type":"ephemeral"}',
        'x","cache_control":{"type":"ephemeral"},"y":"',
    ],
)
def test_other_contents_are_told_apart_from_the_text(content: object) -> None:
    different = messages({"role": "user", "content": content})
    assert of(different, "messages") != of(messages({"role": "user", "content": "x"}), "messages")


def test_claude_code_s_billing_line_is_noise_and_told_by_its_place() -> None:
    line = "x-anthropic-billing-header: cc_version=2.1.329; cc_entrypoint=sdk-cli; cch={}; cc_prev_req=req_{}; cc_turn_index={};"
    before, now = (
        of(
            messages({"role": "user", "content": "hi"}, system=[{"type": "text", "text": line.format(*values)}]),
            "messages",
        )
        for values in (("4b76c", "01190625606db354c7891e5", 1), ("93aa0", "0115097562a2b254ae3b112", 2))
    )
    change = CacheAligner(32).compare(before, now)
    assert (change.verdict, change.where) == (PrefixVerdict.NOISE, "system 2")
    assert 0 < change.changed_tokens <= 32


def test_leading_system_messages_of_chat_are_system_text_and_later_ones_conversation() -> None:
    system, user = {"role": "system", "content": "one\ntwo"}, {"role": "user", "content": "hi"}
    answer = {"role": "assistant", "content": "yes"}
    found = of({"messages": [system, user, answer, system]}, "chat")
    assert [item.section for item in found] == [
        Section.SYSTEM,
        Section.SYSTEM,
        Section.CLIENT,
        Section.ANSWER,
        Section.CLIENT,
    ]


def test_items_of_responses_are_told_apart_by_who_made_them() -> None:
    body = {
        "instructions": "Be brief.",
        "input": [
            {"type": "additional_tools", "role": "developer", "tools": [{"name": "a"}, {"name": "b"}]},
            {"role": "developer", "content": "rules"},
            {"role": "user", "content": "hi"},
            {"type": "reasoning", "encrypted_content": "x"},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "x"},
            {"type": "message", "role": "assistant", "content": "done"},
        ],
    }
    sections = [item.section for item in of(body, "responses")]
    head = [Section.SYSTEM, Section.TOOLS, Section.TOOLS, Section.SYSTEM]
    assert sections == [*head, Section.CLIENT, Section.ANSWER, Section.ANSWER, Section.CLIENT, Section.ANSWER]


@pytest.mark.parametrize("key", ["previous_response_id", "conversation"])
def test_a_request_whose_history_the_server_holds_tells_nothing(key: str) -> None:
    item = {"type": "function_call_output", "call_id": "c", "output": "x"}
    assert not of({key: "resp_1", "input": [item]}, "responses")
    assert of({key: None, "input": [item]}, "responses")


def test_system_texts_of_very_many_lines_are_one_item() -> None:
    assert len(of({"messages": [{"role": "system", "content": "a\n" * 10_000}]}, "chat")) == 1


def test_prompts_of_very_many_items_are_not_followed() -> None:
    assert not of({"messages": [{"role": "user", "content": "a"}] * 30_000}, "chat")


@pytest.mark.parametrize("request_body", recorded.bodies(), ids=str)
def test_damaged_requests_are_read_or_tell_nothing(request_body: recorded.Recorded) -> None:
    choice = random.Random(str(request_body))
    for _ in range(8):
        body = bytearray(request_body.body)
        for _ in range(6):
            at = choice.randrange(len(body))
            body[at : at + choice.randrange(3)] = choice.choice([b"", b'"', b"{", b"]", b",", b"\\", b"null", b"\xff"])
        with suppress(NotJson):
            root = parse(bytes(body))
            if isinstance(found := detect(root), Detected):
                list(Prompt.of(root, found.shape).prefix())


def test_reading_is_linear_and_fast() -> None:
    """200 MB/s and more on a quiet machine; the bound here leaves room for a busy one."""

    def seconds(outputs: int) -> float:
        outputs_of = {"role": "tool", "tool_call_id": "c", "content": 'a line with "content" in it\n' * 10_000}
        root = parse(json.dumps({"messages": [{"role": "user", "content": "a"}, *[outputs_of] * outputs]}).encode())
        times = []
        for _ in range(3):
            started = time.process_time()
            Prompt.of(root, "chat").prefix()
            times.append((time.process_time() - started) * 1e6 / len(root.raw))
        return min(times)

    assert seconds(4) < 1 / 40
    assert seconds(32) < 3 * seconds(4)


GEMINI: Body = {
    "systemInstruction": {"parts": [{"text": "s1\ns2"}]},
    "tools": [{"functionDeclarations": []}],
    "contents": [{"role": "user", "parts": [{"text": "x"}]}, {"parts": [{"text": "y"}], "role": "model"}],
}
CONVERSE: Body = {
    "system": [{"text": "s"}],
    "toolConfig": {"tools": [{"toolSpec": {}}, {"toolSpec": {"name": "b"}}]},
    "messages": [{"role": "user", "content": [{"text": "x"}]}, {"role": "assistant", "content": [{"text": "y"}]}],
}


@pytest.mark.parametrize(
    ("body", "sections"),
    [
        (GEMINI, "tools system system client answer"),
        ({"model": "g", "project": "p", "request": GEMINI}, "model tools system system client answer"),
        (CONVERSE, "tools tools system client answer"),
    ],
    ids=["gemini", "gemini with a login", "converse"],
)
def test_a_prompt_is_read_in_the_order_of_the_cache_wherever_its_parts_stand(body: Body, sections: str) -> None:
    root = parse(json.dumps(body).encode())
    found = detect(root)
    assert isinstance(found, Detected)
    assert " ".join(item.section.name.lower() for item in Prompt.of(root, found.shape).prefix()) == sections
