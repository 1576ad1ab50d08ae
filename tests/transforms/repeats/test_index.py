"""The index of lines: what is taken out of it leaves no trace."""

from hypothesis import given
from hypothesis import strategies as st

from transforms.repeats.index import Earlier, Index

TEXTS = st.lists(st.sampled_from(["a", "b", "c = 1", "", "}"]), max_size=8).map("\n".join)
NAMES = st.sampled_from(["the Read of a.py", "the output of `ls`"])
REQUESTS = st.lists(st.tuples(TEXTS, NAMES, st.booleans()), max_size=6)


def held(index: Index) -> dict[str, object]:
    return {name: getattr(index, name) for name in Index.__slots__}


@given(REQUESTS, REQUESTS, st.integers(0, 6))
def test_an_index_that_was_cut_is_as_if_the_rest_had_never_been_added(
    before: list[tuple[str, str, bool]], after: list[tuple[str, str, bool]], count: int
) -> None:
    texts = [Earlier(text, name, bytes([number]), whole) for number, (text, name, whole) in enumerate(before)]
    others = [Earlier(text, name, bytes([number, 1]), whole) for number, (text, name, whole) in enumerate(after)]
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


def test_of_a_text_that_is_found_as_a_whole_no_line_is_found() -> None:
    index = Index([Earlier("a\nb", "the output of `x`", b"1", whole=True), Earlier("b\nc", "the output of `y`", b"2")])
    assert index.held(["a", "b", "c"]) == [1, 2]
    assert index.same("a") is None
    entry = index.same("a\nb")
    assert entry is not None and entry.identity == b"1"
