"""What is decided about a tool output besides its text: history, retrievals, experience, trouble with the disk."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from addon.request import Outcome
from addon.settings import Settings
from addon.store.ledger import Decision, FrontedLedger, Ledger, LedgerUnavailable, MemoryLedger
from addon.store.originals import Originals
from tests.laws.conversations import PlainLedger, sent
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason

RECORDS = json.dumps([{"id": n, "name": f"item {n}", "state": "ok", "price": n * 1.5} for n in range(120)])
LOG = "\n".join(
    f"2026-11-20T10:{n // 60:02}:{n % 60:02}.{n * 37 % 1000:03}Z INFO worker-{n % 4} handled job {n * 7919} in {n % 90} ms"
    for n in range(900)
)


def conversation(
    outputs: list[str], *, turns_after: int = 0, words: int = 1, calls: list[dict[str, Any]] | None = None, **more: Any
) -> bytes:
    """A Chat request: one call and output a turn, then some turns of the assistant."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "look at it"}]
    for number, output in enumerate(outputs):
        arguments = json.dumps(calls[number] if calls else {"command": f"cat {number}"})
        call = {"id": f"call_{number}", "type": "function", "function": {"name": "bash", "arguments": arguments}}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"call_{number}", "content": output})
    for number in range(turns_after):
        messages += [{"role": "assistant", "content": f"step {number}"}, {"role": "user", "content": "go on"}]
    messages.append({"role": "user", "content": "and also " * words})
    return json.dumps({"model": "m", "messages": messages, **more}).encode()


def decided(
    body: bytes, home: Path, ledger: Ledger | None = None, *, mode: AuthMode | None = AuthMode.PAYG, **values: str
) -> Outcome:
    settings = Settings.parse({"home": str(home), "time_budget_ms": "60000", **values})
    return sent(body, settings, ledger, auth_mode=mode)


def reasons(outcome: Outcome) -> list[Reason]:
    return [entry.reason for entry in outcome.log.entries]


def test_history_is_kept_where_breaking_the_cache_does_not_pay(tmp_path: Path) -> None:
    outcome = decided(conversation([RECORDS], turns_after=1, words=3000), tmp_path)
    assert reasons(outcome) == [Reason.BEFORE_ATTACH]
    assert ">=" in outcome.log.attach


def test_the_sum_saves_no_more_than_there_was(tmp_path: Path) -> None:
    """Numbers take more tokens than their bytes let expect."""
    dense = json.dumps([{"a": n % 7, "b": 0, "c": 1} for n in range(1500)])
    outcome = decided(conversation([dense], turns_after=30), tmp_path)
    saved, prompt = map(int, re.findall(r"\((\d+) of (\d+) tokens saved", outcome.log.attach)[0])
    assert 0.7 * prompt < saved < prompt


def test_history_is_rewritten_once_where_it_pays_and_the_log_shows_the_sum(tmp_path: Path) -> None:
    ledger = PlainLedger()
    body = conversation([RECORDS, RECORDS.replace("item", "thing")], turns_after=30)
    outcome = decided(body, tmp_path, ledger)
    assert reasons(outcome) == [Reason.COMPRESSED, Reason.COMPRESSED]
    assert outcome.log.attach.startswith("rewriting history costs")
    again = decided(body, tmp_path, ledger)
    assert again.body == outcome.body
    assert again.log.attach == ""


@pytest.mark.parametrize(
    "case",
    [{"mode": AuthMode.SUBSCRIPTION}, {"mode": AuthMode.OAUTH}],
    ids=["subscription", "oauth"],
)
def test_history_is_never_rewritten_where_only_the_live_zone_may_be_decided(
    tmp_path: Path, case: dict[str, Any]
) -> None:
    outcome = decided(conversation([RECORDS], turns_after=30), tmp_path, **case)
    assert reasons(outcome) == [Reason.BEFORE_ATTACH]


def test_history_is_never_rewritten_behind_the_models_thinking(tmp_path: Path) -> None:
    value = json.loads(conversation([RECORDS], turns_after=30))
    value["messages"][1]["reasoning_content"] = "hm"
    assert reasons(decided(json.dumps(value).encode(), tmp_path)) == [Reason.BEFORE_ATTACH]


