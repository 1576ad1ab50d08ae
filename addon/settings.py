"""Settings: one frozen record, parsed once from mitmproxy options whose defaults are environment variables.

It reads no environment itself: callers give it one. A bad value raises `BadSetting` with the option's name, the value
and what is allowed; nothing is guessed.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from addon.setting_values import (
    OFF,
    ON,
    Attach,
    AuthModes,
    Clients,
    Folder,
    FolderIfAny,
    KeepOriginals,
    LogFormat,
    LogLevel,
    Mode,
    Names,
    Originals,
    Patterns,
    Port,
    Retrieve,
    Share,
    Store,
    Switch,
    Token,
    Transforms,
    WebSockets,
    Whole,
    word_of,
)

PREFIX = "headroom_"
_VARIABLE = "HEADROOM_"
_LOGIN = re.compile(r"//[^/@]*+@")
"""A password in a URL, which is not repeated in an error."""


class BadSetting(ValueError):
    """A setting has a value that is not allowed."""


def _option(default: str, description: str, env: str | None = None) -> Any:
    """A field whose raw default and environment variable are kept for the mitmproxy option."""
    extra: dict[str, Any] = {"env": env, "raw": default}
    return Field(default, validate_default=True, description=description, json_schema_extra=extra)


class Settings(BaseModel):
    """Everything a user can set. Each field is the option `headroom_NAME` and a `HEADROOM_*` variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Annotated[Mode, word_of(Mode)] = _option(
        "compress", "compress; shadow: decide and log, but forward new tool outputs untouched; off: decide nothing new."
    )
    compress_passthrough: Switch = _option("off", "Compress on every host and path, not only on known LLM API hosts.")
    policy_enforcement: Switch = _option(
        "on",
        "Hold each auth mode to its own policy; off: the PAYG policy for all.",
        env="PROXY_AUTH_MODE_POLICY_ENFORCEMENT",
    )
    auth_modes: AuthModes = _option(
        "all", "Auth modes that are rewritten (payg, oauth, subscription, unknown); others are decided and logged only."
    )
    attach: Annotated[Attach, word_of(Attach)] = _option(
        "keep",
        "Tool outputs sent before this proxy saw the conversation: keep (rewritten once all the same where the policy "
        "allows it and the cost says it pays), or rewrite always (one-shot requests, batch work).",
    )
    transforms: Transforms = _option("", "Names of the transforms that are on, separated by commas; empty: all.")
    exclude_tools: Names = _option(
        "", "Tools whose output is never touched, separated by commas; * stands for any characters."
    )
    exclude_clients: Clients = _option(
        "", "Clients for which nothing new is decided, by their names in the log, separated by commas."
    )
    min_tokens: Whole = _option(
        "0", "Leave tool outputs below this many tokens alone; the policy's own threshold holds besides."
    )
    max_lossy_ratio: Share = _option(
        "",
        "Share of a block's tokens that lossy rewrites may drop, instead of the policy's; 0: lossless and noise only.",
    )
    originals: Originals = _option(
        "on",
        "Keep the whole of what lossy rewrites shorten in the state folder; off: no lossy rewrites. With "
        "headroom_store, on counts as off; shared: all its proxies have this folder, under one path.",
    )
    kompress_model: FolderIfAny = _option(
        "",
        "Folder of a token classification model (model.onnx, tokenizer.json) that ranks what kompress leaves out of "
        "prose; empty: the words of the question do.",
    )
    retrieve: Annotated[Retrieve, word_of(Retrieve)] = _option(
        "file",
        "How a marker names the whole text: file (for clients on this machine), url (at headroom.internal, for clients "
        "whose shell uses the proxy), or both.",
    )
    prompt_cache_key: Switch = _option(
        "off", "OpenAI: add a prompt_cache_key where the client uses no caching at all and the policy allows it."
    )
    cache_control: Switch = _option(
        "off", "Anthropic: add cache_control from the second turn on, where the client uses no caching at all."
    )
    time_budget_ms: Whole = _option(
        "1000",
        "Milliseconds for deciding; what is not decided by then is left alone, 2 s later the request leaves anyhow.",
    )
    websockets: Annotated[WebSockets, word_of(WebSockets)] = _option(
        "rewrite",
        "WebSockets to LLM APIs: rewrite their turns; pass them on; or refuse those for Responses with status 426, so "
        "that the client falls back to HTTP.",
    )
    websocket_messages: Whole = _option(
        "1000", "Messages of a WebSocket that are kept for mitmweb and for saved flows, the last ones; 0: all."
    )
    bodies_mb: Whole = _option(
        "500",
        "Megabytes of bodies that finished flows hold in mitmweb, the last ones; older ones keep note and log; 0: all.",
    )
    hosts: Patterns = _option(
        "", "LLM API hosts besides the known ones, separated by commas; *.suffix stands for all its subdomains."
    )
    only_llm_hosts: Switch = _option(
        "off",
        "Intercept TLS of LLM API hosts only, all else passes as a tunnel; compress_passthrough asks for every host.",
    )
    defaults: Switch = _option("on", "Set what LLM traffic needs of mitmproxy: http2 off, a comment column in mitmweb.")
    home: Folder = _option("~/.headroom", "State folder: the ledger, the originals, what was learned per tool.")
    store: Store = _option(
        "",
        "Redis or Valkey server that holds the ledger for several proxies (redis://, rediss://, unix://); empty: the "
        "state folder.",
    )
    tls_strict: Switch = _option(
        "on",
        "TLS connections of `run` and `doctor`, which read the variable, hold certificates to RFC 5280; off clears "
        "OpenSSL's X509_STRICT and nothing else.",
    )
    log_level: Annotated[LogLevel, word_of(LogLevel)] = _option("info", "error, warn, info, debug, or trace.")
    log_format: Annotated[LogFormat, word_of(LogFormat)] = _option(
        "text", "text: lines for people; json: one object a line, the same facts by name."
    )
    port: Port = _option(
        "0", "Serve what headroom.internal serves through the proxy at this loopback port too; 0: not."
    )
    token: Token = _option(
        "", "What clients of other machines show as Authorization: Bearer; empty: the one in the state folder."
    )
    metrics_port: Port = _option("0", "Serve the same, for Prometheus, at one more loopback port; 0: not.")

    @property
    def keeps_originals(self) -> bool:
        """Whether lossy rewrites have a way back wherever the ledger is replayed."""
        return self.originals is KeepOriginals.SHARED or (self.originals is KeepOriginals.ON and not self.store)

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> Self:
        """Settings from raw values by field name. Raises `BadSetting`."""
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            reason = str(first["msg"]).removeprefix("Value error, ")
            value = _LOGIN.sub("//…@", values.get(name, ""))
            raise BadSetting(f"{PREFIX}{name}={value!r}: {reason}") from None

    @classmethod
    def of_environment(cls, environ: Mapping[str, str], given: Mapping[str, str] | None = None) -> Self:
        """What a proxy started in this environment has, with raw values `given` besides. Raises `BadSetting`."""
        for name in given or ():
            if name not in cls.model_fields:
                raise BadSetting(f"no such option: {PREFIX}{name}{suggestion(PREFIX + name)}")
        return cls.parse({**{name: option_default(name, environ) for name in option_names()}, **(given or {})})


