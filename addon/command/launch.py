"""How mitmproxy's programs are started with this addon: as command lines of this very Python environment."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

PYTHON = (sys.executable, "-P")
"""Without the current folder on `sys.path`: a file there could take the place of a module of ours."""

type Tool = Literal["mitmweb", "mitmdump"]

_ENTRY = Path(__file__).resolve().parent.parent / "headroom.py"
_PROGRAM = "import sys; sys.argv[0] = {0!r}; from mitmproxy.tools.main import {0}; {0}()"
"""Not the script beside the interpreter: in a user's or a system's installation it lies elsewhere."""

_TIED = """\
import json, os, signal, sys, threading
def line():
    while (byte := os.read(0, 1)) not in (b"\\n", b""):
        yield byte
sys.argv += json.loads(b"".join(line()) or "[]")
threading.Thread(target=lambda: (os.read(0, 1), os.kill(os.getpid(), signal.SIGTERM)), daemon=True).start()
"""


def mitmproxy_command(tool: Tool, arguments: Sequence[str]) -> list[str]:
    """The command line that starts `tool` with the addon loaded."""
    return [*PYTHON, "-c", _PROGRAM.format(tool), "-s", str(_ENTRY), *arguments]


def tied_mitmproxy_command(tool: Tool, arguments: Sequence[str]) -> list[str]:
    """The same, tied to its standard input: the first line has further arguments (JSON), and with its end it ends.

    So it ends with us, even when we are killed.
    """
    return [*PYTHON, "-c", _TIED + _PROGRAM.format(tool), "-s", str(_ENTRY), *arguments]
