"""Who broke the cached prefix, over the turns of a conversation."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from addon.cache import conversations
from addon.cache.conversations import CacheVerdict, Conversations, Turn
from addon.cache.prefix import Prompt, anchor
from addon.settings import Settings
from addon.shapes.json_spans import parse
from addon.wire.usage import Usage
from tests import recorded
from tests.laws import conversations as laws
from transforms.cache_aligner import Item, Prefix, PrefixVerdict, Section

THRESHOLD = 32
BODIES = [body for body in recorded.bodies() if len(list(laws.turns(body.body))) > 2]


def prompt(conversation: str, *, system: str = "sys", tools: str = "TLS", model: str = "m") -> Prefix:
    """One item of 100 tokens a letter; capitals of the conversation are the model's."""

    def items(letters: str, section: Section, size: int = 360) -> list[Item]:
        return [Item(letter.encode() * 8, size, section) for letter in letters]

    talk = [Item(c.encode() * 8, 360, Section.ANSWER if c.isupper() else Section.CLIENT) for c in conversation]
    return Prefix.of(
        [*items(model, Section.MODEL, 9), *items(tools, Section.TOOLS), *items(system, Section.SYSTEM), *talk]
    )


def served(cached: int, written: int = 0, **told: object) -> Usage:
    return replace(Usage(cached + written + 50, cached, written, 10), **told)  # type: ignore[arg-type]  # test values


def after(*prompts: Prefix, usage: Usage | None = None) -> Conversations:
    """The conversations of a proxy that has seen these prompts, each sent as it came and answered."""
    seen = Conversations()
    for each in prompts:
        seen.answered(seen.turn(each, each, THRESHOLD), usage, 200)
    return seen


def told(seen: Conversations, client: Prefix, sent: Prefix, usage: Usage | None, status: int = 200) -> CacheVerdict:
    return seen.answered(seen.turn(client, sent, THRESHOLD), usage, status)


# Which conversation a request belongs to


def test_turns_of_a_conversation_are_counted_and_share_its_id() -> None:
    seen = Conversations()
    turns = [seen.turn(prompt(talk), prompt(talk), THRESHOLD) for talk in ("a", "aBc", "aBcDe")]
    assert [turn.number for turn in turns] == [1, 2, 3]
    assert len({turn.conversation for turn in turns}) == 1
    assert [turn.client_change.verdict for turn in turns] == ["first_turn", "appended", "appended"]


def test_a_retry_is_no_turn() -> None:
    seen = after(prompt("a"), prompt("aBc"))
    assert [seen.turn(prompt("aBc"), prompt("aBc"), THRESHOLD).number for _ in range(3)] == [2, 2, 2]


def test_sub_agents_are_conversations_of_their_own() -> None:
    seen = Conversations()
    parent = seen.turn(prompt("a"), prompt("a"), THRESHOLD)
    first, second = (seen.turn(prompt(talk, system="sub"), prompt(talk), THRESHOLD) for talk in "xy")
    assert len({parent.conversation, first.conversation, second.conversation}) == 3
    again = [seen.turn(prompt(talk), prompt(talk), THRESHOLD) for talk in ("xNo", "aBc")]
    assert [turn.number for turn in again] == [2, 2]
    assert [turn.conversation for turn in again] == [first.conversation, parent.conversation]


def test_a_side_request_about_the_same_message_is_told_apart() -> None:
    """A title is asked for with another system text, another model and no tools."""
    seen = Conversations()
    title = seen.turn(prompt("a", system="title", tools="", model="n"), prompt("a"), THRESHOLD)
    main = seen.turn(prompt("a"), prompt("a"), THRESHOLD)
    following = seen.turn(prompt("aBc"), prompt("aBc"), THRESHOLD)
    assert title.conversation != main.conversation == following.conversation
    assert following.client_change.verdict is PrefixVerdict.APPENDED


def test_a_side_request_on_the_whole_history_does_not_stand_in_for_the_conversation() -> None:
    seen = after(prompt("a"), prompt("aBc"))
    seen.turn(prompt("aBcx", system="summary"), prompt("aBcx", system="summary"), THRESHOLD)
    assert seen.turn(prompt("aBcDe"), prompt("aBcDe"), THRESHOLD).client_change.verdict is PrefixVerdict.APPENDED


