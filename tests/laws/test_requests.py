"""Laws 2 to 6 over every recorded request: bytes, prefix, size, and what is touched at all."""

import json
import random
from pathlib import Path

import pytest

from addon.settings import Settings
from addon.store.ledger import FrontedLedger
from addon.store.sqlite_ledger import SqliteLedger
from tests.laws.conversations import PlainLedger, items, restored, sent, slot_nodes, turns
from tests.recorded import Recorded, bodies, frames
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason
from transforms.tokenizer import count_tokens

BODIES = bodies()
REWRITE = {"attach": "rewrite", "time_budget_ms": "60000"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.parse({**REWRITE, "home": str(tmp_path)})


@pytest.mark.parametrize("recorded", [*BODIES, *frames()], ids=str)
def test_with_the_tool_outputs_put_back_the_outgoing_bytes_are_the_incoming_bytes(
    recorded: Recorded, settings: Settings
) -> None:
    outcome = sent(recorded.body, settings)
    assert restored(outcome.body, recorded.body) == recorded.body
    assert outcome.log.failures == ()
    if outcome.log.decision is not Reason.COMPRESSED:
        assert outcome.body is recorded.body


@pytest.mark.parametrize("recorded", BODIES, ids=str)
def test_what_is_sent_has_fewer_tokens_or_is_the_original(recorded: Recorded, settings: Settings) -> None:
    outcome = sent(recorded.body, settings)
    pairs = zip(slot_nodes(recorded.body), slot_nodes(outcome.body), strict=True)
    for (before, after), entry in zip(pairs, outcome.log.entries, strict=True):
        changed = before.text() != after.text()
        assert changed == (entry.tokens_after < entry.tokens_before) == (entry.reason is Reason.COMPRESSED)
        if changed:
            assert count_tokens(after.text() or "") < count_tokens(before.text() or "")


@pytest.mark.parametrize("recorded", BODIES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_mutated_requests_pass_with_every_other_byte_the_same(
    recorded: Recorded, seed: int, settings: Settings
) -> None:
    body = mutated(recorded.body, random.Random(f"{recorded} {seed}"))
    outcome = sent(body, settings)
    if outcome.body is not body:
        assert restored(outcome.body, body) == body


def mutated(body: bytes, choice: random.Random) -> bytes:
    """The body with bytes changed, doubled or lost; most results are still close to JSON, some are JSON."""
    changed = bytearray(body)
    for _ in range(choice.choice([1, 1, 1, 5, 50])):
        at = choice.randrange(len(changed))
        match choice.randrange(4):
            case 0:
                changed[at] = choice.randrange(256)
            case 1:
                del changed[at : at + choice.choice([1, 10, 1000])]
            case 2:
                changed[at:at] = choice.choice(
                    [b" ", b"\\n", b"\\ud800", b"\\u0000", "\u2028".encode(), b"9", b'"', b"\x1b[31m"]
                )
            case _:
                changed[at:at] = changed[at : at + choice.choice([1, 20, 500])]
    return bytes(changed)


@pytest.mark.parametrize("spelling", ["spaced", "ascii", "indented", "bom"])
@pytest.mark.parametrize("recorded", BODIES[::4], ids=str)
def test_other_spellings_of_the_same_request_keep_their_bytes_too(
    recorded: Recorded, spelling: str, settings: Settings
) -> None:
    value = json.loads(recorded.body)
    body = {
        "spaced": lambda: json.dumps(value).encode(),
        "ascii": lambda: json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode(),
        "indented": lambda: json.dumps(value, indent=1, ensure_ascii=False).encode(),
        "bom": lambda: b"\xef\xbb\xbf" + recorded.body,
    }[spelling]()
    outcome = sent(body, settings)
    assert restored(outcome.body, body) == body
    assert outcome.log.decision is sent(recorded.body, settings).log.decision


@pytest.mark.parametrize("recorded", [body for body in BODIES if len(list(turns(body.body))) > 1], ids=str)
def test_what_was_sent_for_a_turn_is_a_prefix_of_what_is_sent_for_the_next(recorded: Recorded, tmp_path: Path) -> None:
    """Over restarts and with settings changed on the way, which must not change what was decided before."""
    earlier: list[object] = []
    for number, body in enumerate(turns(recorded.body)):
        changing = {"max_lossy_ratio": "0" if number % 3 == 1 else "", "min_tokens": str(number % 2 * 300)}
        settings = Settings.parse({**changing, "home": str(tmp_path), "mode": "shadow" if number == 4 else "compress"})
        ledger = FrontedLedger(SqliteLedger.open(tmp_path))
        first = sent(body, settings, ledger)
        again = sent(body, settings, ledger)
        ledger.close()
        assert again.body == first.body, "a retry is sent as the first try was"
        now = items(first.body)
        assert now[: len(earlier)] == earlier
        earlier = list(now)


@pytest.mark.parametrize("recorded", BODIES[::3], ids=str)
def test_the_same_request_is_rewritten_the_same_way_by_an_empty_ledger(recorded: Recorded, settings: Settings) -> None:
    assert sent(recorded.body, settings).body == sent(recorded.body, settings).body


@pytest.mark.parametrize("recorded", BODIES[::3], ids=str)
def test_attached_in_the_middle_what_was_sent_before_stays_as_it_was(recorded: Recorded, tmp_path: Path) -> None:
    outcome = sent(recorded.body, Settings.parse({"home": str(tmp_path)}))
    for entry, before, after in zip(
        outcome.log.entries, slot_nodes(recorded.body), slot_nodes(outcome.body), strict=True
    ):
        if entry.reason is Reason.BEFORE_ATTACH:
            assert before.text() == after.text()
    assert {e.reason for e in outcome.log.entries} - {Reason.BEFORE_ATTACH} or not outcome.log.entries


@pytest.mark.parametrize("mode", ["shadow", "off"])
def test_shadow_and_off_forward_untouched_and_compress_later_does_not_change_it(mode: str, tmp_path: Path) -> None:
    body = next(b.body for b in BODIES if b.name.startswith("chat__sdkpy"))
    ledger = PlainLedger()
    values = {**REWRITE, "home": str(tmp_path)}
    untouched = sent(body, Settings.parse({**values, "mode": mode}), ledger)
    assert untouched.body is body
    assert untouched.log.tokens_after == untouched.log.tokens_before
    assert (mode == "shadow") == any(entry.shadow_tokens for entry in untouched.log.entries)
    assert sent(body, Settings.parse(values), ledger).body is body


def test_what_was_rewritten_is_replayed_in_shadow_and_off(settings: Settings) -> None:
    body = next(b.body for b in BODIES if b.name.startswith("chat__sdkpy"))
    ledger = PlainLedger()
    first = sent(body, settings, ledger)
    for mode in ("shadow", "off"):
        replay = sent(body, settings.model_copy(update={"mode": mode}), ledger)
        assert replay.body == first.body
        assert replay.log.decision is Reason.REPLAYED


def test_an_auth_mode_that_is_not_listed_is_decided_and_logged_only(settings: Settings) -> None:
    body = next(b.body for b in BODIES if b.name.startswith("chat__sdkpy"))
    only_payg = settings.model_copy(update={"auth_modes": frozenset({AuthMode.PAYG})})
    outcome = sent(body, only_payg, auth_mode=AuthMode.SUBSCRIPTION)
    assert outcome.body is body
    assert any(entry.reason is Reason.AUTH_MODE and entry.shadow_tokens for entry in outcome.log.entries)
