"""The index of lines: what is taken out of it leaves no trace."""

from hypothesis import given
from hypothesis import strategies as st

from transforms.repeats.index import Earlier, Index

TEXTS = st.lists(st.sampled_from(["a", "b", "c = 1", "", "}"]), max_size=8).map("\n".join)
REQUESTS = st.lists(st.tuples(TEXTS, st.sampled_from(["the Read of a.py", "the output of `ls`"])), max_size=6)


def held(index: Index) -> dict[str, object]:
    return {name: getattr(index, name) for name in Index.__slots__}


@given(REQUESTS, REQUESTS, st.integers(0, 6))
def test_an_index_that_was_cut_is_as_if_the_rest_had_never_been_added(
    before: list[tuple[str, str]], after: list[tuple[str, str]], count: int
) -> None:
    texts = [Earlier(text, name, bytes([number])) for number, (text, name) in enumerate(before)]
    others = [Earlier(text, name, bytes([number, 1])) for number, (text, name) in enumerate(after)]
    index = Index(texts)
    for entry in [*index._entries]:
        index.words(entry, "a")
    index.cut(count)
    fresh = Index(texts[:count])
    for entry in fresh._entries:
        fresh.words(entry, "a")
    assert held(index) == held(fresh)
    for other in others:
        index.add(other)
        fresh.add(other)
    assert held(index) == held(fresh)