def suggestion(name: str) -> str:
    """A hint at the option that a misspelled one may stand for; empty when none is close."""
    bare = re.sub(r"headroom[_-]?|[^_]*_", "", name, count=1)
    return did_you_mean(bare, option_names(), PREFIX)


def did_you_mean(name: str, known: Iterable[str], prefix: str = "") -> str:
    """The end of a message on a name that is not `known`: the closest one, behind `prefix`; empty if none is close."""
    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {prefix}{close[0]}?" if close else ""


def is_meant_for_us(name: str) -> bool:
    """Whether the name of an option, misspelled or not, is one of ours."""
    return name.startswith(PREFIX) or bool(get_close_matches(name, [PREFIX + own for own in option_names()], 1, 0.85))


def misspelled_variables(environ: Mapping[str, str]) -> list[str]:
    """What to say of variables that are nearly, but not, the ones of our options. Others may be another program's."""
    known = {environment_variable(name).removeprefix(_VARIABLE) for name in option_names()}
    given = (name.removeprefix(_VARIABLE) for name in environ if name.startswith(_VARIABLE))
    hints = ((name, did_you_mean(name, known, _VARIABLE)) for name in given if name not in known)
    return [f"{_VARIABLE}{name} is no setting{hint}" for name, hint in hints if hint]


def named_value(entry: str) -> tuple[str, str]:
    """The name, without our prefix, and the value that `NAME=VALUE` gives it."""
    name, _, value = entry.partition("=")
    return name.removeprefix(PREFIX), value


def option_names() -> Iterable[str]:
    """The settings' field names, in order."""
    return Settings.model_fields


def environment_variable(name: str) -> str:
    """The variable that gives the option's default."""
    return f"{_VARIABLE}{_extra(Settings.model_fields[name])['env'] or name.upper()}"


def option_default(name: str, environ: Mapping[str, str]) -> str:
    """The option's raw default: its environment variable where that is set, else our own."""
    return environ.get(environment_variable(name), str(_extra(Settings.model_fields[name])["raw"]))


def bare_value(name: str) -> str:
    """What an option that is named without a value stands for: a switch is on."""
    return "on" if _extra(Settings.model_fields[name])["raw"] in ON | OFF else ""


def option_help(name: str) -> str:
    """What the option does, in one sentence or two."""
    return Settings.model_fields[name].description or ""


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {}
