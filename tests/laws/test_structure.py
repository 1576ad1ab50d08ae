"""How the code hangs together: what may import what, where the environment is read, and what is named how."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from addon.settings import Settings
from transforms.catalog import TRANSFORMS
from transforms.names import REFERENCES, TRANSFORM_NAMES
from transforms.reasons import Reason

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("addon", "transforms", "scripts")
PATHS = tuple(path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
LEAVES = frozenset(type(transform).__module__ for transform in TRANSFORMS)
"""Modules that hold a transform."""
MITMPROXY = {
    "addon.hooks",
    "addon.scope",
    "addon.socket_turns",
    "addon.command.start_plan",
    "addon.commands",
    "addon.exchanges",
    "addon.kept_bodies",
    "addon.signing",
    "addon.views.content_view",
    "addon.web.by_proxy",
}
"""Modules that know mitmproxy."""
ENVIRONMENT = {
    "addon/hooks.py": ["load: os.environ"],
    "addon/command/cli.py": ["main: os.environ"],
    "addon/command/demo.py": ["_proxy: os.environ"],
}
"""Where the environment is read: the options' defaults, and the commands that start other programs."""

every_module = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.relative_to(ROOT).as_posix())


def module(path: Path) -> str:
    """The name a file is imported by."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(path: Path) -> set[str]:
    """The modules that a file names in its imports; for `from a import b` both `a` and `a.b`."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@cache
def graph() -> dict[str, set[str]]:
    """For every module of ours the ones of ours that it imports."""
    ours = {module(path) for path in PATHS}
    return {module(path): (imported(path) & ours) - {module(path), *PACKAGES} for path in PATHS}


def test_transforms_know_nothing_of_the_addon_and_of_mitmproxy() -> None:
    for path in PATHS:
        if path.is_relative_to(ROOT / "transforms"):
            strangers = {name.partition(".")[0] for name in imported(path)} & {"addon", "mitmproxy", "scripts", "tests"}
            assert not strangers, path


def test_no_transform_knows_another_one() -> None:
    """They meet in the catalog only."""
    for name, imports in graph().items():
        assert name == "transforms.catalog" or imports.isdisjoint(LEAVES), name


def test_only_the_edge_knows_mitmproxy() -> None:
    knowing = {module(path) for path in PATHS if any(name.partition(".")[0] == "mitmproxy" for name in imported(path))}
    assert knowing == MITMPROXY


def test_the_libraries_of_an_extra_are_imported_by_one_module_that_nobody_imports() -> None:
    """It is reached for by its name when its option is set, so that all else runs without the extra."""
    extra = {"numpy", "onnxruntime", "tokenizers"}
    users = {module(path) for path in PATHS if {name.partition(".")[0] for name in imported(path)} & extra}
    assert users == {"transforms.prose.token_classifier"}
    assert not [name for name, imports in graph().items() if imports & users]


def test_imports_make_no_circle() -> None:
    waiting = dict(graph())
    while free := {name for name, imports in waiting.items() if imports.isdisjoint(waiting)}:
        waiting = {name: imports for name, imports in waiting.items() if name not in free}
    assert not waiting, f"in a circle, or behind one: {sorted(waiting)}"


def test_nobody_imports_the_entry_file() -> None:
    """mitmproxy loads it under a name of its own; imported besides, the addon would be there twice."""
    assert not [name for name, imports in graph().items() if "addon.headroom" in imports]


def test_the_environment_is_read_in_the_places_that_are_listed_here() -> None:
    found = {path.relative_to(ROOT).as_posix(): sorted(set(environment_reads(tree(path)))) for path in PATHS}
    assert {path: reads for path, reads in found.items() if reads} == ENVIRONMENT


def environment_reads(node: ast.AST, function: str = "") -> Iterator[str]:
    """`function: os.environ` for every use of the environment below `node`."""
    for child in ast.iter_child_nodes(node):
        inner = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(child, ast.Attribute) and child.attr in _READERS:
            yield f"{inner}: {ast.unparse(child)}"
        elif isinstance(child, ast.ImportFrom) and child.module == "os":
            yield from (f"{inner}: os.{alias.name}" for alias in child.names if alias.name in _READERS)
        yield from environment_reads(child, inner)


_READERS = frozenset({"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv", "expandvars"})


@every_module
def test_a_module_says_what_it_is_for(path: Path) -> None:
    if path.read_text().strip():
        assert ast.get_docstring(tree(path)), path


@every_module
def test_nothing_is_imported_inside_a_function(path: Path) -> None:
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = [node for function in functions for node in ast.walk(function)]
    assert not [ast.unparse(node) for node in inside if isinstance(node, ast.Import | ast.ImportFrom)]


@every_module
def test_every_public_class_and_function_of_a_module_says_what_it_does(path: Path) -> None:
    silent = [
        node.name
        for node in tree(path).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not silent


@every_module
def test_a_bare_string_stands_below_the_name_that_it_explains(path: Path) -> None:
    for scope in ast.walk(tree(path)):
        for above, node in pairwise(scope.body if isinstance(scope, ast.Module | ast.ClassDef) else ()):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                assert isinstance(above, ast.Assign | ast.AnnAssign | ast.TypeAlias), node.value.value


def test_transforms_have_names_of_their_own_that_the_option_takes() -> None:
    names = [transform.name for transform in TRANSFORMS]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert Settings.parse({"transforms": ",".join(names)}).transforms == set(names)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.name)
def test_a_transform_says_what_it_does_and_is_asked_about_something(transform: object) -> None:
    assert type(transform).__doc__
    assert getattr(transform, "kinds", None)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained(reason: Reason) -> None:
    """Below its definition, as the README has it."""
    body = next(n for n in tree(ROOT / "transforms" / "reasons.py").body if isinstance(n, ast.ClassDef)).body
    below = {
        ast.unparse(node.targets[0]): following for node, following in pairwise(body) if isinstance(node, ast.Assign)
    }
    explanation = below[reason.name]
    assert isinstance(explanation, ast.Expr)
    assert isinstance(explanation.value, ast.Constant)
    assert str(explanation.value.value).endswith(".")


def test_the_names_that_settings_take_are_those_of_the_catalog() -> None:
    assert (*(transform.name for transform in TRANSFORMS), REFERENCES) == TRANSFORM_NAMES
