"""The environment variables that lead a client through the proxy and let it trust the proxy's authority.

Pure: the user's environment goes in, what is to be set in it comes out. What the user has set is kept: proxies that
are not to be used (`NO_PROXY`) here, roots in the bundle, a proxy of the user's own as the one we go on through.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit

from addon.command.hints import Endpoint
from addon.command.trust import CA_VARIABLES
from addon.wire.hosts import KNOWN_HOSTS

_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_ALL_PROXY = ("ALL_PROXY", "all_proxy")
_NO_PROXY = ("NO_PROXY", "no_proxy")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
BEFORE = "_HEADROOM_BEFORE"
"""What stood in the variables that a shell has from us, for the way back."""
_JAVA_PROGRAMS = frozenset({"java", "mvn", "mvnw", "gradle", "gradlew", "sbt", "jbang", "kotlin", "scala", "clojure"})
"""Every Java program says on stderr that it has picked `JAVA_TOOL_OPTIONS` up: only for those that need it."""
JAVA_STORE_PASSWORD = "changeit"
"""That of Java's own store: what it guards is public."""


class NoUpstream(ValueError):
    """The proxy that the user has set is of a kind that mitmproxy cannot go on through."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The user's own proxy, as mitmproxy takes it."""

    scheme: str
    at: Endpoint
    credentials: str
    """`user:password`, or empty."""

    @property
    def url(self) -> str:
        """Without the credentials."""
        host = f"[{self.at.host}]" if ":" in self.at.host else self.at.host
        return f"{self.scheme}://{host}:{self.at.port}"


def client_variables(proxy: str, bundle: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What is to be set for a client in this environment."""
    variables = dict.fromkeys(_PROXY_VARIABLES, proxy)
    variables |= dict.fromkeys((name for name in _ALL_PROXY if environ.get(name)), proxy)
    variables |= dict.fromkeys(_NO_PROXY, _no_proxy(environ))
    variables |= dict.fromkeys(CA_VARIABLES, str(bundle))
    variables["NODE_USE_ENV_PROXY"] = "1"  # Node 22.21 and 24 on: fetch and http go through the proxy too
    return variables


def java_options(proxy: str, store: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What is to be set for Java besides: it reads no other variable."""
    parts = urlsplit(proxy)
    options = [environ["JAVA_TOOL_OPTIONS"]] if environ.get("JAVA_TOOL_OPTIONS") else []
    for scheme in ("https", "http"):
        options += [f"-D{scheme}.proxyHost={parts.hostname}", f"-D{scheme}.proxyPort={parts.port}"]
    options += [f"-Djavax.net.ssl.trustStore={store}", f"-Djavax.net.ssl.trustStorePassword={JAVA_STORE_PASSWORD}"]
    return {"JAVA_TOOL_OPTIONS": " ".join(options)}


def values_before(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The user's own values of variables that are to be set, or have been set by us. Raises ValueError."""
    if known := environ.get(BEFORE):
        return {str(name): str(value) for name, value in json.loads(known).items()}
    return {name: environ[name] for name in names if name in environ}


def is_java(command: str) -> bool:
    """Whether a command is one of Java's."""
    return PurePath(command).stem.lower() in _JAVA_PROGRAMS


def upstream_of(environ: Mapping[str, str]) -> Upstream | None:
    """The proxy that this environment's clients use now for HTTPS. Raises `NoUpstream`."""
    names = (*_PROXY_VARIABLES[:2], *_ALL_PROXY)
    name = next((name for name in names if environ.get(name)), None)
    if name is None:
        return None
    value = environ[name] if "://" in environ[name] else f"http://{environ[name]}"
    try:
        parts = urlsplit(value)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError as error:
        raise NoUpstream(f"{name}={environ[name]}: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise NoUpstream(f"{name}={environ[name]}: mitmproxy goes on through http:// and https:// proxies only")
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    return Upstream(parts.scheme, Endpoint(parts.hostname, port), credentials)


def unproxied(environ: Mapping[str, str]) -> list[str]:
    """What in `NO_PROXY` keeps LLM APIs away from every proxy."""
    return [entry for entry in _entries(environ) if _covers_an_api(entry)]


def _covers_an_api(entry: str) -> bool:
    suffix = entry.partition(":")[0].removeprefix("*").removeprefix(".").lower()
    return entry == "*" or any(host.removeprefix("*.") == suffix or host.endswith(f".{suffix}") for host in KNOWN_HOSTS)


def _entries(environ: Mapping[str, str]) -> list[str]:
    named = ",".join(environ.get(name, "") for name in _NO_PROXY)
    return list(dict.fromkeys(entry.strip() for entry in named.split(",") if entry.strip()))


def _no_proxy(environ: Mapping[str, str]) -> str:
    return ",".join(dict.fromkeys((*_entries(environ), *_LOOPBACK)))
