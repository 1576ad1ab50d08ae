"""The dashboard in a real browser: what it answers, in both themes, in a narrow window, by keyboard, and live."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from addon.cache.conversations import CacheVerdict
from addon.dashboard.stats import stats
from addon.figures.tally import Answer, Tally
from addon.metrics import Metrics
from addon.web.by_port import PortServer
from addon.web.recent import Recent
from addon.web.sources import Sources
from tests.addon.figures.test_tally import USAGE, entry, log, turn
from tests.browser.chromium import Page
from transforms.reasons import Reason

pytestmark = pytest.mark.e2e


class Site:
    """A tally behind a port."""

    def __init__(self, home: Path) -> None:
        self.tally, self.home = Tally(), home
        metrics = Metrics(self.tally)
        self.server = PortServer(
            Sources(
                home=lambda: home,
                token=lambda: "a token of the test",
                metrics=metrics.text,
                stats=lambda: {**stats(self.tally, home, "compress"), "metrics": metrics.figures()},
                recent=Recent(),
            ),
            0,
        )
        self.url = f"http://127.0.0.1:{self.server.port}/"

    def turns(self) -> None:
        """Two turns of a conversation, a small output, a broken cache, an error of ours."""
        small = entry(before=30, after=30, reason=Reason.TOO_SMALL)
        first = Answer(log(entry(before=10_000), small), 200, USAGE, turn(1), CacheVerdict.UNKNOWN)
        again = Answer(log(entry(False, 10_000), fetched=100), 200, USAGE, turn(2), CacheVerdict.CLIENT_BROKE)
        for answer in (first, again):
            self.tally.request(answer.log)
            self.tally.answered(answer)
        self.tally.failure("response")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.server.stop()


def opened(page: Page, site: Site, **window: Any) -> Page:
    page.complaints.clear()
    page.open(site.url, **window)
    page.wait_for("document.getElementById('live').textContent === 'live'")
    return page


def test_the_four_questions_are_answered_at_the_top(page: Page, site: Site) -> None:
    site.turns()
    text = opened(page, site).text()
    top = text[: text.index("Tool output over time")]
    for told in (
        "19.1k tokens",
        "held on 0 of 1 judged turn",
        "broken by the client 1, by us 0",
        "1 of 2",
        "too_small",
        "4 ms",
        "1 error of ours",
    ):
        assert told in top, top
    assert "saved beside" in top and "list prices of" in top


def test_before_any_traffic_it_says_that_there_is_none(page: Page, site: Site) -> None:
    text = opened(page, site).text()
    assert "nothing yet" in text and "not known yet" in text and "n/a" in text
    assert "NaN" not in text and "undefined" not in text and "null" not in text


def test_it_follows_what_happens_and_says_when_it_cannot(page: Page, site: Site) -> None:
    opened(page, site)
    site.turns()
    page.wait_for("document.getElementById('pays').textContent === '19.1k tokens'")
    site.server.stop()
    page.wait_for("document.getElementById('live').className === 'lost'")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_both_themes_have_contrast_enough_for_every_text(page: Page, site: Site, dark: bool) -> None:
    site.turns()
    opened(page, site, dark=dark)
    assert page.run(_POOR_CONTRAST) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_window_is_too_narrow(page: Page, site: Site, width: int) -> None:
    site.turns()
    opened(page, site, width=width)
    assert page.run("document.documentElement.scrollWidth") <= width


def test_it_needs_nothing_from_outside_and_nothing_its_policy_forbids(page: Page, site: Site) -> None:
    site.turns()
    opened(page, site)
    asked = page.run("performance.getEntriesByType('resource').map((r) => new URL(r.name).origin)")
    assert asked and set(asked) == {site.url.rstrip("/")}
    assert page.complaints == []


def test_a_name_of_a_tool_is_never_markup(page: Page, site: Site) -> None:
    site.tally.request(log(entry().model_copy(update={"tool": "<img src=x onerror=alert(1)>"})))
    opened(page, site)
    assert page.run("document.images.length") == 0
    assert "<img src=x" in page.text()


def test_the_span_can_be_chosen_by_keyboard(page: Page, site: Site) -> None:
    site.turns()
    opened(page, site)
    page.press("Tab")
    assert page.run("document.activeElement.textContent") == "Skip to the figures"
    page.press("Tab")
    assert page.run("document.activeElement.value") == "hour"
    page.press("ArrowRight")
    assert page.run("document.querySelector('input[name=span]:checked').value") == "day"


def test_a_screen_reader_is_told_what_a_figure_and_a_chart_say(page: Page, site: Site) -> None:
    site.turns()
    opened(page, site)
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    told = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node.get("ignored")}
    assert ("heading", "Does it pay?") in told
    assert ("radio", "last hour") in told
    assert any(role in ("image", "img") and "tokens of tool output sent" in name for role, name in told)
    assert any(role == "rowheader" and name.startswith("too_small") for role, name in told)
    assert any(role == "status" for role, _ in told)


_POOR_CONTRAST = """
(() => {
  const parts = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => parts(c).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((a, v, n) => a + v * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (parts(c)[3] !== 0) return c; } return "rgb(255,255,255)"; };
  const poor = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || e.closest("noscript, script, svg, .quiet")) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${e.textContent.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return poor;
})()
"""
