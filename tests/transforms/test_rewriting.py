"""The chain takes over what is smaller, proven and within its budget, and says of everything else why not."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.routing.test_kinds import LOG, PROSE, RECORDS
from tests.transforms.routing.test_parts import CODEX, ODD, PRINTED, REAL, codex_object
from transforms.call import Call
from transforms.contract import Block, Budget, Kind, Loss, Omission, Rewrite, Transform
from transforms.marker import Markers
from transforms.reasons import Reason
from transforms.rewriting import BlockRewrite, Bounds, rewrite_block
from transforms.tokenizer import count_tokens


class Deadline(BaseException):
    """What a caller raises to end the work."""


@dataclass
class Fake:
    """A transform that does as it is told, and remembers what it was asked."""

    name: str
    change: Callable[[Block, Budget], Rewrite | None]
    kinds: frozenset[Kind] = frozenset(Kind)
    loss: Loss = Loss.LOSSLESS
    lines_stand_alone: bool = True
    proven: bool = True
    asked: list[tuple[str, Budget]] = field(default_factory=list)

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        self.asked.append((block.text, budget))
        return self.change(block, budget)

    def proof(self, original: str, rewritten: str) -> bool:
        return self.proven


def guard[T](work: Callable[[], T]) -> T | None:
    """A caller's fail-open helper."""
    try:
        return work()
    except Exception:  # noqa: BLE001 - stands in for the one place that may
        return None


def handle(text: str) -> str:
    return f"/o/{len(text)}"


def replacing(old: str, new: str) -> Callable[[Block, Budget], Rewrite | None]:
    return lambda block, budget: Rewrite(block.text.replace(old, new))


def dropping(first: int, last: int) -> Callable[[Block, Budget], Rewrite | None]:
    """Leave out the lines from `first` to `last`."""

    def change(block: Block, budget: Budget) -> Rewrite | None:
        lines, markers = block.text.split("\n"), Markers(budget.handle)
        lines[first - 1 : last] = [markers.gap(first, last)]
        return Rewrite("\n".join(lines), tuple(markers.omitted))

    return change


def nothing(block: Block, budget: Budget) -> None:
    return None


def failing(block: Block, budget: Budget) -> Rewrite:
    raise ValueError("no")


def run(text: str, *transforms: Transform, ratio: float = 0.5, call: Call | None = None) -> BlockRewrite:
    block = Block(text, call or Call("Bash", '{"command": "make"}'), "why?")
    return rewrite_block(block, transforms, Bounds(ratio, handle), guard)


def reasons(result: BlockRewrite) -> list[tuple[str, Reason]]:
    return [(attempt.transform_name, attempt.reason) for attempt in result.attempts]


def test_each_transform_works_on_what_the_one_before_it_made() -> None:
    short, shorter = Fake("short", replacing(" billing", "")), Fake("shorter", replacing(" request", ""))
    result = run(LOG, short, Fake("idle", nothing), shorter)
    assert result.text == LOG.replace(" billing request", "")
    assert shorter.asked[0][0] == LOG.replace(" billing", "")
    assert result.transform_name == "short+shorter"
    assert reasons(result)[:2] == [("short", Reason.COMPRESSED), ("idle", Reason.NO_TRANSFORM)]
    assert (result.reason, result.loss) == (Reason.COMPRESSED, Loss.LOSSLESS)
    assert result.tokens_before == count_tokens(LOG)
    assert result.tokens_after == count_tokens(result.text)


def test_names_are_joined_in_the_order_of_use_and_the_loss_is_the_worst() -> None:
    result = run(
        LOG + PRINTED,
        Fake("noise", replacing(".12Z", ""), loss=Loss.NOISE),
        Fake("lossy", dropping(5, 20), kinds=frozenset({Kind.LOG}), loss=Loss.LOSSY),
        Fake("table", replacing("\n", ""), kinds=frozenset({Kind.JSON})),
    )
    assert result.transform_name == "noise+lossy+table"
    assert result.loss is Loss.LOSSY


@pytest.mark.parametrize(
    ("transform", "reason"),
    [
        (Fake("f", nothing), Reason.NO_TRANSFORM),
        (Fake("f", lambda block, budget: Rewrite(block.text)), Reason.NO_TRANSFORM),
        (Fake("f", lambda block, budget: Rewrite(block.text + " and more")), Reason.NOT_SMALLER),
        (Fake("f", replacing(" billing", ""), proven=False), Reason.NOT_PROVEN),
        (Fake("f", lambda block, budget: Rewrite("gone"), loss=Loss.LOSSY), Reason.OVER_LOSSY_BUDGET),
        (
            Fake("f", lambda block, budget: Rewrite(block.text, at_limit=True), loss=Loss.LOSSY),
            Reason.OVER_LOSSY_BUDGET,
        ),
        (Fake("f", failing), Reason.FAILED),
    ],
    ids=lambda value: value if isinstance(value, Reason) else "",
)
def test_what_is_not_used_leaves_the_block_and_says_why(transform: Fake, reason: Reason) -> None:
    result = run(LOG, transform)
    assert result.text == LOG
    assert (result.transform_name, result.loss, result.reason) == ("none", None, reason)
    assert reasons(result) == [("f", reason)]
    assert result.tokens_before == result.tokens_after == count_tokens(LOG)
    assert not result.omitted
    assert not result.originals


