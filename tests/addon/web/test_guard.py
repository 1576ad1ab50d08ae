"""Who may ask: attacks by the network, by names, by browsers; and the token."""

import os
from pathlib import Path

import pytest

from addon.web.access_token import access_token
from tests.addon.web.rig import TOKEN, ask


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_programs_of_this_machine_may_ask(tmp_path: Path, peer: str) -> None:
    assert ask(tmp_path, "/healthz", peer=peer).status == 200


@pytest.mark.parametrize(
    "peer", ["192.168.1.7", "10.0.0.1", "fe80::1%eth0", "::ffff:192.168.1.7", "2001:db8::1", "", "x"]
)
def test_other_machines_may_not_but_with_the_token(tmp_path: Path, peer: str) -> None:
    assert ask(tmp_path, "/healthz", peer=peer).status == 403
    assert ask(tmp_path, "/healthz", peer=peer, token=True).status == 200
    assert ask(tmp_path, f"/healthz?token={TOKEN}", peer=peer).status == 200


@pytest.mark.parametrize("shown", ["Bearer wrong-token-wrong", "Bearer ", f"bearer {TOKEN}x"])
def test_a_wrong_token_is_refused_also_on_this_machine(tmp_path: Path, shown: str) -> None:
    assert ask(tmp_path, "/healthz", authorization=shown).status == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8082", "headroom.internal.evil.example", "127.0.0.1", ""]
)
def test_a_name_that_was_made_to_lead_here_is_refused(tmp_path: Path, host: str) -> None:
    """DNS rebinding: the browser believes to be at evil.example while it talks to us."""
    assert ask(tmp_path, "/healthz", host=host).status == 421


@pytest.mark.parametrize(
    "host", ["headroom.internal", "HEADROOM.internal", "headroom.internal:80", "headroom.internal:443"]
)
def test_the_own_name_is_known_in_every_spelling(tmp_path: Path, host: str) -> None:
    assert ask(tmp_path, "/healthz", host=host).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://evil.example:80", "null", "http://127.0.0.1:9", ""])
def test_a_script_of_another_sites_page_is_refused(tmp_path: Path, origin: str) -> None:
    assert ask(tmp_path, "/stats", origin=origin).status == 403
    assert ask(tmp_path, "/stats", "POST", origin=origin).status == 403


def test_a_script_of_our_own_page_is_not(tmp_path: Path) -> None:
    assert ask(tmp_path, "/stats", origin="http://headroom.internal", sec_fetch_site="same-origin").status == 200


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("cross-site", "no-cors", 403),
        ("cross-site", "navigate", 403),
        ("same-site", "cors", 403),
        ("same-site", "navigate", 200),
        ("none", "navigate", 200),
    ],
)
def test_what_a_browser_says_of_where_a_request_comes_from_counts(
    tmp_path: Path, site: str, mode: str, status: int
) -> None:
    assert ask(tmp_path, "/", sec_fetch_site=site, sec_fetch_mode=mode).status == status


def test_no_reply_may_be_read_framed_or_run_by_another_page(tmp_path: Path) -> None:
    for reply in (ask(tmp_path, "/"), ask(tmp_path, "/nothing"), ask(tmp_path, "/", origin="null")):
        assert not any(name.startswith("access-control") for name in reply.head)
        assert reply.head["x-content-type-options"] == "nosniff"
        assert reply.head["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in reply.head["content-security-policy"]
    assert ask(tmp_path, "/stats", "OPTIONS", origin="http://headroom.internal").status == 405


def test_the_token_is_made_once_for_its_owners_eyes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    token = access_token(home)
    assert len(token) >= 32
    assert access_token(home) == token
    assert (home / "token").stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(home)) == ["token"]
    assert access_token(home, "the-users-own-token") == "the-users-own-token"


def test_without_a_folder_there_is_no_token_to_show(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert access_token(tmp_path / "file" / "home") == ""
    (tmp_path / "token").write_text("short")
    assert access_token(tmp_path) == "", "what can be guessed is no token"
