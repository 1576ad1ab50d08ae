"""The demo: agents' requests through a real mitmproxy to a stand-in API, and what became of them. No key, no network.

In a terminal it is mitmweb and stays until Ctrl-C, so that the flows can be looked at; else, or with `--once`, it is
mitmdump and ends by itself. Everything is kept in a temporary folder. Exit code 1, with the reason, if anything fails.
"""

import argparse
import asyncio
import http.client
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from addon.demo_requests import DemoRequest, demo_requests
from addon.launch import mitmproxy_command
from addon.stand_in import LOOPBACK, StandInUpstream
from transforms.tokenizer import count_tokens

HEADER = "x-headroom-routing-log"
_START_SECONDS, _ANSWER_SECONDS, _STOP_SECONDS = 60, 60, 10
_LISTENING = re.compile(r"listening at [^ ]*:([0-9]+)\.")
_WEB_UI = re.compile(r"Web server listening at (http://[^ ]+)")
_WIDTH, _FIRST, _LAST = 110, 5, 2


class DemoFailed(Exception):
    """The demo cannot go on; the message says why."""


class DemoProxy:
    """mitmproxy with the addon, in reverse mode before the stand-in, with a state folder of its own."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._log: deque[str] = deque(maxlen=40)
        self.port = 0
        self.web_ui = ""

    @classmethod
    async def start(cls, upstream: str, home: Path, *, web: bool) -> Self:
        """Start it and wait until it listens. Raises `DemoFailed`."""
        mode = f"reverse:{upstream}@{LOOPBACK}:0"
        arguments = ["--set", f"confdir={home / 'mitmproxy'}", "--mode", mode]
        if web:
            arguments += ["--no-web-open-browser", "--web-host", LOOPBACK, "--web-port", str(_free_port())]
        command = mitmproxy_command("mitmweb" if web else "mitmdump", arguments)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADROOM_")}
        environment |= {"HEADROOM_COMPRESS_PASSTHROUGH": "1", "HEADROOM_HOME": str(home), "PYTHONUNBUFFERED": "1"}
        environment["HEADROOM_TIME_BUDGET_MS"] = str(_ANSWER_SECONDS * 1000 // 2)  # the first request finds all cold
        proxy = cls(await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT, env=environment))
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not (proxy.port and (proxy.web_ui or not web)):
                    await proxy._read_line()
        except BaseException as error:
            await proxy.stop()
            if isinstance(error, TimeoutError):
                raise DemoFailed(proxy.explain(f"mitmproxy did not listen within {_START_SECONDS} s")) from error
            raise
        return proxy