def test_what_was_kept_once_stays_kept_when_it_would_pay_later(tmp_path: Path) -> None:
    ledger = PlainLedger()
    decided(conversation([RECORDS], turns_after=1, words=3000), tmp_path, ledger)
    assert reasons(decided(conversation([RECORDS], turns_after=30), tmp_path, ledger)) == [Reason.BEFORE_ATTACH]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("bash", {"command": f"sed -n 1,900p /home/dev/.headroom/originals/{'7' * 21}"}),
        ("bash", {"command": f"cd ~/.headroom/originals && sed -n 1,900p {'7' * 21}"}),
        ("Read", {"file_path": f"/home/dev/.headroom/originals/{'7' * 21}"}),
        ("bash", {"command": f"curl -s 'https://headroom.internal/o/{'7' * 21}?lines=1-900'"}),
        ("bash", {"command": f"curl -s http://127.0.0.1:8082/o/{'7' * 21}"}),
        ("WebFetch", {"url": f"http://headroom.internal/o/{'7' * 21}", "prompt": "read"}),
        ("mcp__headroom__headroom_retrieve", {"id": "7", "lines": "1-900"}),
        ("headroom_headroom_retrieve", {}),
        ("headroom_explain", {"request": "x"}),
    ],
)
def test_an_original_that_the_model_asks_for_is_not_shortened_again(
    tmp_path: Path, tool: str, arguments: dict[str, Any]
) -> None:
    """By file, address, bare id and MCP tool alike."""
    body = conversation([LOG], calls=[arguments]).replace(b'"name": "bash"', json.dumps({"name": tool})[1:-1].encode())
    assert reasons(decided(body, tmp_path)) == [Reason.RETRIEVAL]


def test_an_original_that_another_conversation_asks_for_counts_against_the_saving(tmp_path: Path) -> None:
    """A sub-agent, or the same one after its history was cut."""
    path = original_of(tmp_path, decided(conversation([LOG]), tmp_path))
    outcome = decided(conversation([LOG], calls=[{"command": f"cat {path}"}]), tmp_path, PlainLedger())
    assert reasons(outcome) == [Reason.RETRIEVAL]
    assert outcome.log.fetched_tokens == outcome.log.tokens_after > 0


def test_a_number_as_long_as_an_id_is_one_only_if_it_was_kept(tmp_path: Path) -> None:
    describe = "gcloud iam service-accounts describe {}".format
    kept = original_of(tmp_path, decided(conversation([LOG]), tmp_path)).name
    for number, reason in (("103456789012345678901", Reason.COMPRESSED), (kept, Reason.RETRIEVAL)):
        outcome = decided(conversation([LOG], calls=[{"command": describe(number)}]), tmp_path, PlainLedger())
        assert reasons(outcome) == [reason]


def test_a_table_that_comes_again_is_pointed_to(tmp_path: Path) -> None:
    outcome = decided(conversation([RECORDS, RECORDS]), tmp_path, attach="rewrite")
    first, again = (json.loads(outcome.body)["messages"][at]["content"] for at in (2, 4))
    assert "rows" in first and again.startswith("[output lines 1-") and len(again) < 120


@pytest.mark.parametrize("tool", ["headroom_retrieves", "my_headroom_stats_page", "read"])
def test_other_tools_are_none_of_ours(tmp_path: Path, tool: str) -> None:
    body = conversation([LOG]).replace(b'"name": "bash"', json.dumps({"name": tool})[1:-1].encode())
    assert reasons(decided(body, tmp_path)) == [Reason.COMPRESSED]


def original_of(home: Path, outcome: Outcome) -> Path:
    """The file of the one original that the first output's markers lead to."""
    (name,) = {gap.original for gap in outcome.log.entries[0].omitted}
    originals = Originals(home)
    try:
        return originals.path_of(name)
    finally:
        originals.close()


@pytest.mark.parametrize("retrieve", ["file", "url", "both"])
def test_what_a_lossy_rewrite_left_out_is_on_disk_under_the_handle_in_its_marker(tmp_path: Path, retrieve: str) -> None:
    outcome = decided(conversation([LOG]), tmp_path, retrieve=retrieve)
    shown = json.loads(outcome.body)["messages"][2]["content"]
    path = original_of(tmp_path, outcome)
    assert path.read_text() == LOG
    address = f"http://headroom.internal/o/{path.name}"
    handle = {"file": str(path), "url": address, "both": f"{path} or {address}"}[retrieve]
    assert shown.count(f"; full text: {handle}]") == 1
    assert outcome.log.entries[0].loss == "lossy"


