"""What a tool call lets expect of its output, before anybody has looked at it.

Contract: pure, never raises; a guess that the text itself may overrule (`transforms.routing.kinds`).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from transforms.call import Call
from transforms.contract import Kind
from transforms.routing.commands import Program, names, pipelines
from transforms.routing.file_kinds import file_kind


@dataclass(frozen=True, slots=True)
class Expected:
    """The guess."""

    kind: Kind | None = None
    """None: the call does not tell, or it prints texts of several kinds."""
    file: str = ""
    """The file whose text is printed, where the call shows a file as it is; otherwise empty."""
    is_answer: bool = False
    """Whether it is what a tool answers that was given no command and nothing like a path: no file's text."""


_NOTHING = Expected()


@lru_cache(maxsize=32)
def expected(call: Call) -> Expected:
    """The guess for the output of `call`. The last ones are remembered: an output may fall into many parts."""
    tool = re.sub(r"[^a-z0-9]", "", call.tool.rpartition("__")[2].lower())
    if tool in _READERS and call.path:
        return Expected(file_kind(call.path), call.path)
    if tool in _TOOLS:
        return Expected(_TOOLS[tool])
    command = "" if call.command.startswith(_PATCH) else call.command
    if not command and _YAML.search(call.arguments):
        return Expected(Kind.YAML)
    if not command and not _PATH_LIKE.search(call.arguments):
        return Expected(is_answer=True)
    guesses = [_of_pipeline(line) for line in pipelines(command)]
    first, *others = [guess for guess in guesses if guess is not None] or [_NOTHING]
    if all(guess.kind is first.kind for guess in others):
        return first
    return Expected(None, next((guess.file for guess in (first, *others) if guess.kind is Kind.CODE), ""))


_YAML = re.compile(r'"(?:output|format|o)"\s*:\s*"ya?ml"')
_PATH_LIKE = re.compile(r"[/\\]|\.\w")
_READERS = names(
    "read readfile view viewfile openfile open cat strreplaceeditor strreplacebasededittool"
    " viewimage fsread readtextfile getfilecontents readmanyfiles filereadtool"
)
_TOOLS = {
    **dict.fromkeys(
        names(
            "grep grepsearch searchfilecontent searchfiles searchtext ripgrep codesearch searchcode textsearch"
            " findinfiles searchdir searchfile"
        ),
        Kind.SEARCH,
    ),
    **dict.fromkeys(
        names("glob ls listdir listdirectory listfiles findfile findfiles filesearch globsearch tree directorytree"),
        Kind.LISTING,
    ),
}

_PATCH = "*** Begin Patch"
"""The free text of Codex's `apply_patch` is no command."""
_FILTERS = names("head tail sort uniq tac less more tee column awk gawk cut tr grep egrep fgrep rg sed cat")
"""Programs that, behind a pipe, leave lines what they were."""
_SHOWERS = names("cat bat batcat head tail nl less more sed awk gawk tac zcat type get-content gc")
_BY_PROGRAM = {
    **dict.fromkeys(names("rg grep egrep fgrep ag ack ugrep zgrep"), Kind.SEARCH),
    **dict.fromkeys(names("ls find fd fdfind tree du locate dir which whereis"), Kind.LISTING),
    **dict.fromkeys(names("diff colordiff interdiff"), Kind.DIFF),
    **dict.fromkeys(names("jq gron"), Kind.JSON),
    "yq": Kind.YAML,
    **dict.fromkeys(
        names(
            "ps top df free psql mysql sqlite3 duckdb lsof netstat ss iptables ip6tables last who lsblk findmnt vmstat"
            " iostat squeue sinfo"
        ),
        Kind.TABLE,
    ),
    **dict.fromkeys(names("journalctl dmesg"), Kind.LOG),
    **dict.fromkeys(names("man tldr"), Kind.PROSE),
    **dict.fromkeys(names("base64 xxd hexdump od"), Kind.BLOB),
    **dict.fromkeys(
        names(
            "pytest py.test unittest tox nox jest vitest mocha ava karma cypress playwright rspec phpunit ctest"
            " bats cargo rustc make gmake cmake ninja bazel bazelisk buck meson gcc g++ clang cc javac kotlinc"
            " gradle gradlew mvn mvnw sbt dotnet msbuild swift xcodebuild npm yarn pnpm bun pip pip3 apt apt-get"
            " brew apk dnf yum gem tsc eslint prettier biome ruff flake8 pylint mypy pyright basedpyright black isort"
            " golangci-lint staticcheck gofmt revive gosec pyflakes pycodestyle pydocstyle vulture oxlint ktlint detekt"
            " swiftlint cppcheck cpplint clang-tidy markdownlint yamllint actionlint shellcheck rubocop stylelint"
            " hadolint webpack vite rollup esbuild next nx"
            " turbo lerna pre-commit terraform tofu runtests.py manage.py composer bundle mix rebar3 stack cabal lein"
            " flutter dart deno coverage"
        ),
        Kind.TEST,
    ),
}
_TASK = re.compile(r"(?:test|lint|build|check|compile|install|fmt|format|ci)s?\b|(?:^|/)test", re.IGNORECASE)
_GIT = {
    **dict.fromkeys(names("diff show log format-patch whatchanged range-diff"), Kind.DIFF),
    **dict.fromkeys(names("status ls-files ls-tree branch tag"), Kind.LISTING),
    "grep": Kind.SEARCH,
    "blame": Kind.CODE,
}
_PACKAGERS = names("npm yarn pnpm bun pip pip3 apt apt-get brew apk dnf yum gem composer cargo bundle mix")
_TOLD = names("list ls show search freeze info view outdated why tree policy metadata")
"""What prints what there is, rather than how something went: each row is somebody's answer, and none is routine."""
_GO = dict.fromkeys(names("test build vet install run mod generate"), Kind.TEST)
_CLOUD = names("kubectl oc gh glab aws az gcloud docker podman helm trivy doctl flyctl vault consul")
_CLOUD_TABLES = names("get top ps images list ls")


