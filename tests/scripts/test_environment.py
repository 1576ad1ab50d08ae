"""The scripts make the environment by themselves, once, and say what is missing where they cannot."""

from pathlib import Path

import pytest

from tests.scripts.checkout import Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.make(tmp_path)


@pytest.fixture
def ready(checkout: Checkout) -> Checkout:
    """With a fitting Python and uv on the PATH."""
    checkout.add_python(checkout.bin / "python3.13", 13)
    checkout.add_uv()
    return checkout


def test_run_makes_the_environment_and_hands_its_arguments_on_unchanged(ready: Checkout) -> None:
    done = ready.run("run", "-p", "9000", "--set", "a=b c")
    assert done.stdout.splitlines()[-1] == "<-P><-m><addon.command.cli><-p><9000><--set><a=b c>"
    wanted = f"uv sync --frozen --quiet --compile-bytecode --python {ready.bin}/python3.13"
    assert ready.calls() == [f"{wanted} --no-dev --inexact --extra mcp"]


def test_bytecode_is_made_once_so_that_no_start_has_to_compile(ready: Checkout) -> None:
    compiling = f"<-m><compileall><-qq><{ready.root}/addon><{ready.root}/transforms>"
    assert ready.run("run").stdout.splitlines()[:-1] == [compiling]
    assert ready.run("run").stdout.splitlines()[:-1] == []


def test_nothing_is_resolved_the_second_time(ready: Checkout) -> None:
    ready.run("run")
    ready.calls()
    done = ready.run("run")
    assert (ready.calls(), done.stderr) == ([], "")


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_is_synced(ready: Checkout, name: str) -> None:
    ready.run("run")
    ready.calls()
    (ready.root / name).write_text("2")
    ready.run("run")
    assert len(ready.calls()) == 1


def test_run_is_content_with_what_test_has_installed_but_not_the_other_way_round(ready: Checkout) -> None:
    ready.run("run")
    ready.run("test")
    assert [call.partition("python3.13 ")[2] for call in ready.calls()] == [
        "--no-dev --inexact --extra mcp",
        "--group dev",
    ]
    ready.run("run")
    assert ready.calls() == []


def test_a_checkout_that_was_moved_gets_a_new_environment(ready: Checkout) -> None:
    ready.run("run")
    leftover = ready.root / ".venv" / "bin" / "script-with-the-old-path"
    leftover.touch()
    moved = Checkout(ready.root.rename(ready.home / "elsewhere"), ready.bin, ready.home)
    done = moved.run("run")
    assert done.returncode == 0
    assert not (moved.root / ".venv" / "bin" / leftover.name).exists()


def test_a_failed_sync_is_reported_and_tried_again(ready: Checkout) -> None:
    fails = ready.home / "sync-fails"
    fails.touch()
    failed = ready.run("run")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "could not make the environment" in failed.stderr
    fails.unlink()
    assert ready.run("run").returncode == 0


def test_a_python_that_does_not_fit_is_passed_over(ready: Checkout) -> None:
    ready.add_python(ready.bin / "python3.13", None)
    ready.add_python(ready.bin / "python3", 12)
    ready.run("run")
    assert f"--python {ready.bin}/python3 " in ready.calls()[0]


def test_the_newest_fitting_python_of_pyenv_is_found(checkout: Checkout) -> None:
    checkout.add_uv()
    checkout.add_python(checkout.bin / "python3", None)
    for version, minor in {"2.7.18": None, "3.9.18": None, "3.12.1": 12, "3.13.0": 13, "3.14.0": None}.items():
        checkout.add_python(checkout.home / "py env" / "versions" / version / "bin" / "python3", minor)
    checkout.run("run", PYENV_ROOT=str(checkout.home / "py env"))
    assert "/versions/3.13.0/bin/python3 " in checkout.calls()[0]


def test_a_python_that_only_uv_knows_is_found(checkout: Checkout) -> None:
    known = checkout.add_python(checkout.home / "uv" / "python3.12", 12)
    checkout.add_uv(knows=known)
    checkout.run("run")
    assert f"--python {known} " in checkout.calls()[0]


def test_uv_fetches_a_python_where_there_is_none(checkout: Checkout) -> None:
    checkout.add_uv()
    done = checkout.run("run")
    assert "--python 3.13 " in checkout.calls()[0]
    assert "found no Python 3.12 or 3.13" in done.stderr


@pytest.mark.parametrize("old", [None, "0.5.1"])
def test_a_pinned_uv_is_installed_once_where_there_is_none_or_an_old_one(checkout: Checkout, old: str | None) -> None:
    checkout.add_python(checkout.bin / "python3.12", 12)
    checkout.add_uv("uv-pinned")
    if old:
        checkout.add_uv(version=old)
    checkout.run("run")
    *installing, sync = checkout.calls()
    assert installing == [f"python -m venv {checkout.root}/.tools", "python -m pip install uv==0.13.8"]
    assert sync.startswith("uv sync --frozen")
    (checkout.root / "uv.lock").write_text("2")
    checkout.run("run")
    assert len(checkout.calls()) == 1


def test_without_uv_and_python_it_says_what_to_install(checkout: Checkout) -> None:
    done = checkout.run("run")
    assert (done.returncode, done.stdout) == (1, "")
    assert "neither uv nor Python 3.12 or 3.13" in done.stderr


def test_test_runs_everything_and_hands_its_arguments_to_pytest(ready: Checkout) -> None:
    done = ready.run("test", "-k", "a b")
    ran = [line for line in done.stdout.splitlines() if line.startswith("<")]
    assert ran[1:] == [
        "<-m><ruff><check><.>",
        "<-m><ruff><format><--check><.>",
        "<-m><pytest><-n><auto><--dist><loadfile><--no-loadscope-reorder><-k><a b>",
        "<-m><mypy><--strict>",
    ]
    assert done.returncode == 0


def test_test_goes_on_after_a_failure_and_names_it_at_the_end(ready: Checkout) -> None:
    done = ready.run("test", FAILING="mypy")
    assert "<-m><pytest><-n><auto>" in done.stdout
    assert done.returncode == 1
    assert done.stderr.endswith("failed: mypy\n")
