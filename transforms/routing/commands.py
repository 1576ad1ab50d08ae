"""Reads a shell command roughly: which programs print, and on which files.

Contract: pure, never raises; a word is what stands between blanks once quotes are gone. Good enough to tell what
a command's output will look like, and no more: nothing is expanded and nothing is run.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass


def names(text: str) -> frozenset[str]:
    """The names in `text`, which stand between blanks: how tables of names are written here."""
    return frozenset(text.split())


_MAX_COMMAND = 20_000
"""Characters read: a longer command is a script that writes files, and its first programs tell enough."""
_TOKEN = re.compile(
    r"""(?P<stop>&&|\|\||[;\n()]|(?<![>&])&(?![>&\d]))
      | (?P<pipe>\|&?)
      | (?P<redirect>\d?[<>]{1,3}&?\d?(?:\s*[^\s;|&<>()]+)?)
      | (?P<comment>(?<!\S)\#[^\n]*)
      | (?P<word>(?:'[^']*+'|"(?:[^"\\]|\\.)*+"|\\.|[^\s;|&<>()'"\\])+)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTING = re.compile(r"""['"]|\\(?=.)""", re.DOTALL)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_SCRIPTED = re.compile(r"""\b(?:cmd|command)\s*:\s*(?P<text>"(?:[^"\\]|\\.)*+")""")
"""A command inside a script that calls tools, as Codex's code mode writes it: `tools.exec_command({cmd: "ls"})`."""
_SILENT = names(
    "cd pushd popd export set unset source . mkdir rm mv cp touch chmod chown ln true false sleep wait trap"
    " alias ulimit read test [ [[ if fi done esac while until case echo printf umask shopt local declare"
)
_PREFIXES = names("sudo time nice nohup command exec builtin env stdbuf unbuffer do then else ! { xargs")
_VALUES = {
    "sudo": names("-u -g --user --group"),
    "xargs": names("-n -P -I -L -d -s -a -E"),
    "npx": names("-p --package"),
    "uv": names("-p --python --with --extra --group --project --directory --env-file"),
    "ssh": names("-B -b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w"),
    **dict.fromkeys(
        names("docker podman docker-compose"),
        names(
            "-c --context -H --host -f --file -p --project-name --project-directory --profile --env-file -e --env"
            " -u --user -w --workdir --index --detach-keys"
        ),
    ),
    **dict.fromkeys(
        names("kubectl oc"),
        names("-n --namespace -c --container --context --cluster --kubeconfig --user --as -s --server --token"),
    ),
}
"""Options of those whose value is the next word."""
_RUNNERS = {
    "npx": 1, "bunx": 1, "pnpx": 1, "timeout": 2, "gtimeout": 2, "bundle": 2, "poetry": 2, "uv": 2, "pipenv": 2,
    "hatch": 2, "rye": 2, "pdm": 2, "pixi": 2, "mise": 2, "uvx": 1, "pipx": 2,
}  # fmt: skip
"""Programs that run another one, and how many words stand before that one when it is called so."""
_SCRIPTS = names("manage.py runtests.py run_tests.py")
"""What only runs what it was told to; of another script nobody knows what it prints."""
_SHELLS = frozenset({"bash", "sh", "zsh", "dash"})
_RUN_WORDS = frozenset({"run", "exec", "x"})
_CONTAINERS = names("docker podman docker-compose kubectl oc")
"""Clients whose `exec` runs a program in a container."""
_DEEPEST = 3
"""Commands within commands that are read, as in `ssh host "docker exec web sh -c 'cat a.py'"`."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program of a pipeline with its arguments."""

    name: str
    """Without its folder."""
    words: tuple[str, ...]
    """The arguments, options included."""

    @property
    def operands(self) -> tuple[str, ...]:
        """The arguments that are no options."""
        return tuple(word for word in self.words if not word.startswith("-"))

    def has(self, *options: str) -> bool:
        """Whether one of `options` stands among the arguments; a single letter also inside a group (`-rn`)."""
        letters = "".join(option[1] for option in options if len(option) == 2)
        return any(
            word in options
            or word.split("=", 1)[0] in options
            or (word[:1] == "-" and word[1:2] != "-" and any(letter in word[1:] for letter in letters))
            for word in self.words
        )


def pipelines(command: str) -> list[tuple[Program, ...]]:
    """The pipelines of `command` that print something, each with its programs from left to right.

    >>> [[p.name for p in line] for line in pipelines("cd src && FOO=1 rg -n 'a|b' . | head -5; git log")]
    [['rg', 'head'], ['git']]
    """
    scripted = [json.loads(found["text"]) for found in _SCRIPTED.finditer(command[:_MAX_COMMAND]) if _decodes(found)]
    found: list[tuple[Program, ...]] = []
    for text in scripted or [command[:_MAX_COMMAND]]:
        found += _unfolded(text.replace("\\\n", " "), _DEEPEST)
    return found


def _unfolded(command: str, deep: int) -> list[tuple[Program, ...]]:
    """The pipelines of `command`, with those that a shell or another machine is given in place of these."""
    found: list[tuple[Program, ...]] = []
    for line in _pipelines(command):
        script = _script(line[0])
        if script is None:
            found.append(line)
        elif deep and (inner := _unfolded(script, deep - 1)):
            found += [*inner[:-1], (*inner[-1], *line[1:])]
    return found


def _script(program: Program) -> str | None:
    """What `bash -lc …` and `ssh host …` run; None for any other program."""
    if program.name == "ssh":
        return " ".join(program.words[_behind_place("ssh", program.words, 0) :])
    if program.name not in _SHELLS:
        return None
    ends = len(program.words)
    at = next((at for at, word in enumerate(program.words) if word[:1] == "-" and word.endswith("c")), ends)
    return " ".join(program.words[at + 1 :])


def _decodes(found: re.Match[str]) -> bool:
    try:
        return isinstance(json.loads(found["text"]), str)
    except ValueError:
        return False


def _pipelines(command: str) -> list[tuple[Program, ...]]:
    lines: list[list[list[str]]] = [[[]]]
    for token in _TOKEN.finditer(command):
        match token.lastgroup:
            case "stop":
                lines.append([[]])
            case "pipe":
                lines[-1].append([])
            case "word":
                lines[-1][-1].append(_QUOTING.sub("", token[0]))
    return [line for line in map(_line, lines) if line and line[0].name not in _SILENT]


def _line(commands: list[list[str]]) -> tuple[Program, ...]:
    """The programs of a pipeline: it starts with what `xargs` runs, for what went before only names the files."""
    line: list[Program] = []
    for words in commands:
        program = _program(words)
        if program is None:
            continue
        if "xargs" in words[:2]:
            line.clear()
        line.append(program)
    return tuple(line)


def _program(words: list[str]) -> Program | None:
    """The program that `words` run; what only starts another one is passed over."""
    at = 0
    while at < len(words):
        name = words[at].rpartition("/")[2]
        passed = 1 if name in _PREFIXES or _ASSIGNMENT.match(words[at]) else _skipped(name, words[at + 1 :])
        if passed is None:
            return Program(name, tuple(words[at + 1 :]))
        at = _behind_options(name, words, at + passed)
    return None


def _behind_options(name: str, words: Sequence[str], at: int) -> int:
    """Where the options of the program `name` end that start at `at`."""
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in _VALUES.get(name, ()) else 1
    return at


def _behind_place(name: str, words: Sequence[str], at: int) -> int:
    """Where the command starts behind the name of a container or machine, and the options on either side of it."""
    return _behind_options(name, words, _behind_options(name, words, at) + 1)


def _skipped(name: str, rest: list[str]) -> int | None:
    """Words up to the program that the runner `name` starts; None if it is no runner."""
    if name in _CONTAINERS:
        at = _behind_options(name, rest, 0)
        if rest[at : at + 1] == ["compose"]:
            at = _behind_options(name, rest, at + 1)
        return _behind_place(name, rest, at + 1) + 1 if rest[at : at + 1] == ["exec"] else None
    if name in ("python", "python3") and rest[:1] == ["-m"] and len(rest) > 1:
        return 2
    if name in ("python", "python3") and rest[:1] and rest[0].rpartition("/")[2] in _SCRIPTS:
        return 1
    if name == "conda" and rest[:1] == ["run"]:
        return 4 if rest[1:2] in (["-n"], ["-p"]) else 2
    count = _RUNNERS.get(name)
    if count is None or len(rest) < count:
        return None
    return count if count == 1 or rest[0] in _RUN_WORDS or name.endswith("timeout") else None
