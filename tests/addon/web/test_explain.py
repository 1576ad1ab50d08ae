"""The pages of single requests: what was decided and left out, for who knows the request's id."""

from pathlib import Path

import orjson

from addon.routing_log import Entry, Omitted, RoutingLog
from addon.sinks import metadata
from addon.web import recent
from addon.web.recent import Recent
from tests.addon.web.rig import ask
from transforms.compression_policy import AuthMode, resolve_policy
from transforms.contract import Loss
from transforms.reasons import Reason

ORIGINAL = "1" * 21


def remembered() -> Recent:
    gaps = [Omitted(original=ORIGINAL, unit="lines", first=first, last=first + 90) for first in (6, 200)]
    entry = Entry(
        block=0,
        tool="Bash",
        transform_name="log_sampler",
        reason=Reason.COMPRESSED,
        loss=Loss.LOSSY,
        compression_ratio=0.4,
        tokens_before=1000,
        tokens_after=400,
        omitted=tuple(gaps),
    )
    log = RoutingLog(
        decision=Reason.COMPRESSED,
        shape="chat",
        client="codex",
        auth_mode=AuthMode.PAYG,
        mode="compress",
        policy=resolve_policy(AuthMode.PAYG),
        failures=("OSError: no space",),
        tokens_before=1000,
        tokens_after=400,
        entries=(entry,),
    )
    kept = Recent()
    kept.put("older", metadata(RoutingLog(decision=Reason.NOT_JSON)))
    kept.put("newer", metadata(log))
    return kept


def test_a_request_has_the_map_of_what_was_left_out(tmp_path: Path) -> None:
    facts = orjson.loads(ask(tmp_path, "/r/newer", recent=remembered()).body)
    assert facts["entries"][0]["omitted"] == [
        {"original": ORIGINAL, "unit": "lines", "first": 6, "last": 96},
        {"original": ORIGINAL, "unit": "lines", "first": 200, "last": 290},
    ]


def test_the_same_in_words(tmp_path: Path) -> None:
    assert ask(tmp_path, "/r/newer?format=text", recent=remembered()).body.decode() == (
        "request newer: compressed · chat · 1,000 > 400 tokens of tool outputs · held 0 ms\n"
        "client: codex, payg, mode compress\n"
        "policy: cache_aligner_enabled True, live_zone_only False, max_lossy_ratio 0.45, toin_read_only False, "
        "volatile_token_threshold 128\n"
        "failure: OSError: no space\n"
        "block 0: Bash · 1,000 > 400 tokens, -60% · compressed, lossy, log_sampler\n"
        f"  left out of original {ORIGINAL}: lines 6-96, 200-290\n"
    )


def test_the_turns_of_a_socket_are_told_once_each(tmp_path: Path) -> None:
    kept = remembered()
    turn = kept.get("newer") or {}
    kept.put("socket", {**turn, "turns": [turn, turn]})
    told = ask(tmp_path, "/r/socket?format=text", recent=kept).body.decode()
    assert (told.count("turn: compressed"), told.count("block 0: Bash"), told.count("left out of")) == (2, 2, 2)


def test_the_last_request_is_for_the_owner_only(tmp_path: Path) -> None:
    kept = remembered()
    assert ask(tmp_path, "/r/last", recent=kept).status == 401
    assert orjson.loads(ask(tmp_path, "/r/last", recent=kept, token=True).body)["request"] == "newer"
    assert ask(tmp_path, "/r/last", token=True).status == 404


def test_an_unknown_request_is_not_found(tmp_path: Path) -> None:
    assert ask(tmp_path, "/r/another", recent=remembered()).status == 404


def test_what_is_remembered_is_bounded_in_number_and_size() -> None:
    kept = Recent()
    for number in range(recent._MOST + 5):
        kept.put(f"{number}", {"n": number})
    assert kept.get("4") is None
    assert kept.get("5") == {"n": 5}
    kept.put("huge", {"text": "x" * (recent._MOST_BYTES - 20)})
    assert kept.get(f"{recent._MOST}") is None
    assert kept.last() == "huge"
    kept.put("huge", {"text": ""})
    kept.put("next", {})
    assert kept.get("huge") == {"text": ""}
