"""`headroom-mitm` says how to use the proxy, then starts it; errors are told before anything is started."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from addon.command import cli, start_plan
from addon.command.hints import Endpoint, hints

_COMMAND = [sys.executable, "-P", "-m", "addon.command.cli"]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have taken the place of this process."""
    commands: list[list[str]] = []

    def write_down(command: list[str]) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr(cli, "_become", write_down)
    monkeypatch.setenv("HEADROOM_ONLY_LLM_HOSTS", "true")
    monkeypatch.setenv("HEADROOM_PORT", "0")
    return commands


def test_the_users_arguments_come_last_so_that_they_win(
    started: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--set", f"confdir={tmp_path}", "-p", "0", "--web-port", "0", "--web-open-browser"]
    assert cli.main(arguments) == 0
    assert started[0][-len(arguments) :] == arguments
    assert "mitmweb()" in started[0][3]
    assert str(tmp_path / "headroom-bundle.pem") in capsys.readouterr().out


def test_the_ca_bundle_is_printed_and_nothing_is_started(
    started: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--ca-bundle", "--set", f"confdir={tmp_path}"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'headroom-bundle.pem'}\n"
    assert started == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("headroom_retrieve=foo", "headroom_retrieve='foo': allowed: file, url, both"),
        ("headroom_prot=8083", "no such option: headroom_prot; did you mean headroom_port?"),
    ],
)
def test_a_bad_setting_ends_it_before_anything_is_said_or_started(
    started: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str, told: str
) -> None:
    assert cli.main(["--dump", "-p", "0", "--set", f"confdir={tmp_path}", "--set", given]) == 1
    output = capsys.readouterr()
    assert (output.out, started) == ("", [])
    assert told in output.err


def test_a_command_that_is_none_is_told_before_anything_is_started(
    started: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["doctro"])
    assert "no such command: doctro; did you mean doctor?" in capsys.readouterr().err
    assert started == []


def test_the_dashboard_is_told_where_it_was_asked_for(
    started: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str], unused_tcp_port: int
) -> None:
    setting = f"headroom_port={unused_tcp_port}"
    assert cli.main(["--dump", "-p", "0", "--set", f"confdir={tmp_path}", "--set", setting]) == 0
    assert f"http://127.0.0.1:{unused_tcp_port}/ has the dashboard" in capsys.readouterr().out
    assert started


@pytest.mark.parametrize(
    ("arguments", "is_told"),
    [
        (["-m", "reverse:https://llm.example.com"], True),
        (["-m", "reverse:https://llm.example.com", "--set", "headroom_hosts=*.example.com"], False),
        (["-m", "reverse:https://llm.example.com", "--set", "headroom_compress_passthrough=on"], False),
        (["-m", "reverse:https://api.anthropic.com"], False),
        (["-m", "upstream:http://proxy.example:3128"], False),
    ],
)
def test_a_base_url_for_which_nothing_would_be_rewritten_is_told(
    arguments: list[str], is_told: bool, started: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--dump", "-p", "0", "--set", f"confdir={tmp_path}", *arguments]) == 0
    assert ("--set headroom_hosts=llm.example.com names it" in capsys.readouterr().out) == is_told
    assert started


def test_where_the_dashboards_port_is_taken_that_is_told(
    started: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEADROOM_PORT", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(cli, "PAGES_PORT", str(taken.getsockname()[1]))
        monkeypatch.setattr(start_plan, "PAGES_PORT", str(taken.getsockname()[1]))
        assert cli.main(["--dump", "-p", "0", "--set", f"confdir={tmp_path}"]) == 0
    assert "No dashboard: port" in capsys.readouterr().out
    assert started


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    command = [*_COMMAND, "state", "--home", str(tmp_path)]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(theirs)
    assert done.returncode == 1 and "Traceback" not in done.stderr


def test_a_client_of_the_mcp_server_that_goes_away_is_no_error(tmp_path: Path) -> None:
    environ = {**os.environ, "HEADROOM_HOME": str(tmp_path)}
    done = subprocess.run(
        [*_COMMAND, "mcp"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=environ
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_taken_port_ends_it_with_a_message(
    started: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert cli.main(["--dump", "-p", port, "--set", f"confdir={tmp_path}"]) == 1
    output = capsys.readouterr()
    assert (output.out, started) == ("", [])
    assert f"cannot listen on 127.0.0.1:{port}" in output.err


@pytest.mark.parametrize("flag", ["-q", "--options", "-n"])
def test_no_hints_where_nothing_is_served_or_quiet_is_asked_for(
    started: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    assert cli.main(["--dump", flag, "-p", "0", "--set", f"confdir={tmp_path}"]) == 0
    assert (capsys.readouterr().out, len(started)) == ("", 1)


def test_the_demo_is_started_with_its_own_arguments(started: list[list[str]]) -> None:
    cli.main(["--demo", "--once"])
    assert started == [[sys.executable, "-P", "-m", "addon.command.demo", "--once"]]


def test_the_hints_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    bundle = tmp_path / "with a blank.pem"
    text = hints("regular", Endpoint("0.0.0.0", 9000), Endpoint("127.0.0.1", 9001), bundle)
    line = next(line for line in text.split("\n") if line.endswith(" claude"))
    shown = line.removeprefix("  Claude Code").replace(" claude", " env")
    environment = subprocess.run(["sh", "-c", shown], capture_output=True, text=True, check=True).stdout.splitlines()
    assert "HTTPS_PROXY=http://127.0.0.1:9000" in environment
    assert f"NODE_EXTRA_CA_CERTS={bundle}" in environment
    assert "port 9001" in text


def test_a_reverse_proxy_is_explained_as_a_base_url(tmp_path: Path) -> None:
    text = hints("reverse", Endpoint("::1", 9000), None, tmp_path)
    assert "ANTHROPIC_BASE_URL=" in text and "http://[::1]:9000" in text
    assert "HTTPS_PROXY" not in text


@pytest.mark.e2e
def test_a_real_mitmdump_starts_and_ends_cleanly_on_ctrl_c(tmp_path: Path) -> None:
    arguments = ["--dump", "-p", "0", "--set", f"confdir={tmp_path}"]
    environment = {**os.environ, "HEADROOM_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*_COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=tmp_path,
    ) as proxy:
        assert proxy.stdout is not None
        output = ""
        while "listening at" not in output and (line := proxy.stdout.readline()):
            output += line
        proxy.send_signal(signal.SIGINT)
        output += proxy.stdout.read()
    assert proxy.returncode == 0, output
    assert "Traceback" not in output


def test_the_version_names_all_three_parts() -> None:
    done = subprocess.run([*_COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert [part.rpartition(" ")[0] for part in done.stdout.strip().split(", ")] == [
        "headroom-mitmproxy",
        "mitmproxy",
        "Python",
    ]
