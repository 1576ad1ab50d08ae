"""The dashboard's files on the site: for browsers, with a policy of their own, also by the token."""

from pathlib import Path

import pytest

from tests.addon.web.rig import TOKEN, ask


def test_a_browser_gets_the_page_and_other_clients_the_list(tmp_path: Path) -> None:
    page = ask(tmp_path, "/", accept="text/html,*/*")
    assert page.body.startswith(b"<!doctype html>") and page.headers["content-type"].startswith("text/html")
    assert b"/dashboard" in ask(tmp_path, "/").body and ask(tmp_path, "/dashboard").body == page.body


def test_its_policy_allows_what_is_its_own_and_nothing_else(tmp_path: Path) -> None:
    policy = ask(tmp_path, "/dashboard").head["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy


@pytest.mark.parametrize(("name", "kind"), [("style", "css"), ("script", "javascript"), ("grafana", "json")])
def test_its_files_are_there_by_their_kind(tmp_path: Path, name: str, kind: str) -> None:
    file = ask(tmp_path, f"/dashboard/{name}")
    assert file.status == 200 and kind in file.headers["content-type"]


def test_no_other_file_is_given_out(tmp_path: Path) -> None:
    for name in ("pages", "stats", "__init__", "page"):
        assert ask(tmp_path, f"/dashboard/{name}").status == 404


def test_a_token_in_the_address_goes_on_to_what_the_page_asks_for(tmp_path: Path) -> None:
    page = ask(tmp_path, f"/dashboard?token={TOKEN}", peer="192.0.2.7")
    assert page.status == 200
    assert f'src="/dashboard/script?token={TOKEN}"'.encode() in page.body
    assert ask(tmp_path, "/dashboard", peer="192.0.2.7").status == 403
