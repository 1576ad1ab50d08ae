"""Which proxy a command gets: the one that runs where its authority is trusted, else one of its own."""

import argparse
import base64
import http.client
import os
import shlex
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from addon.command.hints import Endpoint
from addon.command.own_proxy import own_proxy
from addon.command.trust import write_bundle
from addon.command.wrap import cli

pytestmark = pytest.mark.e2e

_FOREIGN = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {**mine, "HEADROOM_HOME": str(tmp_path / "home")}


def given(port: int) -> argparse.Namespace:
    return argparse.Namespace(port=port, log=None)


def test_one_that_runs_is_shared_where_the_bundle_has_its_authority(environ: dict[str, str], tmp_path: Path) -> None:
    theirs, other = tmp_path / "theirs", tmp_path / "other"
    bundle, stranger = write_bundle(theirs, {}), write_bundle(other, {})
    with own_proxy(["--set", f"confdir={theirs}"], environ) as running:
        with cli._proxy(given(running.at.port), [], environ, theirs, bundle) as shared:
            assert shared == running.at
        with cli._proxy(given(running.at.port), ["--set", f"confdir={other}"], environ, other, stranger) as own:
            assert own != running.at


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "headroom_mdoe=shadow"], "did you mean headroom_mode?"),
        (["--set", "headroom_mode=fast"], "headroom_mode='fast'"),
        (["-p", "99999"], "not a port: 99999"),
        (["-m", "reverse:https://api.anthropic.com"], "-m reverse:https://api.anthropic.com is none"),
    ],
)
def test_a_bad_setting_is_refused_before_anything_runs(
    arguments: list[str], told: str, environ: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*arguments, "--", sys.executable, "-c", "print('ran')"], environ) == 1
    printed = capfd.readouterr()
    assert told in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("runs", [1, 2])
def test_a_shell_has_again_what_it_had(runs: int, environ: dict[str, str], tmp_path: Path) -> None:
    had = {**environ, "SSL_CERT_FILE": "", "CURL_CA_BUNDLE": "/etc/it's mine.pem", "HTTPS_PROXY": "http://proxy:1"}
    command = f"{shlex.quote(sys.executable)} -m addon.command.cli env --shell bash --set confdir={tmp_path}"
    there = "".join(f'eval "$({command} -p {8090 + run} 2>/dev/null)"; ' for run in range(runs))
    lines = f'{there} echo "$HTTPS_PROXY"; eval "$({command} --unset)"; env -0'
    done = subprocess.run(["bash", "-c", lines], env=had, capture_output=True, text=True, timeout=60, check=True)
    proxy, _, now = done.stdout.partition("\n")
    assert proxy == f"http://127.0.0.1:{8089 + runs}"
    found = dict(line.split("=", 1) for line in now.rstrip("\0").split("\0"))
    shells_own = {"_", "PWD", "SHLVL", "OLDPWD"}
    assert {k: v for k, v in found.items() if k not in shells_own} == {
        k: v for k, v in had.items() if k not in shells_own
    }


def test_a_proxy_of_the_users_own_is_gone_through_and_its_password_is_in_no_list_of_processes(
    environ: dict[str, str], tmp_path: Path
) -> None:
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_once, args=(listener, heads), daemon=True).start()
        environ["HTTPS_PROXY"] = f"http://me:pass%20word@127.0.0.1:{listener.getsockname()[1]}"
        arguments = ["--set", f"confdir={tmp_path}"]
        with cli._proxy(given(1), arguments, environ, tmp_path, write_bundle(tmp_path, {})) as proxy:
            lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
            assert any(f"confdir={tmp_path}" in line for line in lines)
            assert not any("pass word" in line for line in lines)
            assert fetch(proxy, "http://intra.example/") == b"ok"
    assert heads[0].startswith(b"GET http://intra.example/ ")
    assert b"Basic " + base64.b64encode(b"me:pass word") in heads[0]


def answer_once(listener: socket.socket, heads: list[bytes]) -> None:
    with suppress(OSError):
        connection, _ = listener.accept()
        with connection:
            heads.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


def fetch(proxy: Endpoint, url: str) -> bytes:
    connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=20)
    try:
        connection.request("GET", url)
        return connection.getresponse().read()
    finally:
        connection.close()