def test_sessions_that_open_alike_part_at_the_first_answer() -> None:
    seen = Conversations()
    turns = [seen.turn(prompt(talk), prompt(talk), THRESHOLD) for talk in ("a", "aBc", "aXc", "aBcDe", "aXcYe")]
    assert turns[1].conversation == turns[3].conversation != turns[2].conversation == turns[4].conversation
    assert [turn.client_change.verdict for turn in turns[3:]] == ["appended", "appended"]


def test_both_sides_of_a_fork_go_on_and_share_the_id() -> None:
    seen = after(prompt("a"), prompt("aBc"), prompt("aBcDe"))
    fork = seen.turn(prompt("aBcXy"), prompt("aBcXy"), THRESHOLD)
    both = [seen.turn(prompt(talk), prompt(talk), THRESHOLD) for talk in ("aBcDeFg", "aBcXyZw")]
    assert fork.client_change.verdict is PrefixVerdict.REWOUND
    assert [turn.client_change.verdict for turn in both] == ["appended", "appended"]
    assert {turn.conversation for turn in both} == {fork.conversation}


def test_a_conversation_whose_opening_changed_is_known_by_its_first_answer() -> None:
    seen = after(prompt("a"), prompt("aBcD"))
    turn = seen.turn(prompt("xBcDe"), prompt("xBcDe"), THRESHOLD)
    assert (turn.number, turn.client_change.verdict, turn.client_change.where) == (3, "broken", "conversation 0")


def test_a_request_that_tells_no_prompt_is_followed_nowhere() -> None:
    seen = Conversations()
    for _ in range(2):
        turn = seen.turn(Prefix(), Prefix(), THRESHOLD)
        assert (turn.conversation, turn.client_change.verdict) == ("", PrefixVerdict.FIRST_TURN)
        assert seen.answered(turn, served(100), 200) is CacheVerdict.UNKNOWN


def test_anchors_tell_a_conversation_s_requests_from_their_first_answer_on() -> None:
    seen = Conversations()
    first = seen.turn(prompt("a"), prompt("a"), THRESHOLD)
    assert seen.anchors(first.conversation) == set()
    seen.turn(prompt("aBc"), prompt("aBc"), THRESHOLD)
    assert seen.anchors(first.conversation) == {anchor(prompt("aBcDe"))}
    assert anchor(prompt("xNo")) not in seen.anchors(first.conversation)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Conversations()
    for number in range(600):
        opening = Prefix.of([Item(number.to_bytes(8), 360)])
        seen.turn(opening, opening, THRESHOLD)
    assert len(seen._branches) == 512
    monkeypatch.setattr(conversations, "_MOST_BYTES", 100_000)
    for letter in range(0x100, 0x120):
        large = Prefix.of([Item(chr(letter).encode() * 4, 9), *prompt("x" * 1000)])
        seen.turn(large, large, THRESHOLD)
    assert len(seen._branches) == 8
    assert sum(branch.size for branch in seen._branches.values()) == seen._bytes <= 100_000


def test_a_client_that_breaks_on_every_turn_does_not_push_others_out() -> None:
    seen = after(prompt("a"), prompt("aBc"))
    broken = [prompt("xY", system=chr(0x100 + number) * 3) for number in range(100)]
    for each in broken:
        seen.turn(each, each, THRESHOLD)
    assert len(seen._branches) <= 9


# What became of the cache


def test_a_cache_that_is_read_again_held() -> None:
    seen = after(prompt("a"), usage=served(0, 700))
    assert told(seen, prompt("aBc"), prompt("aBc"), served(700, 200)) is CacheVerdict.HELD
    assert told(seen, prompt("aBcDe"), prompt("aBcDe"), served(900, 200)) is CacheVerdict.HELD


