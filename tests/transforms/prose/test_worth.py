"""Passages get ranks by what they are worth; what was to stay stays."""

from collections.abc import Sequence

from transforms.prose.worth import by_worth


class Lengths:
    """Worth is how short a text is."""

    def scores(self, texts: Sequence[str]) -> list[float]:
        return [1 / len(text) for text in texts]


def test_passages_go_in_the_order_of_their_worth_and_the_worthy_stay() -> None:
    lines = ["heading", "four", "", "a longer line", "goes on", "", "x", "", "six ch", "", "last"]
    ranks = [0, 1, 1, 2, 2, 2, 1, 0, 3, 3, 0]
    assert by_worth(lines, ranks, Lengths()) == [0, 3, 0, 1, 1, 0, 0, 0, 2, 0, 0]


def test_where_nothing_may_go_nothing_is_asked() -> None:
    assert by_worth(["a", "b"], [0, 0], Lengths()) == [0, 0]
