"""The README and the CHANGELOG say what the code does: tables row by row, names, commands, links and the example."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from mitmproxy import flowfilter

from addon import deadline, retrieval
from addon.cache.breaker import Trip
from addon.cache.conversations import CacheVerdict, Conversations
from addon.command import cli, hints, state
from addon.command.demo_requests import demo_requests
from addon.figures.tally import Answer, Tally
from addon.metrics import Metrics
from addon.routing_log import Entry, RoutingLog
from addon.settings import PREFIX, environment_variable, option_default, option_help, option_names
from addon.shapes.catalog import SHAPES
from addon.sinks import HEADER_LIMIT
from addon.store import ledger, shelf, sqlite_ledger
from addon.wire import body_codecs
from addon.wire.clients import classify
from addon.wire.usage import Usage
from transforms import compression_policy
from transforms.cache_aligner import Prefix
from transforms.catalog import TRANSFORMS
from transforms.compression_policy import AuthMode, CompressionPolicy, policy_for_mode
from transforms.contract import Kind
from transforms.reasons import Reason

ROOT = Path(__file__).parent.parent
PAGES = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "addon/README.md", "transforms/README.md")}
README = "\n".join(PAGES.values())
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_CELLS = re.compile(r"(?<!\\)\|")

type Row = tuple[str, ...]


def section(title: str, page: str = "README.md") -> str:
    """What stands below a heading, up to the next one of its level or above."""
    text = PAGES[page]
    headings = list(_HEADING.finditer(text))
    at = next(n for n, heading in enumerate(headings) if heading[2] == title)
    level = len(headings[at][1])
    end = next((h.start() for h in headings[at + 1 :] if len(h[1]) <= level), len(text))
    return text[headings[at].end() : end]


def tables(text: str) -> Iterator[list[Row]]:
    """The tables of a text: the rows of each, without its head."""
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        lines = block.splitlines()
        yield [tuple(cell.strip() for cell in _CELLS.split(line)[1:-1]) for line in lines[2:]]


def rows(title: str, table: int = 0, page: str = "README.md") -> list[Row]:
    return list(tables(section(title, page)))[table]


def code(words: Iterable[object]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def cell(text: str) -> str:
    """A text of the code as a table has it: on one line."""
    return re.sub(r"\s+", " ", text).strip().replace("|", r"\|")


def documented(path: str, name: str) -> dict[str, str]:
    """The docstrings below the fields of a class, by the fields' names."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name).body
    found = {}
    for field, text in pairwise(body):
        match field, text:
            case (
                ast.Assign(targets=[ast.Name(id=key)]) | ast.AnnAssign(target=ast.Name(id=key)),
                ast.Expr(value=ast.Constant(value=str(told))),
            ):
                found[key] = cell(told)
    return found


def kinds(asked: frozenset[Kind]) -> str:
    left = [kind for kind in Kind if kind not in asked]
    if not left:
        return "all"
    return f"all but {code(left)}" if len(left) < len(asked) else code(kind for kind in Kind if kind in asked)


# Tables


def test_the_table_of_options_is_that_of_the_settings() -> None:
    expected = [
        (
            f"`{PREFIX}{name}`",
            f"`{environment_variable(name)}`",
            f"`{default}`" if (default := option_default(name, {})) else "empty",
            cell(option_help(name)),
        )
        for name in option_names()
    ]
    assert rows("Options", page="addon/README.md") == expected


def test_the_table_of_apis_has_every_shape_in_order() -> None:
    assert [row[0] for row in rows("APIs")] == [f"`{shape.name}`" for shape in SHAPES]


def test_the_table_of_transforms_is_the_catalog_in_its_order() -> None:
    told = rows("Transforms", page="transforms/README.md")
    assert [row[:3] for row in told] == [(f"`{t.name}`", str(t.loss), kinds(t.kinds)) for t in TRANSFORMS]
    assert all(row[3].endswith(".") for row in told)


def test_the_tables_of_reasons_hold_every_reason_in_the_same_words() -> None:
    meanings = documented("transforms/reasons.py", "Reason")
    expected = [(f"`{reason}`", meanings[reason.name]) for reason in Reason]
    assert [row for table in tables(section("Reasons", "addon/README.md")) for row in table] == expected


