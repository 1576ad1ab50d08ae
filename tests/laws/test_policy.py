"""Law 8: each field of the policy changes what is sent, all else being equal."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from addon.deadline import Deadline
from addon.deciding import settle
from addon.pipeline import compress
from addon.request import Request
from addon.rules import Rules
from addon.settings import Settings
from addon.shapes.detect import Detected, detect
from addon.shapes.json_spans import parse
from addon.store.state import State
from tests.laws.forms import FORMS
from transforms.compression_policy import AuthMode, CompressionPolicy, policy_for_mode
from transforms.tokenizer import count_tokens

APART = frozenset({"cache_aligner_enabled"})
"""Fields with a test of their own: they change something else than tool outputs."""
LOG = next(form for form in FORMS if form.name == "test run").text(40_000)
RECORDS = next(form for form in FORMS if form.name == "JSON records").text(20_000)
SMALL = next(form for form in FORMS if form.name == "JSON records").text(900)


def request(outputs: dict[int, str], *, turns_after: int = 0) -> bytes:
    """A Chat request: the same command again and again, its outputs by the number of the call, then further turns."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "look at it"}]
    for number, output in outputs.items():
        function = {"name": "bash", "arguments": '{"command":"make check"}'}
        call = {"id": f"call_{number}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"call_{number}", "content": output})
    for _ in range(turns_after):
        messages += [{"role": "assistant", "content": "a step"}, {"role": "user", "content": "go on"}]
    return json.dumps({"model": "m", "messages": messages}).encode()


@dataclass(frozen=True, slots=True)
class Case:
    """Two values of one field, and the requests after which they differ."""

    field: str
    careful: Any
    """More of the last request's tool outputs is sent with this one."""
    bold: Any
    requests: tuple[bytes, ...]

    def __str__(self) -> str:
        return self.field


CASES = (
    Case("live_zone_only", True, False, (request({0: RECORDS}, turns_after=30),)),
    Case("volatile_token_threshold", 1000, 100, (request({0: SMALL}),)),
    Case("max_lossy_ratio", 0.0, 0.45, (request({0: LOG}),)),
    Case(
        "toin_read_only",
        False,
        True,
        (*(request({0: LOG, again: LOG}) for again in range(9)), request({9: LOG.replace("unit", "part")})),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_field_of_the_policy_changes_what_is_sent(case: Case, tmp_path: Path) -> None:
    policy = policy_for_mode(AuthMode.PAYG)
    careful, bold = (
        last_sent(case.requests, policy.model_copy(update={case.field: value}), tmp_path / str(value))
        for value in (case.careful, case.bold)
    )
    assert sum(map(count_tokens, bold)) < sum(map(count_tokens, careful))


def last_sent(requests: tuple[bytes, ...], policy: CompressionPolicy, home: Path) -> list[str]:
    """The tool outputs as they stand in the last of the requests when it leaves."""
    state = State.open(home)
    settings = Settings.parse({"home": str(home), "min_tokens": "0"})
    try:
        return [list(sent(body, settings, policy, state)) for body in requests][-1]
    finally:
        state.close()


def sent(body: bytes, settings: Settings, policy: CompressionPolicy, state: State) -> Iterator[str]:
    detected = detect(parse(body))
    assert isinstance(detected, Detected)
    rules = Rules(settings, policy, AuthMode.PAYG, Deadline(time.monotonic() + 60), keep=None)
    verdicts = settle(detected, body, rules, state)
    for slot, key in zip(detected.slots, verdicts.keys, strict=True):
        yield verdicts.decisions[key].replacement or slot.text


def test_no_field_of_the_policy_is_without_a_case() -> None:
    assert {case.field for case in CASES} | APART == set(CompressionPolicy.model_fields)
    assert APART.isdisjoint(case.field for case in CASES)


@pytest.mark.parametrize(
    ("mode", "acts"), [(AuthMode.PAYG, True), (AuthMode.OAUTH, False), (AuthMode.SUBSCRIPTION, False)]
)
def test_the_cache_aligner_acts_only_where_the_policy_lets_it(mode: AuthMode, acts: bool, tmp_path: Path) -> None:
    state = State.open(tmp_path)
    settings = Settings.parse({"home": str(tmp_path), "prompt_cache_key": "on"})
    body = request({0: "short"})
    asked = Request(body, "", mode, "test", Deadline(time.monotonic() + 60), takes_cache_key=True)
    outcome = compress(asked, settings, state)
    state.close()
    assert (b'"prompt_cache_key":' in outcome.body) == outcome.log.cache_hint == acts
    assert acts or outcome.body is body


@pytest.mark.parametrize("field", [field for field in CompressionPolicy.model_fields if field != "toin_read_only"])
def test_the_auth_modes_differ_in_every_field(field: str) -> None:
    assert getattr(policy_for_mode(AuthMode.PAYG), field) != getattr(policy_for_mode(AuthMode.SUBSCRIPTION), field)
    assert getattr(policy_for_mode(AuthMode.PAYG), field) != getattr(policy_for_mode(AuthMode.OAUTH), field)
