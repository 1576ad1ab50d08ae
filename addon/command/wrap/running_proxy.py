"""A proxy as a client sees it: whether it is one of ours, whether it will be trusted, what its own figures say."""

import http.client
import json
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addon.command.hints import Endpoint
from addon.web.exchange import HOST as SITE
from addon.wire.tls_contexts import client_context

_SECONDS, _FIGURES_SECONDS = 5, 30
"""Until a proxy that may be none is given up, and until one is that has just served on a busy machine."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a proxy has sent on, in tokens of tool outputs, since it was started."""

    requests: int = 0
    before: int = 0
    after: int = 0

    def since(self, earlier: "Figures") -> "Figures":
        """What has come after `earlier`."""
        return Figures(self.requests - earlier.requests, self.before - earlier.before, self.after - earlier.after)

    def __str__(self) -> str:
        if not self.requests:
            return "no request with tool outputs went through the proxy"
        turns = f"{self.requests} request{'s' if self.requests > 1 else ''}"
        if not self.before:
            return f"no tool outputs reached the API in {turns}"
        if self.after >= self.before:
            return f"nothing saved: {self.before:,} tokens of tool outputs in {turns}"
        share = 100 * (self.before - self.after) / self.before
        return f"{self.before:,} -> {self.after:,} tokens of tool outputs in {turns} (-{share:.0f} %)"


def version_of(proxy: Endpoint) -> str | None:
    """The addon's version if this proxy has it loaded, else None: nobody there, or somebody else."""
    answer = ask(proxy, "/healthz")
    return str(answer["version"]) if answer and answer.get("status") == "ok" and "version" in answer else None


def figures_of(proxy: Endpoint) -> Figures:
    """The proxy's figures; all zero where it does not say."""
    samples = (ask(proxy, "/stats", _FIGURES_SECONDS) or {}).get("metrics", {})
    return Figures(
        requests=_sum(samples, "headroom_requests_total{", without='{shape="none"'),
        before=_sum(samples, "headroom_tokens_before_total{"),
        after=_sum(samples, "headroom_tokens_after_total{"),
    )


def is_trusted(proxy: Endpoint, bundle: Path, *, strict: bool) -> bool:
    """Whether it is one of ours, and clients with this bundle will believe its certificates."""
    with suppress(OSError, ValueError):
        return ask_over_tls(proxy, client_context(bundle, strict=strict), "/healthz") is not None
    return False


def ask_over_tls(proxy: Endpoint, context: ssl.SSLContext, path: str) -> dict[str, Any] | None:
    """What the addon's own site answers through a tunnel. Raises `OSError`, among them what TLS has to object."""
    connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=_SECONDS, context=context)
    connection.set_tunnel(SITE)
    with suppress(http.client.HTTPException):
        return _get(connection, path)
    return None


def ask(proxy: Endpoint, path: str, seconds: float | None = None) -> dict[str, Any] | None:
    """What the addon's own site answers through this proxy, or None."""
    with suppress(OSError, http.client.HTTPException, ValueError):
        connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=seconds or _SECONDS)
        return _get(connection, f"http://{SITE}{path}")
    return None


def _get(connection: http.client.HTTPConnection, target: str) -> dict[str, Any] | None:
    with closing(connection):
        connection.request("GET", target, headers={"host": SITE})
        response = connection.getresponse()
        answer = json.loads(response.read())
    return answer if response.status == 200 and isinstance(answer, dict) else None


def _sum(samples: Mapping[str, Any], name: str, without: str = "never") -> int:
    found = (float(value) for sample, value in samples.items() if sample.startswith(name) and without not in sample)
    return round(sum(found))
