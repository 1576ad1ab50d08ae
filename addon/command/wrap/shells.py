"""Variables as lines for a shell: bash, zsh, fish, PowerShell."""

import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath

SHELLS = ("bash", "zsh", "fish", "powershell")


def told_to(shell: str, variables: Mapping[str, str]) -> str:
    """The lines that set the variables."""
    setting = _SETTING[shell]
    return "".join(f"{setting(name, value)}\n" for name, value in variables.items())


def forgotten_by(shell: str, names: Iterable[str]) -> str:
    """The lines that unset them."""
    return "".join(f"{_UNSETTING[shell].format(name)}\n" for name in names)


def usual_shell(environ: Mapping[str, str]) -> str:
    """The shell of this user."""
    name = PurePath(environ.get("SHELL", "")).name
    return name if name in SHELLS else ("powershell" if os.name == "nt" else "bash")


def _posix(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str) -> str:
    return f"$env:{name} = '{value.replace("'", "''")}'"


_SETTING: Mapping[str, Callable[[str, str], str]] = {
    "bash": _posix,
    "zsh": _posix,
    "fish": _fish,
    "powershell": _powershell,
}
_UNSETTING = {
    "bash": "unset {}",
    "zsh": "unset {}",
    "fish": "set -e {}",
    "powershell": "Remove-Item Env:{} -ErrorAction SilentlyContinue",
}
