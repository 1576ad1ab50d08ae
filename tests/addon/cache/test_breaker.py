"""When requests pass untouched, and for how long."""

import pytest

from addon.cache.breaker import Breaker, BreakerState, Trip
from addon.cache.conversations import CacheVerdict

CLOSED, NO_NEW, RAW = BreakerState
BOUND = "messages.3.content.0: The block is bound to a different conversation"


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def failed(
    breaker: Breaker, text: str = "bad request", *, talk: str = "a", status: int = 400, changed: bool = True
) -> Trip | None:
    return breaker.observe("codex", talk, status, text, changed, CacheVerdict.UNKNOWN)


def served(
    breaker: Breaker, verdict: CacheVerdict = CacheVerdict.HELD, *, talk: str = "a", changed: bool = True
) -> Trip | None:
    return breaker.observe("codex", talk, 200, "", changed, verdict)


def test_all_is_closed_at_first(breaker: Breaker) -> None:
    assert (breaker.state("codex", "a"), breaker.open_conversations()) == (
        CLOSED,
        {},
    )


@pytest.mark.parametrize(
    "text",
    [
        BOUND,
        "messages.11.content.11: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.",
        "messages.1.content.0: Invalid `signature` in `thinking` block",
        "messages.2.content.0.tool_result.content: Input should be a valid string",
        "Invalid value for 'input[12].output'",
        "No tool output found for function call call_1: function_call_output expected",
        "Invalid 'messages[4].content': expected a string",
        "body.prompt_cache_key: property 'body.prompt_cache_key' is unsupported",
        "cache_control: Extra inputs are not permitted",
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_an_error_that_points_at_our_change_withdraws_it_at_once(
    breaker: Breaker, clock: Clock, text: str, status: int
) -> None:
    assert failed(breaker, text, status=status) is Trip.PROVIDER_ERROR
    assert breaker.state("codex", "a") is RAW
    assert (breaker.state("codex", "b"), breaker.open_conversations()) == (CLOSED, {"a": RAW})
    clock.now += 1e6
    served(breaker)
    assert breaker.state("codex", "a") is RAW, "going back would change the prefix once more"


def test_the_same_error_on_an_unchanged_request_is_the_client_s_own(breaker: Breaker) -> None:
    assert failed(breaker, BOUND, changed=False) is None
    assert breaker.state("codex", "a") is CLOSED


def test_three_client_errors_within_two_minutes_keep_a_client_from_new_decisions(
    breaker: Breaker, clock: Clock
) -> None:
    trips = []
    for talk in "abc":
        trips.append(failed(breaker, talk=talk))
        clock.now += 50
    assert trips == [None, None, Trip.CLIENT_ERRORS]
    assert breaker.state("codex", "new") is NO_NEW
    assert breaker.state("claude-code", "new") is CLOSED


def test_client_errors_far_apart_are_no_burst(breaker: Breaker, clock: Clock) -> None:
    for _ in range(9):
        assert failed(breaker) is None
        clock.now += 61


def test_a_good_answer_ends_a_burst(breaker: Breaker) -> None:
    for _ in range(4):
        assert (failed(breaker), failed(breaker), served(breaker)) == (None, None, None)


@pytest.mark.parametrize("status", [200, 301, 401, 402, 403, 404, 408, 409, 413, 429, 500, 503, 529])
def test_other_statuses_are_not_of_our_making(breaker: Breaker, status: int) -> None:
    assert [failed(breaker, BOUND, status=status) for _ in range(9)] == [None] * 9


@pytest.mark.parametrize(
    "text",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Your input exceeds the context window of this model. (context_length_exceeded)",
        "Invalid 'input[3].output': string too long. Expected a string with maximum length 10485760",
        "Your credit balance is too low to access the Anthropic API.",
    ],
)
def test_complaints_about_length_and_money_are_not_of_our_making(breaker: Breaker, text: str) -> None:
    assert [failed(breaker, text) for _ in range(9)] == [None] * 9


def test_a_client_s_time_off_ends_and_one_more_error_renews_it(breaker: Breaker, clock: Clock) -> None:
    for talk in "abc":
        failed(breaker, talk=talk)
    clock.now += 599
    assert breaker.state("codex", "d") is NO_NEW
    clock.now += 1
    assert breaker.state("codex", "d") is CLOSED
    assert failed(breaker, talk="d") is Trip.CLIENT_ERRORS
    assert breaker.state("codex", "d") is NO_NEW


def test_one_good_answer_after_the_time_off_closes_the_breaker(breaker: Breaker, clock: Clock) -> None:
    for talk in "abc":
        failed(breaker, talk=talk)
    served(breaker, talk="d")
    assert breaker.state("codex", "d") is NO_NEW, "a good answer within the time off ends nothing"
    clock.now += 600
    served(breaker, talk="d")
    assert [failed(breaker, talk="d") for _ in range(2)] == [None, None]


def test_errors_that_go_on_without_new_decisions_withdraw_the_old_ones(breaker: Breaker) -> None:
    for talk in "abc":
        failed(breaker, talk=talk)
    assert (failed(breaker), breaker.state("codex", "a")) == (None, NO_NEW)
    assert (failed(breaker), breaker.state("codex", "a")) == (Trip.CLIENT_ERRORS, RAW)
    assert breaker.state("codex", "b") is NO_NEW


def test_two_breaks_of_ours_in_a_row_keep_the_conversation_from_new_decisions(breaker: Breaker, clock: Clock) -> None:
    assert served(breaker, CacheVerdict.WE_BROKE) is None
    assert served(breaker, CacheVerdict.WE_BROKE) is Trip.PREFIX_BROKEN
    assert breaker.state("codex", "a") is NO_NEW
    assert breaker.state("codex", "b") is CLOSED
    clock.now += 1800
    assert breaker.state("codex", "a") is CLOSED
    assert served(breaker, CacheVerdict.WE_BROKE) is Trip.PREFIX_BROKEN, "half-open"


@pytest.mark.parametrize("between", [CacheVerdict.HELD, CacheVerdict.CLIENT_BROKE, CacheVerdict.EXPIRED])
def test_breaks_apart_are_forgiven(breaker: Breaker, between: CacheVerdict) -> None:
    for _ in range(4):
        assert served(breaker, CacheVerdict.WE_BROKE) is None
        assert served(breaker, between) is None


def test_a_turn_without_figures_is_no_word_on_the_cache(breaker: Breaker) -> None:
    served(breaker, CacheVerdict.WE_BROKE)
    failed(breaker, "overloaded", status=529)
    assert served(breaker, CacheVerdict.WE_BROKE) is Trip.PREFIX_BROKEN


def test_caches_lost_again_and_again_before_they_can_expire_are_a_reason(breaker: Breaker, clock: Clock) -> None:
    served(breaker)
    trips = []
    for _ in range(3):
        clock.now += 60
        trips.append(served(breaker, CacheVerdict.EXPIRED))
    assert trips == [None, None, Trip.CACHE_MISSES]
    assert breaker.state("codex", "a") is NO_NEW


@pytest.mark.parametrize(("pause", "changed"), [(301, True), (60, False)])
def test_caches_that_had_time_to_expire_or_were_never_ours_are_no_reason(
    breaker: Breaker, clock: Clock, pause: int, changed: bool
) -> None:
    for _ in range(9):
        clock.now += pause
        assert served(breaker, CacheVerdict.EXPIRED, changed=changed) is None


def test_a_strict_state_is_not_softened_by_a_later_fault(breaker: Breaker) -> None:
    failed(breaker, BOUND)
    for _ in range(4):
        assert served(breaker, CacheVerdict.WE_BROKE) is None
    assert breaker.state("codex", "a") is RAW


def test_the_stricter_of_client_and_conversation_holds(breaker: Breaker) -> None:
    failed(breaker, BOUND)
    for talk in "bcd":
        failed(breaker, talk=talk)
    assert breaker.state("codex", "a") is RAW
    assert breaker.state("codex", "b") is NO_NEW


def test_requests_of_no_known_conversation_count_for_the_client_only(breaker: Breaker) -> None:
    assert failed(breaker, BOUND, talk="") is Trip.PROVIDER_ERROR
    assert breaker.state("codex", "") is NO_NEW, "there is nothing smaller to hold back"
    assert breaker.open_conversations() == {}


def test_memory_is_bounded_and_open_conversations_in_use_stay(breaker: Breaker) -> None:
    failed(breaker, BOUND, talk="first")
    for number in range(3000):
        served(breaker, talk=f"talk {number}")
        breaker.observe(f"client {number}", "first", 200, "", False, None)
    assert (len(breaker._conversations), len(breaker._clients)) == (1024, 256)
    assert breaker.state("codex", "first") is RAW