def test_a_cache_that_is_written_anew_though_the_client_only_appended_has_expired() -> None:
    seen = after(prompt("a"), usage=served(0, 7000))
    assert told(seen, prompt("aBc"), prompt("aBc"), served(0, 7200)) is CacheVerdict.EXPIRED


def test_a_client_that_changes_its_system_text_broke_it() -> None:
    seen = after(prompt("a"), usage=served(0, 7000))
    turn = seen.turn(prompt("aBc", system="new"), prompt("aBc", system="new"), THRESHOLD)
    # All lines are new, so only the tools, half of it all, still say which conversation this is.
    assert turn.number == 2
    verdict = seen.answered(turn, served(0, 7200), 200)
    assert verdict is CacheVerdict.CLIENT_BROKE
    assert turn.told(verdict) == "cache client_broke at system 0, 300 tokens changed"


def test_another_model_broke_it() -> None:
    seen = after(prompt("a"), usage=served(0, 7000))
    assert told(seen, prompt("aBc", model="n"), prompt("aBc", model="n"), served(0, 7200)) is CacheVerdict.CLIENT_BROKE


def test_an_item_sent_otherwise_than_before_is_our_break_whatever_the_provider_says() -> None:
    seen = Conversations()
    told(seen, prompt("aBc"), prompt("aB1"), served(0, 700))
    for status, usage in ((200, served(700, 200)), (529, None), (400, None)):
        fresh = Conversations()
        told(fresh, prompt("aBcD"), prompt("aB1D"), served(0, 700))
        turn = fresh.turn(prompt("aBcDe"), prompt("aB2De"), THRESHOLD)
        assert turn.client_change.verdict is PrefixVerdict.APPENDED
        verdict = fresh.answered(turn, usage, status)
        assert (verdict, turn.told(verdict)) == (CacheVerdict.WE_BROKE, "cache we_broke at conversation 2")
    assert told(seen, prompt("aBcDe"), prompt("aB1De"), served(700, 200)) is CacheVerdict.HELD


def test_a_prefix_that_is_left_on_purpose_is_no_alarm_and_followed_from_there() -> None:
    seen = after(prompt("aBcD"), usage=served(0, 7000))
    turn = seen.turn(prompt("aBcDe"), prompt("aB1De"), THRESHOLD, on_purpose=True)
    assert (turn.unkept, seen.answered(turn, served(0, 6000), 200)) == ("", CacheVerdict.UNKNOWN)
    assert told(seen, prompt("aBcDeFg"), prompt("aB1DeFg"), served(6000, 200)) is CacheVerdict.HELD
    assert told(seen, prompt("aBcDeFgHi"), prompt("aB2DeFgHi"), served(0, 6400)) is CacheVerdict.WE_BROKE


def test_a_retry_of_a_turn_that_we_broke_is_no_second_break() -> None:
    seen = after(prompt("aBc"), usage=served(0, 700))
    assert told(seen, prompt("aBcDe"), prompt("aB1De"), None, 529) is CacheVerdict.WE_BROKE
    assert told(seen, prompt("aBcDe"), prompt("aB1De"), None, 529) is CacheVerdict.UNKNOWN


def test_a_change_that_once_did_no_harm_is_not_blamed_later() -> None:
    """Claude Code's billing line changes on each request and is no part of the cached prompt."""
    seen = after(prompt("aBc", system="1ys"), usage=served(0, 7000))
    assert (
        told(seen, prompt("aBcDe", system="2ys"), prompt("aBcDe", system="2ys"), served(7000, 200)) is CacheVerdict.HELD
    )
    talk = "aBcDeFg"
    assert told(seen, prompt(talk, system="3ys"), prompt(talk, system="3ys"), served(0, 7400)) is CacheVerdict.EXPIRED


def test_after_a_rewind_only_what_is_still_there_need_be_read() -> None:
    seen = after(prompt("a"), prompt("aBcDeFgH"), usage=served(0, 15_000))
    turn = seen.turn(prompt("aBcx"), prompt("aBcx"), THRESHOLD)
    assert turn.client_change.verdict is PrefixVerdict.REWOUND
    assert 0 < turn.cached_before < 10_000
    assert seen.answered(turn, served(turn.cached_before, 100), 200) is CacheVerdict.HELD


