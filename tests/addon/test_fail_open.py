"""Errors are handed on and swallowed in one place only; what is no fault passes through."""

import ast
import asyncio
import re
from pathlib import Path

import pytest

from addon.fail_open import OverBudget, describe, fail_open

ROOT = Path(__file__).parent.parent.parent


class Panic(BaseException):
    """As native libraries raise it."""


@pytest.mark.parametrize(
    "error", [ValueError("x"), Panic("x"), RecursionError("x"), MemoryError("x"), AssertionError("x")]
)
def test_an_error_is_handed_on_and_the_code_behind_the_block_runs(error: BaseException) -> None:
    seen: list[BaseException] = []
    with fail_open(seen.append):
        _raise(error)
    assert seen == [error]


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    "signal", [asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(1), GeneratorExit(), OverBudget()]
)
def test_cancellation_shutdown_and_the_time_budget_pass_through(signal: BaseException) -> None:
    seen: list[BaseException] = []
    with pytest.raises(type(signal)), fail_open(seen.append):
        raise signal
    assert seen == []


def test_an_error_is_described_in_one_printable_line() -> None:
    assert describe(OSError("a\nb\x1b[31m" + "c" * 300)).startswith("OSError: a b [31m")
    assert len(describe(OSError("c" * 300))) == 200


def test_what_a_request_held_is_not_told_with_an_error_but_its_place_is() -> None:
    seen: list[BaseException] = []
    with fail_open(seen.append):
        int("a secret of the user")
    assert re.fullmatch(r"ValueError in addon/test_fail_open.py:\d+", describe(seen[0]))


def test_there_is_one_broad_except_in_the_project() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("addon", "transforms")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type)
    ]
    assert len(found) == 1, found
    assert found[0].startswith("addon/fail_open.py:")


def _is_broad(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException")) for name in names
    )