def test_the_table_of_policies_has_every_field_of_every_mode() -> None:
    meanings = documented("transforms/compression_policy.py", "CompressionPolicy")
    policies = [policy_for_mode(mode) for mode in AuthMode]
    expected = [
        (f"`{field}`", *(str(getattr(policy, field)).lower() for policy in policies), meanings[field])
        for field in CompressionPolicy.model_fields
    ]
    assert rows("Policies", table=1) == expected


def test_the_table_of_auth_modes_is_what_is_told_from_such_headers() -> None:
    for header, mode in rows("Policies", table=0):
        name, _, value = _CODE.findall(header)[0].partition(": ")
        told = classify({name: value.replace("…", "x1")}).auth_mode
        assert f"`{told or 'unknown'}`" == mode, header


def test_the_table_of_metrics_names_each_with_its_labels() -> None:
    tally = Tally()
    metrics = Metrics(tally)
    entry = Entry(
        block=0,
        tool="",
        transform_name="none",
        reason=Reason.COMPRESSED,
        loss=None,
        compression_ratio=1,
        tokens_before=1,
        tokens_after=1,
    )
    log = RoutingLog(decision=Reason.COMPRESSED, entries=(entry,))
    tally.request(log)
    tally.failure("request")
    turn = Conversations().turn(Prefix(), Prefix(), 128)
    tally.answered(Answer(log, 200, Usage(input_tokens=1), turn, CacheVerdict.HELD, Trip.CLIENT_ERRORS))
    expected = []
    for family in metrics.registry.collect():
        labels = [label for label in family.samples[0].labels if label != "le"]
        name = f"{family.name}_total" if family.type == "counter" else family.name
        expected.append((f"`{name}`", code(labels) or "none", cell(family.documentation)))
    assert rows("Metrics", page="addon/README.md") == expected


def test_every_client_that_a_start_names_is_in_the_table_with_its_variable() -> None:
    commands = {row[0]: row[1] for row in rows("Point a client at it")}
    for client in hints.CLIENTS:
        assert f" {client.ca_variable}=BUNDLE {client.command}`" in commands[client.name]
    assert len(commands) == len(hints.CLIENTS)


# Names


def names(pattern: str) -> set[str]:
    return set(re.findall(pattern, README + CHANGELOG))


def test_every_option_and_variable_named_exists() -> None:
    families = list(Metrics(Tally()).registry.collect())
    metrics = {sample.name for family in families for sample in family.samples} | {family.name for family in families}
    metrics |= {f"{name}_total" for name in metrics}
    options = {PREFIX + name for name in option_names()}
    assert names(r"\bheadroom_[a-z_]+\b") <= options | metrics | set(retrieval.TOOLS)
    assert names(r"\bHEADROOM_[A-Z_]+\b") <= {environment_variable(name) for name in option_names()}


def test_every_constant_named_exists_and_every_bound_of_a_policy_is_named() -> None:
    bounds = {name for name in vars(compression_policy) if re.match(r"_(VOLATILE|MAX_LOSSY)_", name)}
    assert names(r"`(_[A-Z_]+[A-Z])`") == bounds


def test_every_word_of_ours_in_the_text_exists() -> None:
    known = {*Reason, *(t.name for t in TRANSFORMS), *CompressionPolicy.model_fields, *Usage.__dataclass_fields__}
    known |= {*Entry.model_fields, *RoutingLog.model_fields, "cache_control", "auth_mode", "lines_stand_alone"}
    known |= {word for row in rows("Metrics", page="addon/README.md") for text in row for word in _CODE.findall(text)}
    known |= {PREFIX + name for name in option_names()} | set(CacheVerdict) | set(retrieval.TOOLS)
    assert set(re.findall(r"`(?:~meta )?([a-z]+(?:_[a-z]+)+)`", README)) <= known


def test_every_path_named_exists() -> None:
    texts = (*_CODE.findall(README), *_CODE.findall(CHANGELOG), *_FENCE.findall(README))
    paths = {path for text in texts for path in re.findall(r"(?:addon|transforms|tests|scripts|certs)/[\w./]*", text)}
    paths.discard("certs/bundle.pem")  # made at the first start
    assert [path for path in sorted(paths) if not (ROOT / path.removesuffix(".")).exists()] == []
    assert len(paths) > 10


