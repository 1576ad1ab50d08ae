"""The table of pages: what is answered, by which method, and that nothing a client sends makes it fail."""

import re
from pathlib import Path

import orjson
import pytest

from addon.web.exchange import BODY_LIMIT
from addon.web.routes import ROUTES
from tests.addon.web.rig import ask


def test_the_figures_are_there_for_people_and_programs(tmp_path: Path) -> None:
    assert orjson.loads(ask(tmp_path, "/healthz").body)["status"] == "ok"
    assert orjson.loads(ask(tmp_path, "/stats").body) == {"requests": 1}
    assert ask(tmp_path, "/metrics").body == b"headroom_blocks_total 1.0\n"
    assert ask(tmp_path, "/").status == 200


def test_head_is_answered_like_get(tmp_path: Path) -> None:
    assert ask(tmp_path, "/stats", "HEAD").head == ask(tmp_path, "/stats").head


@pytest.mark.parametrize(
    "path", ["/../etc/passwd", "//stats", "/stats/", "/%2e%2e/token", "/token", "/stats%00", "", "/o", "/\\..\\x"]
)
def test_what_is_no_page_is_not_found(tmp_path: Path, path: str) -> None:
    assert ask(tmp_path, path).status == 404


def test_another_method_is_told_the_right_one(tmp_path: Path) -> None:
    reply = ask(tmp_path, "/stats", "DELETE")
    assert (reply.status, reply.head["allow"]) == (405, "GET")


def test_a_body_beyond_the_limit_and_a_query_of_many_fields_are_refused(tmp_path: Path) -> None:
    assert ask(tmp_path, "/stats", body=b"x" * (BODY_LIMIT + 1)).status == 413
    assert ask(tmp_path, "/stats?" + "&".join(f"a{n}=1" for n in range(99))).status == 400


def test_no_two_lines_answer_the_same_and_each_page_says_what_it_shows() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    for route in ROUTES:
        assert route.page.__doc__
        assert re.fullmatch(r"/(?:[a-z]+(?:/(?:\{\w+\}|[a-z]+))?)?", route.path)
