"""The tally: what counts once, what counts in every turn, what does not count, and what is taken off."""

from dataclasses import replace

import pytest

from addon.cache.conversations import CacheVerdict, Conversations, Turn
from addon.figures.saving import OTHERS
from addon.figures.tally import Answer, Tally
from addon.routing_log import Entry, RoutingLog
from addon.wire.clients import DOCTOR
from addon.wire.usage import Usage
from transforms.cache_aligner import Prefix
from transforms.compression_policy import AuthMode
from transforms.contract import Loss
from transforms.reasons import Reason

USAGE = Usage(input_tokens=10_000, cached_tokens=0, written_tokens=9_000, output_tokens=10, model="claude-sonnet-5-5")


def entry(new: bool = True, before: int = 1000, after: int = 400, reason: Reason = Reason.COMPRESSED) -> Entry:
    return Entry(
        block=0,
        tool="Bash",
        transform_name="log_folder" if after < before else "none",
        reason=reason if new or reason is not Reason.COMPRESSED else Reason.REPLAYED,
        loss=Loss.LOSSLESS if after < before else None,
        compression_ratio=after / before,
        tokens_before=before,
        tokens_after=after,
        new=new,
    )


def log(*entries: Entry, fetched: int = 0, auth_mode: AuthMode = AuthMode.PAYG) -> RoutingLog:
    return RoutingLog(
        decision=Reason.COMPRESSED,
        shape="chat",
        client="codex",
        auth_mode=auth_mode,
        tokens_before=sum(e.tokens_before for e in entries),
        tokens_after=sum(e.tokens_after for e in entries),
        fetched_tokens=fetched,
        milliseconds=4.0,
        entries=entries,
    )


def turn(number: int = 1, cached_before: int = 0, given_up: int = 0) -> Turn:
    first = Conversations().turn(Prefix(), Prefix(), 128)
    return replace(first, conversation="talk", number=number, cached_before=cached_before, given_up=given_up, branch=1)


@pytest.fixture
def tally() -> Tally:
    return Tally(lambda: 1_790_000_000.0)


def both(tally: Tally, *answers: Answer) -> None:
    for answer in answers:
        tally.request(answer.log)
        tally.answered(answer)


def test_an_output_counts_once_when_decided_and_in_every_turn_that_sends_it(tally: Tally) -> None:
    both(tally, Answer(log(entry()), 200, turn=turn(1)), Answer(log(entry(new=False)), 200, turn=turn(2)))
    assert (tally.total.once.saved, tally.total.sent.saved) == (600, 1200)
    assert tally.blocks == {Reason.COMPRESSED: 1, Reason.REPLAYED: 1}


def test_what_the_doctor_tries_is_counted_nowhere(tally: Tally) -> None:
    tried = log(entry()).model_copy(update={"client": DOCTOR})
    tally.request(tried)
    tally.answered(Answer(tried, 200, USAGE, turn()))
    assert not tally.requests and tally.net_once == tally.net_sent == tally.answers["served"] == 0


def test_a_block_left_alone_counts_its_reason_once(tally: Tally) -> None:
    kept = entry(before=50, after=50, reason=Reason.TOO_SMALL)
    again = kept.model_copy(update={"new": False})
    both(tally, Answer(log(kept), 200, turn=turn(1)), Answer(log(again), 200, turn=turn(2)))
    assert tally.blocks == {Reason.TOO_SMALL: 1}


def test_a_retry_of_a_served_turn_saves_nothing_more_but_is_billed(tally: Tally) -> None:
    both(tally, *[Answer(log(entry(new)), 200, USAGE, turn(1)) for new in (True, False)])
    assert tally.total.sent.saved == 600
    assert tally.answers == {"served": 1, "retried": 1}
    assert tally.provider["input_written"] == 18_000


def test_a_refused_turn_counts_when_its_retry_is_served(tally: Tally) -> None:
    both(tally, Answer(log(entry()), 529, turn=turn(1)), Answer(log(entry(new=False)), 200, turn=turn(1)))
    assert (tally.total.once.saved, tally.total.sent.saved) == (600, 600)
    assert tally.answers == {"refused": 1, "served": 1}


def test_a_request_that_never_got_an_answer_was_not_sent(tally: Tally) -> None:
    tally.request(log(entry()))
    assert (tally.total.once.saved, tally.total.sent.saved) == (600, 0)


def test_what_is_only_logged_saves_nothing(tally: Tally) -> None:
    held_back = entry(before=1000, after=1000, reason=Reason.SHADOW).model_copy(update={"shadow_tokens": 300})
    both(tally, Answer(log(held_back), 200, turn=turn(1)))
    assert tally.total.sent.saved == tally.total.once.saved == 0
    assert tally.shadow.saved == 700


def test_what_was_fetched_because_of_a_gap_is_taken_off_in_every_turn_that_sends_it(tally: Tally) -> None:
    both(
        tally,
        Answer(log(entry()), 200, turn=turn(1)),
        Answer(log(entry(new=False), fetched=250), 200, turn=turn(2)),
        Answer(log(entry(new=False)), 200, turn=turn(3)),
    )
    assert tally.net_once == 600 - 250
    assert tally.net_sent == 1800 - 2 * 250


def test_cached_tokens_that_we_made_useless_are_taken_off_and_those_of_others_are_not(tally: Tally) -> None:
    read = replace(USAGE, cached_tokens=100)
    lost = turn(2, cached_before=5000)
    both(tally, Answer(log(), 200, read, lost, CacheVerdict.CLIENT_BROKE))
    assert tally.lost == 0
    both(tally, Answer(log(), 200, read, replace(lost, number=3), CacheVerdict.WE_BROKE))
    assert tally.lost == 4900
    both(tally, Answer(log(), 200, read, turn(4, given_up=1000), CacheVerdict.UNKNOWN))
    assert tally.lost == 5800
    assert tally.net_sent == -5800


def test_money_is_counted_where_tokens_are_paid_and_the_price_is_known(tally: Tally) -> None:
    both(tally, Answer(log(entry()), 200, USAGE, turn(1)))
    assert tally.money.saved == pytest.approx(600 * 2.5e-6), "new input is written to the cache"
    later = replace(USAGE, cached_tokens=9_000, written_tokens=500)
    both(tally, Answer(log(entry(new=False)), 200, later, turn(2)))
    assert tally.money.saved == pytest.approx(600 * 2.5e-6 + 600 * 0.1e-6), "old input is read from it"
    both(tally, Answer(log(entry(), auth_mode=AuthMode.SUBSCRIPTION), 200, USAGE, turn(3)))
    both(tally, Answer(log(entry()), 200, replace(USAGE, model="house-model"), turn(4)))
    assert (tally.money.priced, tally.money.unpriced) == (2, 2)


def test_tools_have_rows_of_their_own_up_to_a_bound(tally: Tally) -> None:
    for number in range(200):
        tally.request(log(entry().model_copy(update={"tool": f"mcp__{number}"})))
    assert len(tally.by_tool.rows) == 61
    assert tally.by_tool.rows[OTHERS].once.saved == 600 * 140


def test_every_split_adds_up_to_the_total(tally: Tally) -> None:
    both(tally, Answer(log(entry(), entry(before=30, after=30, reason=Reason.TOO_SMALL)), 200, turn=turn(1)))
    for split in (tally.by_transform, tally.by_tool, tally.by_client, tally.by_shape):
        assert sum(row.sent.before for row in split.rows.values()) == tally.total.sent.before == 1030
        assert sum(row.once.after for row in split.rows.values()) == tally.total.once.after == 430
