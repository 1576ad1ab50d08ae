"""What `run` says at its end of the traffic that it was for."""

import pytest

from addon.command.wrap.running_proxy import Figures


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (Figures(0, 0, 0), "no request with tool outputs went through the proxy"),
        (Figures(1, 0, 0), "no tool outputs reached the API in 1 request"),
        (Figures(2, 1200, 1200), "nothing saved: 1,200 tokens of tool outputs in 2 requests"),
        (Figures(3, 84_120, 31_377), "84,120 -> 31,377 tokens of tool outputs in 3 requests (-63 %)"),
    ],
)
def test_the_figures_are_said_in_words(figures: Figures, said: str) -> None:
    assert str(figures) == said


def test_only_what_came_since_counts() -> None:
    assert Figures(5, 900, 300).since(Figures(2, 500, 200)) == Figures(3, 400, 100)