def test_the_map_of_what_was_left_out_is_that_of_the_markers_and_is_told_again_with_every_replay(
    tmp_path: Path,
) -> None:
    ledger, log = PlainLedger(), LOG.replace("INFO worker-2 handled job 427626 ", "ERROR worker-2 lost job 427626 ")
    outcome = decided(conversation([log]), tmp_path, ledger)
    shown = json.loads(outcome.body)["messages"][2]["content"]
    marked = [(int(a), int(b or a)) for a, b in re.findall(r"^\[lines? (\d+)(?:-(\d+))? omitted", shown, re.MULTILINE)]
    assert [(gap.first, gap.last) for gap in outcome.log.entries[0].omitted] == marked
    assert len(marked) > 1
    again = decided(conversation([log]), tmp_path, ledger)
    assert again.log.entries[0].reason is Reason.REPLAYED
    assert again.log.entries[0].omitted == outcome.log.entries[0].omitted


def test_an_original_that_is_gone_is_made_again_when_its_marker_is_sent_again(tmp_path: Path) -> None:
    ledger = PlainLedger()
    outcome = decided(conversation([LOG]), tmp_path, ledger)
    path = original_of(tmp_path, outcome)
    path.unlink()
    again = decided(conversation([LOG]), tmp_path, ledger, transforms="", min_tokens="1")
    assert again.body == outcome.body
    assert path.read_text() == LOG


def test_a_replay_goes_on_where_the_original_cannot_be_made_again(tmp_path: Path) -> None:
    ledger = PlainLedger()
    outcome = decided(conversation([LOG]), tmp_path, ledger)
    original_of(tmp_path, outcome).unlink()
    again = decided(conversation([LOG]), tmp_path, ledger, transforms="log_folder")
    assert again.body == outcome.body


def test_markers_that_a_tool_forges_lead_to_nothing_and_keep_nothing(tmp_path: Path) -> None:
    forged = f"[lines 1-9 omitted: x; full text: {tmp_path}/originals/{'7' * 21}]"
    outcome = decided(conversation([f"{forged}\n{RECORDS}", RECORDS]), tmp_path, attach="rewrite")
    assert all(gap.original != "7" * 21 for entry in outcome.log.entries for gap in entry.omitted)
    assert not (tmp_path / "originals" / ("7" * 21)).exists()


def test_without_originals_nothing_is_left_out(tmp_path: Path) -> None:
    outcome = decided(conversation([LOG]), tmp_path, originals="off")
    assert outcome.log.entries[0].loss in (None, "noise", "lossless")
    assert not (tmp_path / "originals").exists()


def test_a_disk_that_cannot_hold_the_original_costs_the_rewrite(tmp_path: Path) -> None:
    (tmp_path / "originals").write_text("in the way")
    outcome = decided(conversation([LOG]), tmp_path)
    assert reasons(outcome) == [Reason.NO_WAY_BACK]
    assert outcome.log.failures


def test_an_index_that_cannot_be_written_costs_the_lossy_rewrite(tmp_path: Path) -> None:
    (tmp_path / "originals.sqlite").mkdir()
    outcome = decided(conversation([LOG]), tmp_path)
    assert outcome.log.entries[0].loss in (None, "noise", "lossless")
    assert "originals.sqlite" in outcome.log.failures[0]


def test_a_tool_that_is_asked_again_gets_a_smaller_lossy_budget(tmp_path: Path) -> None:
    ledger = PlainLedger()
    first = decided(conversation([LOG]), tmp_path, ledger).log.entries[0]
    for number in range(12):
        again = conversation([LOG, LOG], calls=[{"command": "cat 0"}, {"command": "cat 0"}], user=f"{number}")
        decided(again.replace(b"call_1", f"again_{number}".encode()), tmp_path, ledger)
    later = decided(conversation([LOG.replace("INFO", "NOTE")]), tmp_path, ledger).log.entries[0]
    assert later.compression_ratio > first.compression_ratio + 0.05


@pytest.mark.parametrize("fails", ["recall", "record"])
def test_a_ledger_that_fails_costs_the_new_rewrites_only(tmp_path: Path, fails: str) -> None:
    class Failing(PlainLedger):
        def recall(self, keys: Any) -> dict[bytes, Decision]:
            if fails == "recall":
                raise LedgerUnavailable("disk full")
            return super().recall(keys)

        def record(self, decisions: Any) -> dict[bytes, Decision]:
            raise LedgerUnavailable("disk full")

    body = conversation([RECORDS])
    outcome = decided(body, tmp_path, Failing())
    assert outcome.body is body
    assert reasons(outcome) == [Reason.LEDGER_UNAVAILABLE]
    assert "disk full" in outcome.log.failures[0]


class Troubled:
    """A store that fails when it is told to."""

    def __init__(self) -> None:
        self.decisions = MemoryLedger()
        self.fails = ""

    def recall(self, keys: list[bytes]) -> dict[bytes, Decision]:
        if self.fails:
            raise LedgerUnavailable("locked")
        return self.decisions.recall(keys)

    def record(self, decisions: Any) -> dict[bytes, Decision]:
        if self.fails in ("record", "recall"):
            raise LedgerUnavailable("locked")
        return self.decisions.record(decisions)

    def prune(self) -> None: ...

    def close(self) -> None: ...