def test_a_client_without_caching_is_not_judged() -> None:
    seen = after(prompt("a"), usage=served(0))
    assert told(seen, prompt("aBc"), prompt("aBc"), served(0)) is CacheVerdict.UNKNOWN


@pytest.mark.parametrize("status", [400, 429, 500])
def test_an_error_tells_nothing_of_the_cache(status: int) -> None:
    seen = after(prompt("a"), usage=served(0, 7000))
    assert told(seen, prompt("aBc"), prompt("aBc"), served(0, 1), status) is CacheVerdict.UNKNOWN
    assert told(seen, prompt("aBc"), prompt("aBc"), served(7000, 1)) is CacheVerdict.HELD


def test_the_provider_s_own_reason_names_what_digests_do_not_show() -> None:
    seen = after(prompt("a"), usage=served(0, 7000))
    usage = served(0, 7200, cache_miss_reason="messages_changed")
    assert told(seen, prompt("aBc"), prompt("aBc"), usage) is CacheVerdict.CLIENT_BROKE


@pytest.mark.parametrize("reason", ["previous_message_not_found", "unavailable"])
def test_a_reason_that_names_no_change_leaves_it_expired(reason: str) -> None:
    seen = after(prompt("a"), usage=served(0, 7000))
    assert told(seen, prompt("aBc"), prompt("aBc"), served(0, 7200, cache_miss_reason=reason)) is CacheVerdict.EXPIRED


def test_thinking_that_does_not_fit_the_prompt_is_ours_only_after_a_break_of_ours() -> None:
    dropped = served(7000, 200, input_transformations=("thinking_dropped:prefix_binding_mismatch",))
    theirs = after(prompt("a"), usage=served(0, 7000))
    assert told(theirs, prompt("aBc"), prompt("aBc"), dropped) is CacheVerdict.CLIENT_BROKE
    ours = after(prompt("aBc"), usage=served(0, 7000))
    told(ours, prompt("aBcDe"), prompt("aB1De"), served(0, 7000))
    assert told(ours, prompt("aBcDeFg"), prompt("aB1DeFg"), dropped) is CacheVerdict.WE_BROKE


# Real requests


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_over_recorded_conversations_what_is_sent_keeps_the_prefix(body: recorded.Recorded, tmp_path: Path) -> None:
    settings = Settings.parse({"time_budget_ms": "60000", "max_lossy_ratio": "0", "home": str(tmp_path)})
    ledger, seen, turns = laws.PlainLedger(), Conversations(), list[Turn]()
    for request in list(laws.turns(body.body))[-3:]:
        outcome = laws.sent(request, settings, ledger)
        client = Prompt.of(parse(request), body.shape).prefix()
        sent = client if outcome.body is request else Prompt.of(parse(outcome.body), body.shape).prefix()
        turns.append(seen.turn(client, sent, THRESHOLD))
        assert seen.answered(turns[-1], None, 200) is CacheVerdict.UNKNOWN
    assert [turn.client_change.verdict for turn in turns] == ["first_turn", "appended", "appended"]
    assert not any(turn.unkept for turn in turns)


def test_a_rewrite_of_old_history_is_found() -> None:
    """Attaching in the middle of a session is what providers answer with a 400."""
    body = next(each for each in BODIES if each.name == "messages__claude_apikey_bulky")
    seen, requests = Conversations(), list(laws.turns(body.body))
    before, now = (
        Prompt.of(parse(requests[-2]), "messages").prefix(),
        Prompt.of(parse(requests[-1]), "messages").prefix(),
    )
    shortened = json.loads(requests[-1])
    block = next(
        b for m in shortened["messages"] for b in m["content"] if isinstance(b, dict) and b["type"] == "tool_result"
    )
    block["content"] = "shorter"
    seen.turn(before, before, THRESHOLD)
    turn = seen.turn(
        now, Prompt.of(parse(json.dumps(shortened, separators=(",", ":")).encode()), "messages").prefix(), THRESHOLD
    )
    assert turn.unkept.startswith("conversation ")