def test_the_most_telling_reason_stands_for_the_block() -> None:
    broken, unproven = Fake("broken", failing), Fake("unproven", replacing(" billing", ""), proven=False)
    longer, idle = Fake("longer", lambda block, budget: Rewrite(block.text + " more")), Fake("idle", nothing)
    assert run(LOG, idle, longer, unproven, broken).reason is Reason.FAILED
    assert run(LOG, idle, longer, unproven).reason is Reason.NOT_PROVEN
    assert run(LOG, idle, longer).reason is Reason.NOT_SMALLER
    assert run(LOG, idle).reason is Reason.NO_TRANSFORM
    assert run(LOG).reason is Reason.NO_TRANSFORM


def test_a_failure_costs_one_attempt_and_no_more() -> None:
    result = run(LOG, Fake("broken", failing), Fake("short", replacing(" billing", "")))
    assert (result.reason, result.transform_name) == (Reason.COMPRESSED, "short")


def test_a_deadline_passes_through() -> None:
    def late(block: Block, budget: Budget) -> Rewrite:
        raise Deadline

    with pytest.raises(Deadline):
        run(LOG, Fake("late", late))


def test_a_lossy_transform_gets_the_share_of_its_part_and_the_way_back() -> None:
    lossy = Fake("lossy", dropping(5, 20), kinds=frozenset({Kind.LOG}), loss=Loss.LOSSY)
    lossless = Fake("lossless", nothing)
    result = run(CODEX + LOG, lossless, lossy)
    assert lossy.asked == [(LOG, Budget(count_tokens(LOG) // 2, handle(LOG)))]
    assert lossless.asked == [(LOG, Budget(0, ""))]
    assert result.omitted == ((handle(LOG), Omission("lines", 5, 20)),)
    assert result.originals == ((handle(LOG), LOG),)
    assert result.text.startswith(CODEX)
    assert f"[lines 5-20 omitted; full text: {handle(LOG)}]" in result.text


def test_the_text_behind_a_handle_is_the_one_in_which_the_lines_are_counted() -> None:
    noise = Fake("noise", lambda block, budget: Rewrite(block.text.replace("\n.", "")), loss=Loss.NOISE)
    result = run(LOG.replace("\n", "\n.\n"), noise, Fake("lossy", dropping(5, 20), loss=Loss.LOSSY))
    assert result.originals == ((handle(LOG), LOG),)


def test_a_part_is_rewritten_lossily_once() -> None:
    second = Fake("second", dropping(2, 3), loss=Loss.LOSSY)
    result = run(LOG, Fake("first", dropping(5, 20), loss=Loss.LOSSY), second, Fake("third", replacing(".12Z", "")))
    assert result.transform_name == "first+third"
    assert second.asked == []


@pytest.mark.parametrize("ratio", [0.0, 0.001])
def test_without_a_budget_no_lossy_transform_is_asked(ratio: float) -> None:
    lossy = Fake("lossy", dropping(5, 20), loss=Loss.LOSSY)
    assert run("a b c\n" * 20, lossy, ratio=ratio).reason is Reason.NO_TRANSFORM
    assert lossy.asked == []


def test_without_a_way_back_no_lossy_transform_is_asked() -> None:
    lossy = Fake("lossy", dropping(5, 20), loss=Loss.LOSSY)
    rewrite_block(Block(LOG, Call()), [lossy], Bounds(0.9, lambda text: ""), guard)
    assert lossy.asked == []


def test_a_payload_inside_a_json_string_is_written_back_escaped() -> None:
    text = codex_object(json.dumps(RECORDS, indent=2))
    result = run(text, Fake("compact", lambda b, _: Rewrite(json.dumps(json.loads(b.text))), frozenset({Kind.JSON})))
    assert json.loads(json.loads(result.text)["output"]) == RECORDS
    assert result.text.startswith('{"chunk_id":"7e"')
    assert result.tokens_after < result.tokens_before
    assert abs(result.tokens_before - count_tokens(text)) < 10
    assert abs(result.tokens_after - count_tokens(result.text)) < 10


@pytest.mark.parametrize("between", ["\n", "\n\n", "\r\n"])
def test_what_follows_a_document_starts_on_a_line_of_its_own_as_it_did(between: str) -> None:
    text = f"=== one ===\n{json.dumps(RECORDS[:9], indent=2)}{between}=== two ===\n"
    compact = Fake("compact", lambda b, _: Rewrite(json.dumps(json.loads(b.text))), frozenset({Kind.JSON}))
    result = run(text, compact, call=Call("Bash", '{"command": "jq . *.json"}'))
    assert result.text == f"=== one ===\n{json.dumps(RECORDS[:9])}{between}=== two ===\n"


def test_a_saving_that_the_seams_between_parts_may_hide_is_none() -> None:
    result = run(CODEX + LOG, Fake("one token", replacing(" request 7 ", " request7 ")))
    assert (result.text, result.reason) == (CODEX + LOG, Reason.NOT_SMALLER)


def test_the_question_and_the_call_reach_every_transform() -> None:
    seen: list[Block] = []
    run(CODEX + PROSE, Fake("sees", lambda block, budget: seen.append(block)))
    assert seen == [Block(PROSE, Call("Bash", '{"command": "make"}'), "why?")]


@given(st.lists(st.sampled_from([*REAL, *ODD]) | st.text(max_size=30), max_size=6), st.sampled_from("e 1\n"))
def test_every_result_is_smaller_or_the_block_itself(pieces: list[str], gone: str) -> None:
    text = "".join(pieces)
    result = run(text, Fake("drop", replacing(gone, "")), Fake("grow", replacing("a", "a a")))
    if result.reason is Reason.COMPRESSED:
        assert count_tokens(result.text) < count_tokens(text)
    else:
        assert result.text == text