def anchors(page: str) -> set[str]:
    headings = _HEADING.finditer((ROOT / page).read_text("utf-8"))
    return {re.sub(r"[^\w -]", "", heading[2].lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md", "certs/README.md"])
def test_every_link_within_the_project_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text("utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        assert not anchor or anchor in anchors(str(file.resolve().relative_to(ROOT.resolve()))), target


def test_every_argument_of_our_own_commands_is_known_to_them(capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"(?:\./scripts/run|headroom-mitm) ([^`\n#|]+)", README + CHANGELOG)
    flags = {flag for command in commands for flag in re.findall(r"(?<!\S)--[a-z-]+", command)}
    for command in ([], *([name] for name in cli._COMMANDS)):
        with pytest.raises(SystemExit, match="0"):
            cli.main([*command, "--help"])
    help_text = capsys.readouterr().out
    assert {flag for flag in flags if flag not in help_text} == set()
    for script in ("run", "test"):
        assert f"./scripts/{script}" in README
        assert os.access(ROOT / "scripts" / script, os.X_OK)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pyparsing, which mitmproxy uses
def test_every_filter_is_one_to_mitmproxy() -> None:
    filters = re.findall(r"`(~[a-z][^`]+)`", README)
    assert len(filters) > 3
    assert all(flowfilter.parse(text) for text in filters)


def test_the_package_and_its_command_are_called_as_in_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert all(f"`{command}`" in README for command in project["scripts"])
    assert CHANGELOG.partition("\n## [")[2].startswith(f"{project['version']}]")


# Figures


def test_bounds_are_told_as_they_are() -> None:
    assert f"at most {HEADER_LIMIT} bytes" in README
    assert f"Bodies above {body_codecs.BODY_LIMIT >> 20} MiB" in README
    assert f"killed {deadline.GRACE:.0f} seconds" in README
    files = {row[0]: row[2] for row in rows("What is on disk", page="addon/README.md")}
    assert files["`originals/`"] == f"{shelf._KEEP_SECONDS // 86_400} days after last use, {shelf._KEEP_BYTES >> 20} MB"
    kept = next(told for name, told in files.items() if name.startswith("`ledger.sqlite`"))
    assert kept == f"{ledger.KEEP_DAYS} days after last use, {sqlite_ledger.KEEP_ROWS:,} rows"


def test_every_file_said_to_be_on_disk_is_written_by_the_addon() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "addon").rglob("*.py"))
    for name in (_CODE.findall(row[0])[0] for row in rows("What is on disk", page="addon/README.md")):
        stem, _, suffix = name.rstrip("/").partition(".")
        assert stem in sources and suffix in sources, name


def test_every_file_said_to_be_on_disk_is_deleted_by_the_command_for_it_and_no_other(tmp_path: Path) -> None:
    told = " ".join(row[0] for row in rows("What is on disk", page="addon/README.md"))
    names = {name for name in _CODE.findall(told) if not name.startswith("-")}
    assert names == {*state.FILES, f"{state.ORIGINALS}/", "token", "port.8082"}
    home = tmp_path / "home"
    (home / state.ORIGINALS).mkdir(parents=True)
    for name in names - {f"{state.ORIGINALS}/"}:
        (home / name).touch()
    assert state.main(["--home", str(home), "--wipe", "--yes"], {}) == 0
    assert not home.exists()


@pytest.mark.e2e
def test_the_demo_ends_by_itself_and_prints_the_example(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "addon.command.demo", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=True)
    for request in demo_requests():
        assert f"POST {request.path}" in done.stdout
    assert done.stdout.count('"decision": "compressed"') == 3
    assert "All tool outputs: " in done.stdout
    shown = _FENCE.findall(README[README.index("<!-- demo -->") :])[0].splitlines()
    printed = done.stdout.splitlines()
    start = next(n for n, line in enumerate(printed) if line.split(":")[:2] == shown[0].split(":")[:2])
    actual = printed[start : start + len(shown)]
    for ours, theirs in zip(map(_comparable, shown), map(_comparable, actual), strict=True):
        assert ours[0] == theirs[0], "\n".join(actual)
        assert ours[1] == pytest.approx(theirs[1], rel=0.02), "\n".join(actual)


def _comparable(line: str) -> tuple[str, list[float]]:
    """The words of a line and its counts, which differ a little with the length of the temporary folder's path."""
    text = re.sub(r'"milliseconds": [\d.]+|"request": "[\w-]+"', "", line.partition("full text: ")[0])
    if not re.search(r'^\s*\{"|│ (\.\.\. |\[lines )| tokens \(', text):
        return text, []
    number = r"(?<![\w.\"])[\d,.]*\d"
    return re.sub(number, "", text), [float(found.replace(",", "")) for found in re.findall(number, text)]