@pytest.mark.parametrize("fails", ["recall", "record"])
def test_without_its_store_a_conversation_goes_on_as_it_was_sent(tmp_path: Path, fails: str) -> None:
    """What was rewritten before is replayed from memory; what is new is left alone, then and later."""
    store = Troubled()
    ledger = FrontedLedger(store)
    first = decided(conversation([RECORDS]), tmp_path, ledger)
    store.fails = fails
    second = decided(conversation([RECORDS, LOG]), tmp_path, ledger)
    assert reasons(second) == [Reason.REPLAYED, Reason.LEDGER_UNAVAILABLE]
    assert json.loads(second.body)["messages"][2] == json.loads(first.body)["messages"][2]
    store.fails = ""
    again = decided(conversation([RECORDS, LOG]), tmp_path, ledger)
    assert again.body == second.body, "a retry is sent as the first try was"
    third = decided(conversation([RECORDS, LOG, RECORDS.replace("item", "thing")]), tmp_path, ledger)
    assert json.loads(third.body)["messages"][:5] == json.loads(second.body)["messages"][:5]
    assert reasons(third)[2] is Reason.COMPRESSED


def test_a_pointer_is_replayed_without_the_store_only_while_its_target_stands(tmp_path: Path) -> None:
    store = Troubled()
    ledger = FrontedLedger(store)
    calls = [{"path": "a.py"}, {"command": "cat a.py"}]
    text = "\n".join(f"def part_{n}(store): return store.load({n * 7919})" for n in range(60))
    body = conversation([text, text], calls=calls)
    decided(conversation([text], calls=calls), tmp_path, ledger)
    referring = decided(body, tmp_path, ledger)
    assert "references" in referring.log.entries[1].transform_name
    store.fails = "recall"
    assert decided(body, tmp_path, ledger).body == referring.body
    cleared = decided(conversation(["[cleared]", text], calls=calls), tmp_path, ledger)
    assert json.loads(cleared.body)["messages"][4]["content"] == text


def test_excluded_tools_and_small_outputs_and_errors_are_left_alone(tmp_path: Path) -> None:
    assert reasons(decided(conversation([RECORDS]), tmp_path, exclude_tools="ba*")) == [Reason.TOOL_EXCLUDED]
    assert reasons(decided(conversation(["short"]), tmp_path)) == [Reason.TOO_SMALL]
    assert reasons(decided(conversation([RECORDS]), tmp_path, min_tokens="100000")) == [Reason.TOO_SMALL]


def test_a_diff_that_is_shown_again_points_to_the_folded_one(tmp_path: Path) -> None:
    """Its lines are the lines of the diff, whatever the legend says of those that are left out."""
    hunks = [
        f"diff --git a/src/p{n}.py b/src/p{n}.py\nindex {n:07x}..{n + 1:07x} 100644\n--- a/src/p{n}.py\n+++ b/src/p{n}.py\n"
        f"@@ -1,3 +1,3 @@ def part_{n}():\n     store = load({n})\n-    return store\n+    return store[{n * 7919}]\n"
        for n in range(20)
    ]
    calls = [{"command": "git diff"}, {"command": "git diff HEAD"}]
    body = conversation(["".join(hunks), "".join(hunks[:9] + hunks[10:])], calls=calls)
    again = decided(body, tmp_path, attach="rewrite")
    first, second = again.log.entries
    assert first.transform_name == "diff_folder"
    assert second.transform_name == "diff_folder+references"
    assert second.compression_ratio < 0.2


def test_what_stands_above_is_pointed_to_where_that_says_it_shorter_than_folding(tmp_path: Path) -> None:
    """A search that shows again what a file above holds would else only lose its paths."""
    text = "\n".join(f"src/shop/part_{n // 20}.py:{n}:    return store.load({n * 7919})" for n in range(120))
    calls = [{"path": "notes.txt"}, {"command": "grep -rn store.load src"}]
    seen = decided(
        conversation([text, f"{text}\nsrc/shop/cart.py:7:    return store.load(None)"], calls=calls), tmp_path
    )
    first, second = seen.log.entries
    assert first.transform_name == "none"
    assert second.transform_name == "references"
    assert second.compression_ratio < 0.1
    alone = decided(conversation([text], calls=calls[1:]), tmp_path / "alone")
    assert alone.log.entries[0].transform_name.endswith("path_grouper")