def _of_pipeline(line: tuple[Program, ...]) -> Expected | None:
    """The guess for one pipeline; None if it prints nothing to speak of."""
    first, *rest = line
    last = rest[-1] if rest else first
    if last.name == "wc" or first.name == "for":
        return None
    shaping = next((program for program in reversed(rest) if program.name not in _FILTERS), None)
    if shaping is not None:
        return _of_program(shaping)
    guess = _of_program(first)
    if guess.file and any(program.name in ("rg", "grep", "egrep", "awk", "cut") for program in rest):
        return Expected(guess.kind if guess.kind is not Kind.JSON else None)
    return guess


def _of_program(program: Program) -> Expected:
    if program.name in _SHOWERS:
        return _of_file(program.operands)
    if program.name == "git" and "show" in program.operands and any(":" in word for word in program.operands):
        return _of_file([word.partition(":")[2] for word in program.operands])
    special = _SPECIAL.get(program.name)
    if special is not None:
        return Expected(special(program))
    kind = _BY_PROGRAM.get(program.name.removesuffix(".exe"))
    if program.name in _PACKAGERS and any(word in _TOLD for word in program.operands[:2]):
        return _NOTHING
    return Expected(Kind.TEST if kind is None and _TASK.search(program.name) else kind)


def _of_file(words: Sequence[str]) -> Expected:
    """The file that `cat`, `sed -n 1,20p` and the like show: the last word that is a file's name."""
    for word in reversed(words):
        kind = file_kind(word)
        if kind is not None:
            return Expected(kind, word)
    return _NOTHING


def _git(program: Program) -> Kind | None:
    words = [word for word in program.operands if "/" not in word]
    command = next((word for word in words if word in _GIT), "")
    if command in ("diff", "show", "log") and program.has("--name-only", "--name-status"):
        return Kind.LISTING
    if command == "log" and any(word.startswith(("--oneline", "--format", "--pretty")) for word in program.words):
        return None
    return _GIT.get(command)


def _search(program: Program) -> Kind | None:
    if program.has("--files", "--files-with-matches", "--files-without-match", "-l", "-L"):
        return Kind.LISTING
    return None if program.has("-c", "--count", "-q") else Kind.SEARCH


def _find(program: Program) -> Kind | None:
    """What it lists, or what the program prints that it runs on each file."""
    runs = next((at for at, word in enumerate(program.words) if word in ("-exec", "-execdir")), None)
    if runs is None or not program.words[runs + 1 :]:
        return Kind.LISTING
    return _of_program(Program(program.words[runs + 1].rpartition("/")[2], program.words[runs + 2 :])).kind


def _subcommand(table: dict[str, Kind], program: Program) -> Kind | None:
    return next((table[word] for word in program.operands if word in table), None)


def _cloud(program: Program) -> Kind | None:
    """What a client of some API prints, by its output option and its command."""
    words = " ".join(program.words)
    if re.search(r"(?:^|\s)(?:-o|--output|--format|-f)[= ]?json\b|(?:^|\s)--json\b", words):
        return Kind.JSON
    if re.search(r"(?:^|\s)(?:-o|--output|--format)[= ]?ya?ml\b", words):
        return Kind.YAML
    if "logs" in program.words:
        return Kind.LOG
    if "diff" in program.words:
        return Kind.DIFF
    if "build" in program.words or re.search(r"--log(?:-failed)?\b", words):
        return Kind.TEST
    return Kind.TABLE if _CLOUD_TABLES & set(program.words) else None


_SPECIAL: dict[str, Callable[[Program], Kind | None]] = {
    "git": _git,
    "find": _find,
    "go": partial(_subcommand, _GO),
    **dict.fromkeys(names("rg grep egrep fgrep ag ack ugrep"), _search),
    **dict.fromkeys(_CLOUD, _cloud),
}
