"""Breaking the cache once pays only for much saved and many turns to come."""

import pytest

from addon.cost import WRITE_HOUR, Attach


@pytest.mark.parametrize(
    ("saved", "turns", "pays"),
    [
        (0, 100, False),
        (100, 100, False),
        (500, 5, False),
        (500, 12, True),
        (900, 2, True),
        (300, 40, True),
        (300, 20, False),
    ],
)
def test_it_pays_for_much_saved_and_many_turns(saved: int, turns: int, pays: bool) -> None:
    assert Attach(prompt_tokens=1000, saved_tokens=saved, turns=turns).pays is pays


def test_a_cache_of_an_hour_is_dearer_to_write() -> None:
    assert Attach(1000, 500, 12).pays
    assert not Attach(1000, 500, 12, write=WRITE_HOUR).pays


def test_the_sum_can_be_read() -> None:
    assert str(Attach(1000, 500, 12)) == (
        "rewriting history costs 1225 < 1300 for keeping it (500 of 1000 tokens saved, 12 more turns expected)"
    )
