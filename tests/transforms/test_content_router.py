"""Every part gets the transforms of its kind, in the order in which they were given; attempts become records."""

from dataclasses import dataclass

from tests.transforms.routing.test_kinds import LOG
from tests.transforms.routing.test_parts import CODEX, PRINTED
from transforms.call import Call
from transforms.content_router import Attempt, record_compression, route
from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.reasons import Reason


@dataclass(eq=False)
class Idle:
    """A transform that never finds anything to do."""

    name: str
    kinds: frozenset[Kind]
    loss: Loss = Loss.LOSSLESS
    lines_stand_alone: bool = True

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        return None

    def proof(self, original: str, rewritten: str) -> bool:
        return True


NOISE = Idle("noise", frozenset(Kind))
LOGS = Idle("logs", frozenset({Kind.LOG, Kind.TEST}))
TABLES = Idle("tables", frozenset({Kind.JSON}))


def test_each_part_gets_the_transforms_of_its_kind_in_the_given_order() -> None:
    way = route(Block(CODEX + LOG + PRINTED, Call()), (TABLES, NOISE, LOGS))
    assert [part.kind for part in way.parts] == [None, Kind.LOG, Kind.JSON]
    assert [[t.name for t in tried] for tried in way.transforms] == [[], ["noise", "logs"], ["tables", "noise"]]


def test_without_transforms_nothing_is_tried() -> None:
    assert route(Block(LOG, Call()), ()).transforms == ((),)
    assert route(Block("", Call()), (NOISE,)).transforms == ()


def test_an_attempt_is_recorded_with_its_ratio() -> None:
    assert record_compression("logs", 200, 50, Reason.COMPRESSED) == Attempt("logs", 0.25, Reason.COMPRESSED, 200, 50)
    assert record_compression("logs", 200, 200, Reason.NO_TRANSFORM).compression_ratio == 1.0


def test_nothing_before_counts_as_untouched() -> None:
    assert record_compression("logs", 0, 0, Reason.NO_TRANSFORM).compression_ratio == 1.0
