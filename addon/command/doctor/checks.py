"""The checks that need no traffic of a client: the proxy, the authority, the environment, the machine."""

import datetime
import shutil
import socket
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from addon.command.certs.authority import read_authority
from addon.command.doctor.finding import Finding, broken, look, ok
from addon.command.doctor.probes import Client, explain
from addon.command.hints import Endpoint
from addon.command.wrap.running_proxy import ask_over_tls, version_of
from addon.command.wrap.variables import NoUpstream, unproxied, upstream_of
from addon.settings import BadSetting, Settings, misspelled_variables
from addon.store.state import State
from addon.wire.tls_contexts import client_context

_API = "api.anthropic.com"
_CONNECT_SECONDS = 5
_SOON = datetime.timedelta(days=30)
_FREE_BYTES = 100 << 20


def check_settings(environ: Mapping[str, str]) -> tuple[Finding, Settings]:
    """Whether the variables hold values that are allowed. The default ones stand in for those that do not."""
    try:
        settings = Settings.of_environment(environ)
    except BadSetting as error:
        return broken("settings", str(error), "the proxy will not start with it: set it to what is allowed"), Settings()
    if settings.mode != "compress":
        told = f"headroom_mode={settings.mode}: new outputs are sent as they came"
        return look("settings", told, "unset HEADROOM_MODE to have them rewritten"), settings
    if misspelled := misspelled_variables(environ):
        return look("settings", misspelled[0], "correct it, or unset it"), settings
    return ok("settings", "all allowed"), settings


def check_proxy(proxy: Endpoint) -> Finding:
    """Whether one of ours answers there, and is of this version."""
    running = version_of(proxy)
    if running == version("headroom-mitmproxy"):
        return ok("proxy", f"{proxy.url}, addon {running}")
    if running:
        told = f"{proxy.url} has addon {running}, this is {version('headroom-mitmproxy')}"
        return look("proxy", told, "start the proxy again")
    try:
        socket.create_connection((proxy.host, proxy.port), _CONNECT_SECONDS).close()
    except OSError as error:
        return look("proxy", f"nothing at {proxy.url}: {error}", "`./scripts/run` starts one; `run -- COMMAND` its own")
    told = f"{proxy.url} is no forward proxy with the addon: something else, or a reverse proxy"
    return look("proxy", told, "give another port (-p); a reverse proxy cannot be asked, these checks start a proxy")


def check_authority(confdir: Path) -> Finding:
    """Whether mitmproxy's authority is valid today."""
    try:
        authority = read_authority(confdir)
    except ValueError as error:
        return broken("authority", f"{confdir}: {error}", "`certs make --replace` makes a new one")
    if authority is None:
        return look("authority", f"none in {confdir} yet", "the first start of the proxy makes one")
    now = datetime.datetime.now(datetime.UTC)
    begins = max(one.not_valid_before_utc for one in authority.certificates)
    ends = min(one.not_valid_after_utc for one in authority.certificates)
    if now < begins:
        told = f"valid from {begins:%Y-%m-%d} on, and this machine's clock says {now:%Y-%m-%d}"
        return broken("authority", told, "set the system's clock")
    if now > ends:
        told = f"valid until {ends:%Y-%m-%d}, and this machine's clock says {now:%Y-%m-%d}"
        return broken("authority", told, "`certs make --replace` makes a new one, if the clock is right")
    kind = "for LLM API hosts only" if authority.subtrees else "for every host (`certs make` makes a bound one)"
    if ends - now < _SOON:
        return look("authority", f"{kind}, ends on {ends:%Y-%m-%d}", "`certs make --replace`, and install it anew")
    return ok("authority", f"{kind}, until {ends:%Y-%m-%d}")


def check_trust(proxy: Endpoint, bundle: Path, client: Client, *, strict: bool) -> Finding:
    """Whether a client that trusts the bundle and nothing else believes what the proxy shows."""
    try:
        context = client_context(bundle, strict=strict)
        answer = ask_over_tls(proxy, context, "/healthz")
    except (OSError, ValueError) as error:
        return explain(client, str(error))
    if answer is None:
        return broken("trust", "the addon's site does not answer over TLS", "start the proxy again")
    return ok("trust", f"TLS through the proxy is believed with {bundle}")


def check_variables(client: Client, environ: Mapping[str, str], proxy: Endpoint, *, ours: bool) -> Iterator[Finding]:
    """What the client will see in its environment. `ours`: it is the one `run` makes."""
    where = "by `headroom-mitm run`" if ours else "in this shell"
    named = next((name for name in client.ca_variables if environ.get(name)), None)
    if named is None:
        wanted = " or ".join(client.ca_variables)
        yield broken("variables", f"{wanted} is not set", "start the client by `headroom-mitm run -- COMMAND`")
    elif not Path(environ[named]).is_file():
        yield broken("variables", f"{named}={environ[named]}: no such file", "`headroom-mitm certs bundle` writes it")
    else:
        yield ok("variables", f"HTTPS_PROXY={proxy.url} and {named}, set {where}")
    if kept_away := unproxied(environ):
        told = f"NO_PROXY={','.join(kept_away)} keeps LLM APIs away from the proxy"
        yield broken("variables", told, "take it out of NO_PROXY and no_proxy")


def check_upstream(environ: Mapping[str, str], proxy: Endpoint) -> Finding:
    """Whether the way out works: a proxy of the user's own, or names that resolve."""
    try:
        upstream = upstream_of(environ)
    except NoUpstream as error:
        return broken("upstream", str(error), "give an http:// proxy, or unset it")
    if upstream is None or upstream.at == proxy:
        try:
            socket.getaddrinfo(_API, 443)
        except OSError as error:
            return look(
                "upstream", f"{_API} does not resolve: {error}", "is the network there? behind a proxy, set HTTPS_PROXY"
            )
        return ok("upstream", f"{_API} resolves")
    try:
        socket.create_connection((upstream.at.host, upstream.at.port), _CONNECT_SECONDS).close()
    except OSError as error:
        return broken("upstream", f"your own proxy {upstream.url}: {error}", "HTTPS_PROXY names a proxy that is gone")
    return ok("upstream", f"your own proxy {upstream.url} answers")


def check_state(settings: Settings) -> Finding:
    """Whether decisions and originals can be kept."""
    state = State.open(settings.home, settings.store)
    usable = state.is_usable
    state.close()
    if not usable:
        told = f"{settings.home} cannot be written, or its ledger not be opened: nothing new is rewritten"
        return broken("state", told, "give it back to you (chown), make room, or name another folder: HEADROOM_HOME")
    free = shutil.disk_usage(settings.home).free
    if free < _FREE_BYTES:
        return look("state", f"{free >> 20} MB left on the disk of {settings.home}", "make room")
    return ok("state", f"{settings.home} can be written")
