"""A checkout of its own with the shell scripts, where Python and uv are stand-ins that write down how they are called."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"
_TOOLS = ("cat", "chmod", "cksum", "cp", "dirname", "grep", "mkdir", "rm", "sed", "sort", "sh")
_PYTHON = """#!/bin/sh
echo "python $*" >>"$CALLS"
case "$1" in
-I) {answer} ;;
-m) case "$2" in
    venv) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    pip) cp "$STANDINS/uv-pinned" "$(dirname "$0")/uv" ;;
    esac ;;
esac
"""
_UV = """#!/bin/sh
[ "$1" = --version ] || echo "uv $*" >>"$CALLS"
case "$1" in
--version) echo "uv {version} (stand-in)" ;;
python) {find} ;;
sync)
    [ ! -e "$STANDINS/sync-fails" ] || exit 2
    mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
    cp "$STANDINS/environment-python" "$UV_PROJECT_ENVIRONMENT/bin/python" ;;
esac
"""
_ENVIRONMENT_PYTHON = """#!/bin/sh
printf '<%s>' "$@"
echo
[ "$2" != "${FAILING:-}" ]
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    """The checkout, and a PATH with nothing but the tools every system has."""

    root: Path
    bin: Path
    """The PATH."""
    home: Path

    @classmethod
    def make(cls, folder: Path) -> "Checkout":
        """In `folder`, with a blank in every path."""
        checkout = cls(folder / "check out", folder / "bin", folder / "the home")
        for path in (checkout.root, checkout.bin, checkout.home):
            path.mkdir()
        shutil.copytree(SCRIPTS, checkout.root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        (checkout.root / "uv.lock").write_text("lock 1")
        (checkout.root / "pyproject.toml").write_text("project 1")
        for tool in _TOOLS:
            (checkout.bin / tool).symlink_to(shutil.which(tool) or tool)
        _program(checkout.home / "environment-python", _ENVIRONMENT_PYTHON)
        return checkout

    def add_python(self, path: Path, minor: int | None) -> Path:
        """Add an interpreter: Python 3.`minor`, or one that does not fit (None). Returns its path."""
        answer = "exit 1" if minor is None else f'echo "{minor:03}.001 $0"'
        return _program(path, _PYTHON.format(answer=answer))

    def add_uv(self, name: str = "uv", *, version: str = "0.13.8", knows: Path | None = None) -> None:
        """Add uv to the PATH, or as what pip installs (`uv-pinned`). `knows`: the interpreter it finds."""
        find = f'echo "{knows}"' if knows else "exit 2"
        folder = self.bin if name == "uv" else self.home
        _program(folder / name, _UV.format(version=version, find=find))

    def run(self, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts from another folder."""
        variables = {"PATH": str(self.bin), "HOME": str(self.home), "STANDINS": str(self.home), **environment}
        variables["CALLS"] = str(self.home / "calls")
        command = [str(self.root / "scripts" / script), *arguments]
        return subprocess.run(command, env=variables, cwd=os.sep, capture_output=True, text=True, timeout=30)

    def calls(self) -> list[str]:
        """How Python and uv were called since the last time this was asked, without the probing of interpreters."""
        log = self.home / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line for line in lines if line.startswith("uv sync") or " -m " in line]


def _program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path
