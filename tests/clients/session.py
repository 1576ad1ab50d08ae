"""One session of one agent: installed, run through `headroom-mitm run` against the stand-in, and judged."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import trustme

from addon.command.demo_requests import issues, nightly_log, search_results
from addon.command.stand_in import WEBSOCKET, StandInUpstream
from tests.clients.agent_answers import FINAL, agent_answers, call_of
from tests.clients.catalog import PROMPT, Agent
from tests.e2e.rig import REDIRECT, ROOT, Loop
from tests.laws.client_wire import normalised

_HOSTS = (
    "api.anthropic.com",
    "api.openai.com",
    "*.openai.com",
    "*.anthropic.com",
    "*.githubcopilot.com",
    "*.googleapis.com",
    "chatgpt.com",
)
CACHE = Path(gettempdir()) / "headroom-clients"
"""Where agents are installed: some hundred megabytes each."""
_SECONDS = 240
_MODELS = frozenset({"reasoning", "function_call", "custom_tool_call"})
_FOREIGN = (
    "ANTHROPIC_",
    "OPENAI_",
    "CLAUDE",
    "CODEX",
    "GEMINI_",
    "GOOGLE_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http",
    "no_proxy",
)


class NotInstalled(Exception):
    """The registry could not be reached, or the package does not install."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of one request."""

    before: int
    after: int
    decision: str


@dataclass(frozen=True, slots=True)
class Session:
    """What came of a run."""

    exit_code: int
    seconds: float
    turns: tuple[Turn, ...]
    prefix_held: bool
    answered: bool
    """The model's closing text came out at the other end."""
    coding_kept: bool
    """Every request arrived in the Content-Encoding in which the client sends."""
    repeated: int | None
    """Tool results sent again on a new socket, if one was cut on purpose."""
    output: str

    @property
    def before(self) -> int:
        return sum(turn.before for turn in self.turns)

    @property
    def after(self) -> int:
        return sum(turn.after for turn in self.turns)


def install(agent: Agent, cache: Path) -> Path:
    """Install the agent into a folder of the cache, once. Returns the folder of its programs."""
    folder = cache / agent.folder
    programs = folder / "node_modules" / ".bin"
    if not (programs / agent.program).exists():
        npm = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), *agent.packages]
        try:
            done = subprocess.run(npm, capture_output=True, text=True, timeout=_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotInstalled(str(error)) from None
        if done.returncode or not (programs / agent.program).exists():
            raise NotInstalled(done.stderr.strip()[-500:])
    return programs


def run(agent: Agent, programs: Path, folder: Path, loop: Loop) -> Session:
    """Run the agent once in a workspace of its own below `folder`."""
    home, work = folder / "home", folder / "work"
    for path in (home, work):
        path.mkdir(parents=True)
    _fill(work)
    for name, text in agent.files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    upstream, authority = _upstream(folder, agent)
    loop.run(upstream.start())
    try:
        command = [*_through_the_proxy(folder, upstream.port, authority), agent.program]
        command += [part.format(prompt=PROMPT, home=home) for part in agent.arguments]
        started = time.monotonic()
        done = _run(command, work, {**_environ(agent, programs, home), "PWD": str(work)})
        seconds = time.monotonic() - started
    finally:
        loop.run(upstream.stop())
    turns = tuple(_turns(folder / "proxy.log"))
    requests = [request for request in upstream.requests if _is_turn(request.method, request.text)]
    bodies = [request.text for request in requests]
    kept = all(request.headers.get("content-encoding", "") == agent.coding for request in requests)
    held = _prefixes_hold(bodies, on_socket=agent.websockets)
    repeated = _repeated(bodies) if agent.cut_after else None
    output = done.stdout + done.stderr
    return Session(done.returncode, seconds, turns, held, FINAL in done.stdout, kept, repeated, output)


def _run(command: Sequence[str], work: Path, environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command, cwd=work, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        told = [
            part.decode("utf-8", "replace") if isinstance(part, bytes) else "" for part in (error.stdout, error.stderr)
        ]
        return subprocess.CompletedProcess(command, 124, *told)


def _fill(work: Path) -> None:
    for name, text in {"nightly.log": nightly_log(), "issues.json": issues(), "matches.txt": search_results()}.items():
        (work / name).write_text(text)


def _upstream(folder: Path, agent: Agent) -> tuple[StandInUpstream, Path]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*_HOSTS).configure_cert(context)
    path = folder / "upstream.pem"
    authority.cert_pem.write_to_path(str(path))
    return StandInUpstream(
        tls=context, answers=agent_answers(), websockets=agent.websockets, cut_after=agent.cut_after, pages=agent.pages
    ), path


def _through_the_proxy(folder: Path, port: int, authority: Path) -> list[str]:
    (folder / "redirect.py").write_text(REDIRECT)
    settings = {
        "confdir": folder / "mitmproxy",
        "test_upstream_port": port,
        "ssl_verify_upstream_trusted_ca": authority,
        "headroom_time_budget_ms": 20000,
        "headroom_log_format": "json",
    }
    arguments = ["-s", str(folder / "redirect.py"), "-w", str(folder / "flows"), "--log", str(folder / "proxy.log")]
    arguments += [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    return [sys.executable, "-P", "-m", "addon.command.cli", "run", *arguments, "--"]


def _environ(agent: Agent, programs: Path, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    own = {name: value.format(home=home) for name, value in agent.variables.items()}
    paths = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    return {**kept, **paths, "HOME": str(home), "HEADROOM_HOME": str(home / "headroom"), **own}


def _turns(log: Path) -> Iterator[Turn]:
    """From the proxy's log: a line of JSON for each request, and for each turn on a WebSocket."""
    for line in log.read_text("utf-8", "replace").splitlines():
        _, brace, rest = line.partition("{")
        told = json.loads(brace + rest) if brace and rest.startswith('"time"') else {}
        if told.get("tokens_before"):
            yield Turn(told["tokens_before"], told["tokens_after"], told["decision"])


def _is_turn(method: str, text: bytes) -> bool:
    """Whether a request belongs to the conversation: it offers the shell."""
    try:
        body: Any = json.loads(text)
    except ValueError:
        return False
    return method in {"POST", WEBSOCKET} and isinstance(body, dict) and _offers_shell(body)


def _offers_shell(body: dict[str, Any]) -> bool:
    turn, tool, _ = call_of(body)
    return tool is not None or turn > 0


def _prefixes_hold(bodies: Sequence[bytes], *, on_socket: bool) -> bool:
    """On a socket without the model's own items: the server has those, until the conversation is sent whole again."""
    texts = [tuple(text for text in normalised(body) if not (on_socket and _is_models(text))) for body in bodies]
    return all(later[: len(earlier)] == earlier for earlier, later in pairwise(texts))


def _is_models(text: str) -> bool:
    item = json.loads(text)
    return item.get("role") == "assistant" or item.get("type") in _MODELS


def _repeated(bodies: Sequence[bytes]) -> int:
    """How many tool results came again in a turn that builds on no response before it."""
    whole = [body for body in map(json.loads, bodies) if "previous_response_id" not in body]
    return max((call_of(body)[0] for body in whole), default=0)
