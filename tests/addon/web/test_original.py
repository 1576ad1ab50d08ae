"""The page of an original: its bytes, what is left of it, and what is said when it is gone."""

import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from addon.store.originals import Originals
from addon.store.shelf import Source
from tests.addon.web.rig import ask

TEXT = "".join(f"line {n}\n" for n in range(1, 5001))
CALL = Source("Bash", '{"command": "make test"}')


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Originals]:
    opened = Originals(tmp_path)
    opened.save([TEXT], CALL)
    yield opened
    opened.close()


@pytest.fixture
def page(store: Originals) -> str:
    return f"/o/{store.id_of(TEXT)}"


def test_a_range_that_fits_is_the_originals_bytes_and_nothing_else(tmp_path: Path, page: str) -> None:
    reply = ask(tmp_path, f"{page}?lines=120-180")
    assert reply.body.decode() == "".join(TEXT.splitlines(keepends=True)[119:180])
    assert reply.head["x-headroom-lines"] == "120-180 of 5000"
    assert "x-headroom-next" not in reply.head


def test_a_page_says_what_is_left_and_where_until_nothing_is(tmp_path: Path, page: str) -> None:
    target, got = page, b""
    for _ in range(20):
        reply = ask(tmp_path, target)
        if "x-headroom-next" not in reply.head:
            break
        body, _, told = reply.body.rstrip(b"\n").rpartition(b"\n")
        got += body + b"\n"
        target = reply.head["x-headroom-next"].removeprefix("http://headroom.internal")
        assert f"of 5000 left: http://headroom.internal{target}" in told.decode()
    assert (got + reply.body).decode() == TEXT


def test_programs_get_the_same_as_json_with_the_call_it_came_from(tmp_path: Path, page: str) -> None:
    facts = orjson.loads(ask(tmp_path, f"{page}?lines=10-20&format=json").body)
    assert facts["text"] == "".join(TEXT.splitlines(keepends=True)[9:20])
    assert (facts["lines"], facts["of"], facts["left"], facts["next"]) == ([10, 20], 5000, None, None)
    assert (facts["tool"], facts["arguments"]) == (CALL.tool, CALL.arguments)
    more = orjson.loads(ask(tmp_path, f"{page}?tokens=10&format=json").body)
    assert more["next"].startswith(f"http://headroom.internal{page}?lines=")


def test_a_regular_expression_finds_lines(tmp_path: Path, page: str) -> None:
    reply = ask(tmp_path, f"{page}?grep=%5Eline%2040%5B12%5D%24")
    assert reply.body == b"401:line 401\n402:line 402\n"


def test_another_machine_gets_an_original_with_the_token_only(tmp_path: Path, page: str) -> None:
    assert ask(tmp_path, page, peer="192.168.1.7").status == 403
    assert ask(tmp_path, page, peer="192.168.1.7", token=True).status == 200


def test_what_was_removed_is_told_with_the_call_that_makes_it_again(
    tmp_path: Path, page: str, store: Originals
) -> None:
    with store._shelf._transaction() as table:
        table.execute("UPDATE originals SET used = used - 40 * 86400")
    store.prune()
    reply = ask(tmp_path, page)
    assert reply.status == 410
    told = reply.body.decode()
    assert "was not used for 30 days and was removed on " + time.strftime("%Y-%m-%d", time.gmtime()) in told
    assert told.rstrip().endswith(f"repeat the call: {CALL.tool} {CALL.arguments}")
    facts = orjson.loads(ask(tmp_path, f"{page}?format=json").body)
    assert (facts["state"], facts["tool"]) == ("expired", "Bash")


def test_what_somebody_else_removed_is_told_so(tmp_path: Path, page: str, store: Originals) -> None:
    store.path_of(store.id_of(TEXT)).unlink()
    reply = ask(tmp_path, page)
    assert reply.status == 410
    assert b"not in its folder any more" in reply.body


def test_what_never_was_is_unknown(tmp_path: Path, store: Originals) -> None:
    reply = ask(tmp_path, f"/o/{'1' * 21}?format=json")
    assert reply.status == 404
    assert orjson.loads(reply.body)["state"] == "unknown"


@pytest.mark.parametrize("name", ["..", "%2e%2e%2ftoken", "..%2ftoken", "token", "originals", "1" * 20, "a" * 200, ""])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, store: Originals, name: str) -> None:
    (tmp_path / "token").write_text("secret-secret-secret")
    reply = ask(tmp_path, f"/o/{name}")
    assert reply.status in (400, 404)
    assert b"secret" not in reply.body


def test_ids_are_not_listed(tmp_path: Path, store: Originals) -> None:
    for target in ("/o", "/o/", "/"):
        assert store.id_of(TEXT).encode() not in ask(tmp_path, target).body


@pytest.mark.parametrize("query", ["lines=9-3", "grep=(", "tokens=x", "line=3", "format=yaml&what=1"])
def test_a_question_that_is_none_is_a_400_that_says_what_is_allowed(tmp_path: Path, page: str, query: str) -> None:
    reply = ask(tmp_path, f"{page}?{query}")
    assert reply.status == 400
    assert len(reply.body) > 10
