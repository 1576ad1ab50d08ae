"""One tool output can be tried out: what a model would get, and why, without a proxy and without a trace."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from addon.command.cli import main
from addon.command.demo_requests import nightly_log

ERROR = "batch 287 failed: currency 'XTS' has no exchange rate for 2026-03-13"


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log in a file; whatever would be kept would be kept in `tmp_path`."""
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / "home"))
    path = tmp_path / "nightly.log"
    path.write_text(nightly_log())
    return path


def test_what_a_model_would_get_is_printed_and_the_attempts_beside_it(
    log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["try", str(log), "--command", "cat nightly.log"]) == 0
    printed = capfd.readouterr()
    assert ERROR in printed.out
    assert len(printed.out) < len(nightly_log()) / 2
    assert "tokens · Bash" in printed.err
    assert "record_compression log_folder" in printed.err
    assert not (tmp_path / "home").exists()


def test_options_and_policies_are_those_of_a_proxy(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--set", "max_lossy_ratio=0"], ["--set", "headroom_max_lossy_ratio=0"]):
        assert main(["try", str(log), *arguments]) == 0
        printed = capfd.readouterr()
        assert "omitted" not in printed.out
        assert "compressed" in printed.err
        assert "lossy ·" not in printed.err
    assert main(["try", str(log), "--auth-mode", "subscription"]) == 0
    assert '"max_lossy_ratio":0.25' in capfd.readouterr().err


def test_what_a_setting_keeps_a_proxy_from_is_not_done_here_either(
    log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for setting, reason in {
        "mode=shadow": "shadow",
        "auth_modes=oauth": "auth_mode",
        "exclude_tools=Read": "tool",
    }.items():
        assert main(["try", str(log), "--set", setting]) == 0
        printed = capfd.readouterr()
        assert printed.out == nightly_log()
        assert reason in printed.err


def test_what_comes_through_a_pipe_is_taken_and_what_is_small_stays(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a few words, and no \xff letter")))
    assert main(["try", "--tool", "shell"]) == 0
    printed = capfd.readouterr()
    assert printed.out == "a few words, and no \ufffd letter"
    assert "too_small" in printed.err
    assert "shell" in printed.err


def test_why_is_told_also_where_the_reader_has_seen_enough(log: Path) -> None:
    command = [sys.executable, "-m", "addon.command.cli", "try", str(log)]
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writes)
    assert done.returncode == 1
    assert "record_compression log_folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_ends_quietly_on_ctrl_c(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "read_bytes", interrupted)
    assert main(["try", str(log)]) == 130


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["missing.txt"], "missing.txt"),
        (["--set", "max_lossy_ratio=2"], "headroom_max_lossy_ratio='2'"),
        (["--set", "lossy=1"], "no such option: headroom_lossy"),
        (["--set", "headroom_time_budget_ms=0"], "headroom_time_budget_ms changes nothing here"),
    ],
)
def test_a_missing_file_or_a_bad_setting_is_named(
    arguments: list[str], told: str, log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["try", *([str(log)] if arguments[0] == "--set" else []), *arguments]) == 1
    assert told in capfd.readouterr().err
