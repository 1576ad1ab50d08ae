"""Whether a client's own runtime gets through the proxy to the addon's site over TLS, and if not, why not."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from addon.command.doctor.finding import Finding, broken, ok
from addon.web.exchange import HOST

_URL = f"https://{HOST}/healthz"
_SECONDS = 20
_NODE = f"""
fetch("{_URL}").then(async (answer) => process.stdout.write(await answer.text())).catch((error) => {{
  console.error(error.cause ? `${{error.cause.code}} ${{error.cause.message}}` : error.message); process.exit(1) }})
"""
_PYTHON = f"""
import ssl, sys, urllib.request
context = ssl.create_default_context()
context.verify_flags |= ssl.VERIFY_X509_STRICT
try: print(urllib.request.urlopen("{_URL}", context=context).read().decode())
except OSError as error: sys.exit(str(error))
"""
_NOT_CRITICAL = "basic constraints of ca cert not marked critical"
_UNTRUSTED = (
    "certificate_verify_failed",
    "certificate",
    "self-signed",
    "self_signed",
    "unable_to",
    "unable to get local",
)
_IGNORED = (
    "enotfound",
    "eai_again",
    "getaddrinfo",
    "name or service not known",
    "could not resolve",
    "name resolution",
)


@dataclass(frozen=True, slots=True)
class Client:
    """A client, by what can be tried of it."""

    program: str
    ca_variables: tuple[str, ...]
    """The first one that is set counts."""
    probe: tuple[str, ...] = ()
    """The command that asks the site with the client's own runtime; empty: a runtime of its own, inside the program."""


_NODE_PROBE = ("node", "-e", _NODE)
CLIENTS: Mapping[str, Client] = {
    "claude": Client("claude", ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")),
    "codex": Client("codex", ("CODEX_CA_CERTIFICATE", "SSL_CERT_FILE")),
    "copilot": Client("copilot", ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")),
    "opencode": Client("opencode", ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")),
    "gemini": Client("gemini", ("NODE_EXTRA_CA_CERTS",)),
    "qwen": Client("qwen", ("NODE_EXTRA_CA_CERTS",)),
    "pi": Client("pi", ("NODE_EXTRA_CA_CERTS",)),
    "node": Client("node", ("NODE_EXTRA_CA_CERTS",), _NODE_PROBE),
    "python": Client("python3", ("SSL_CERT_FILE",), ("python3", "-c", _PYTHON)),
    "curl": Client("curl", ("CURL_CA_BUNDLE", "SSL_CERT_FILE"), ("curl", "-sS", "--max-time", "10", _URL)),
}
"""Those that bring a runtime inside (Gemini CLI, Qwen Code and pi bring their own use of the proxy) have no probe."""


def find_program(client: Client, environ: Mapping[str, str]) -> Finding:
    """Whether the client is there at all."""
    path = shutil.which(client.program, path=environ.get("PATH"))
    if path is None:
        return broken(
            "command", f"{client.program}: command not found", "install it, or put the folder it is in on PATH"
        )
    return ok("command", path)


def ask_with_runtime(client: Client, environ: Mapping[str, str]) -> Finding:
    """Ask the addon's site with the client's runtime, in the client's environment."""
    command = [shutil.which(client.probe[0], path=environ.get("PATH")) or client.probe[0], *client.probe[1:]]
    try:
        done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return broken("runtime", str(error), f"see why {client.probe[0]} does not run")
    if done.returncode == 0 and '"status"' in done.stdout:
        return ok("runtime", f"{client.probe[0]} goes through the proxy and trusts its authority")
    return explain(client, (done.stderr.strip().splitlines() or [done.stdout.strip()])[-1])


def explain(client: Client, error: str) -> Finding:
    """What an error of a client means, and what to do about it."""
    text, variables = error.lower(), " or ".join(client.ca_variables)
    if _NOT_CRITICAL in text:
        return broken(
            "runtime",
            error,
            "an authority in the chain is not marked as RFC 5280 wants it, which Python 3.13 insists on: make a new "
            "one (`certs make --replace`); for our own connections alone, HEADROOM_TLS_STRICT=0",
        )
    if _any_in(_UNTRUSTED, text):
        return broken(
            "runtime", error, f"{variables} must name the bundle: start the client by `headroom-mitm run -- COMMAND`"
        )
    if _any_in(_IGNORED, text):
        return broken(
            "runtime",
            f"it ignores the proxy: {error}",
            "Node below 22.21 and some programs do not read HTTPS_PROXY: a newer Node with NODE_USE_ENV_PROXY=1, or a "
            "base URL (`./scripts/run -m reverse:https://api.anthropic.com`)",
        )
    return broken("runtime", error, "run the same by hand in `headroom-mitm run -- sh`")


def _any_in(words: Iterable[str], text: str) -> bool:
    return any(word in text for word in words)
