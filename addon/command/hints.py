"""What a user is told before the proxy starts: how to point a client at it, whom to trust, where to look.

Text only: takes the plan of a start, returns the lines to print.
"""

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address somebody listens on."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """For a client on this machine: an address of all interfaces becomes the loopback one."""
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Client:
    """A kind of client, by what it needs to be told."""

    name: str
    ca_variable: str
    """The environment variable that names its certificate authorities."""
    command: str


CLIENTS = (
    Client("Claude Code", "NODE_EXTRA_CA_CERTS", "claude"),
    Client("Codex", "CODEX_CA_CERTIFICATE", "codex"),
    Client("Python SDKs", "SSL_CERT_FILE", "python agent.py"),
    Client("curl", "CURL_CA_BUNDLE", "curl https://api.anthropic.com/v1/models"),
)
"""The clients named at the start; `certs/README.md` has the others."""

_WIDTH = max(len(client.name) for client in CLIENTS)


def hints(mode: str, proxy: Endpoint, web: Endpoint | None, bundle: Path, pages: Endpoint | None = None) -> str:
    """The text for one proxy mode (its type name in mitmproxy). `web` is None when there is no web UI."""
    how = _BY_MODE.get(mode, _by_log)(proxy, bundle)
    where = (
        f"Web UI on port {web.port}: open the address that mitmweb prints below, it holds the login token."
        if web
        else "No web UI: decisions are in the log lines and in the response header x-headroom-routing-log."
    )
    figures = [f"Does it pay? {pages.url}/ has the dashboard."] if pages else []
    return "\n".join(("", *how, "", where, *figures, "Ctrl-C ends the proxy.", ""))


def _by_proxy_variable(proxy: Endpoint, bundle: Path) -> tuple[str, ...]:
    return (
        f"Proxy at {proxy.url}. Start a client through it:",
        *(
            f"  {client.name:<{_WIDTH}}  "
            + _command({"HTTPS_PROXY": proxy.url, client.ca_variable: str(bundle)}, client.command)
            for client in CLIENTS
        ),
        f"{bundle.name} holds the usual root certificates and mitmproxy's own; for other clients see certs/README.md.",
    )


def _by_base_url(proxy: Endpoint, _bundle: Path) -> tuple[str, ...]:
    return (
        f"Reverse proxy at {proxy.url}. Start a client with it as the base URL, no certificate is needed:",
        "  " + _command({"ANTHROPIC_BASE_URL": proxy.url}, "claude"),
        "  " + _command({"OPENAI_BASE_URL": f"{proxy.url}/v1"}, "python agent.py"),
    )


def _by_log(_proxy: Endpoint, bundle: Path) -> tuple[str, ...]:
    return (
        "How to reach the proxy in this mode stands in mitmproxy's log below.",
        f"Root certificates and mitmproxy's own, for clients: {bundle}",
    )


_BY_MODE: Mapping[str, Callable[[Endpoint, Path], tuple[str, ...]]] = {
    "regular": _by_proxy_variable,
    "upstream": _by_proxy_variable,
    "reverse": _by_base_url,
}


def _command(variables: Mapping[str, str], command: str) -> str:
    """A line for the shell of this system: for PowerShell on Windows, else for sh."""
    if os.name == "nt":
        return " ".join(f'$env:{name}="{value}";' for name, value in variables.items()) + f" {command}"
    return " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items()) + f" {command}"
