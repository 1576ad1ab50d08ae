"""A conversation goes on from where it was settled; whatever it does, the outcome is that of going over all of it."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from addon.shapes.slot import Place, Slot
from addon.store import ledger
from addon.store.ledger import Decision
from addon.trail import Trail, Trails
from transforms.call import Call
from transforms.contract import Loss, Omission
from transforms.reasons import Reason

KEPT = Decision(None, "none", None, 10, 10, Reason.NO_TRANSFORM)
LOSSY = Decision("a\nb", "log_sampler", Loss.LOSSY, 10, 5, Reason.COMPRESSED, (), (("1", Omission("lines", 1, 2)),))


def slot(number: int, tool: str = "Bash") -> Slot:
    text = f"output {number % 7}\nline"
    call = Call(tool, f'{{"command": "run {number % 5}"}}')
    return Slot(Place(number, 0, 9), text, f"call_{number}", 0, ledger.key(f"call_{number}", 0, text), call)


def decision(number: int) -> Decision:
    return Random(number).choice([KEPT, LOSSY])


def settled(slots: list[Slot], trail: Trail, known: dict[bytes, Decision]) -> Trail:
    for one in slots[len(trail) :]:
        trail.add(one, known[one.key], KEPT if one.call_id.endswith("3") else None)
    return trail


def told(trail: Trail) -> tuple[object, ...]:
    context = trail.context
    texts = [(entry.label, entry.nth, context.index.lines(entry, 0, 9)) for entry in context.index._entries]
    return trail.used, trail.decisions, trail.lossy, trail.originals, texts, context.size, len(context)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.booleans()), max_size=8))
def test_it_goes_on_as_if_all_had_been_gone_over_again(plan: list[tuple[int, int, bool]]) -> None:
    """Conversations that share their beginning, go on, go back, and meet other decisions on record."""
    trails = Trails()
    for shared, more, changed in plan:
        slots = [*map(slot, range(shared)), *map(slot, range(100 + shared, 100 + shared + more))]
        known = {one.key: KEPT if changed and at % 4 == 3 else decision(at) for at, one in enumerate(slots)}
        trail = settled(slots, trails.take(slots, known), known)
        assert told(trail) == told(settled(slots, Trail(), known))
        trails.keep(trail)


def test_another_call_for_the_same_output_is_another_beginning() -> None:
    trails, slots = Trails(), [slot(0), slot(1)]
    known = {one.key: KEPT for one in slots}
    trails.keep(settled(slots, Trail(), known))
    assert len(trails.take([slot(0), slot(1, "Read")], known)) == 1


def test_a_conversation_that_shares_little_leaves_the_other_one_alone() -> None:
    trails, slots = Trails(), [*map(slot, range(10))]
    known = {slot(number).key: KEPT for number in range(200)}
    trails.keep(settled(slots, Trail(), known))
    assert len(trails.take([slot(0), slot(100)], known)) == 0
    assert len(trails.take(slots, known)) == 10
    assert len(trails.take(slots, known)) == 0, "it was taken"


def test_trails_of_many_small_outputs_are_forgotten_by_what_they_take() -> None:
    trails, known = Trails(), {}
    for first in (0, 20_000):
        slots = [*map(slot, range(first, first + 20_000))]
        known = {one.key: KEPT for one in slots}
        trails.keep(settled(slots, Trail(), known))
    assert len(trails.take(slots, known)) == 20_000
    slots = [*map(slot, range(20_000))]
    assert len(trails.take(slots, {one.key: KEPT for one in slots})) == 0
