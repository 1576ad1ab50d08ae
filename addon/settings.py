"""Settings: one frozen record, parsed once from mitmproxy options whose defaults are environment variables.

It reads no environment itself: callers give it one. A bad value raises `BadSetting` with the option's name, the value
and what is allowed; nothing is guessed.
"""

import os
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from addon.wire.clients import CLIENTS
from addon.wire.hosts import parse_host_pattern
from transforms.compression_policy import AuthMode
from transforms.names import TRANSFORM_NAMES

PREFIX = "headroom_"
_ON, _OFF = frozenset({"true", "on", "yes", "1", "enabled"}), frozenset({"false", "off", "no", "0", "disabled"})
_NAME = re.compile(r"[A-Za-z0-9_.*:/-]+")
_LOGIN = re.compile(r"//[^/@]*+@")
"""A password in a URL, which is not repeated in an error."""


class BadSetting(ValueError):
    """A setting has a value that is not allowed."""


class Mode(StrEnum):
    """What is done with a decision."""

    COMPRESS = "compress"
    SHADOW = "shadow"
    OFF = "off"


class Attach(StrEnum):
    """What happens to tool outputs that were sent before this proxy saw the conversation."""

    KEEP = "keep"
    REWRITE = "rewrite"


class KeepOriginals(StrEnum):
    """Whether the whole of what was shortened lossily is kept, without which nothing is."""

    ON = "on"
    OFF = "off"
    SHARED = "shared"


class WebSockets(StrEnum):
    """What happens to WebSockets to LLM APIs."""

    REWRITE = "rewrite"
    PASS = "pass"
    REFUSE = "refuse"


class Retrieve(StrEnum):
    """By what a marker says where the whole text is."""

    FILE = "file"
    URL = "url"
    BOTH = "both"


class LogLevel(StrEnum):
    """How much is logged."""

    ERROR = "error"
    WARN = "warn"
    INFO = "info"
    DEBUG = "debug"
    TRACE = "trace"


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


def _switch(value: object) -> object:
    word = str(value).strip().lower()
    if word not in _ON | _OFF:
        raise ValueError(f"allowed: {', '.join(sorted(_ON))} or {', '.join(sorted(_OFF))}")
    return word in _ON


def _whole(value: object) -> object:
    if not re.fullmatch(r"[0-9]{1,9}", str(value).strip()):
        raise ValueError("allowed: a whole number from 0 to 999999999")
    return int(str(value))


def _share(value: object) -> object:
    word = str(value).strip()
    if word == "":
        return None
    if not re.fullmatch(r"[0-9]*\.?[0-9]+", word) or not 0 <= float(word) <= 1:
        raise ValueError("allowed: a number from 0 to 1, or nothing for the policy's own")
    return float(word)


def _word(enum: type[StrEnum]) -> BeforeValidator:
    def parse(value: object) -> object:
        word = str(value).strip().lower()
        if word not in set(enum):
            raise ValueError(f"allowed: {', '.join(enum)}")
        return enum(word)

    return BeforeValidator(parse)


def _names(value: object) -> object:
    if not isinstance(value, str):
        return value
    names = frozenset(word.strip() for word in value.split(",") if word.strip())
    if wrong := sorted(name for name in names if not _NAME.fullmatch(name)):
        raise ValueError(f"allowed: names separated by commas; not a name: {wrong[0]!r}")
    return names


def _clients(value: object) -> object:
    names = _names(value)
    if isinstance(names, frozenset) and (wrong := sorted(names - CLIENTS)):
        raise ValueError(f"not one: {wrong[0]!r}; allowed: {', '.join(sorted(CLIENTS))}")
    return names


def _transforms(value: object) -> object:
    names = _names(value)
    if isinstance(names, frozenset) and (wrong := sorted(names - set(TRANSFORM_NAMES))):
        raise ValueError(f"not one: {wrong[0]!r}; allowed: {', '.join(TRANSFORM_NAMES)}")
    return names


def _modes(value: object) -> object:
    if value == "all":
        return frozenset({*AuthMode, None})
    words = [word.strip().lower() for word in str(value).split(",") if word.strip()]
    allowed = [*AuthMode, "unknown"]
    if not words or (wrong := [word for word in words if word not in allowed]):
        told = f"; not one: {wrong[0]!r}" if words else ""
        raise ValueError(f"allowed: all, or a list of {', '.join(allowed)}{told}")
    return frozenset(None if word == "unknown" else AuthMode(word) for word in words)


def _patterns(value: object) -> object:
    words = [word.strip() for word in str(value).split(",") if word.strip()]
    for word in words:
        parse_host_pattern(word)
    return tuple(words)


def _folder(value: object) -> object:
    if not str(value).strip():
        raise ValueError("allowed: a folder")
    try:
        folder = Path(str(value)).expanduser().absolute()
        str(folder).encode()
    except (RuntimeError, UnicodeEncodeError) as error:
        raise ValueError(f"allowed: a folder ({error})") from None
    file = next((path for path in (folder, *folder.parents) if os.path.exists(path) and not os.path.isdir(path)), None)
    if file:
        raise ValueError(f"allowed: a folder ({file} is a file)")
    return folder


def _folder_if_any(value: object) -> object:
    return _folder(value) if str(value).strip() else None


def _originals(value: object) -> object:
    word = str(value).strip().lower()
    if word == KeepOriginals.SHARED:
        return KeepOriginals.SHARED
    if word not in _ON | _OFF:
        raise ValueError("allowed: on, off, or shared")
    return KeepOriginals.ON if word in _ON else KeepOriginals.OFF


def _store(value: object) -> object:
    url = str(value).strip()
    if not url:
        return ""
    parts = urlsplit(url)
    placed = parts.path.startswith("/") if parts.scheme == "unix" else bool(parts.hostname and parts.port != 0)
    if parts.scheme not in ("redis", "rediss", "unix") or not placed:
        raise ValueError("allowed: redis://HOST:PORT/DB, rediss://… (with TLS), unix:///PATH, or nothing")
    if parts.scheme != "unix" and not re.fullmatch(r"/?[0-9]{0,4}", parts.path):
        raise ValueError("allowed behind the server: /DB, a number")
    if find_spec("redis") is None:
        raise ValueError("needs the extra `redis`: pip install 'headroom-mitmproxy[redis]'")
    return url


def _port(value: object) -> object:
    number = _whole(value)
    if not isinstance(number, int) or number > 65535:
        raise ValueError("allowed: a port from 1 to 65535, or 0 for none")
    return number


def _token(value: object) -> object:
    word = str(value).strip()
    if word and not re.fullmatch(r"[!-~]{16,256}", word):
        raise ValueError("allowed: 16 to 256 printable characters without blanks, or nothing")
    return word


Switch = Annotated[bool, BeforeValidator(_switch)]
Whole = Annotated[int, BeforeValidator(_whole)]
Port = Annotated[int, BeforeValidator(_port)]
Token = Annotated[str, BeforeValidator(_token)]
Share = Annotated[float | None, BeforeValidator(_share)]
Names = Annotated[frozenset[str], BeforeValidator(_names)]
Clients = Annotated[frozenset[str], BeforeValidator(_clients)]
Transforms = Annotated[frozenset[str], BeforeValidator(_transforms)]
AuthModes = Annotated[frozenset[AuthMode | None], BeforeValidator(_modes)]
Patterns = Annotated[tuple[str, ...], BeforeValidator(_patterns)]
Folder = Annotated[Path, BeforeValidator(_folder)]
FolderIfAny = Annotated[Path | None, BeforeValidator(_folder_if_any)]
Originals = Annotated[KeepOriginals, BeforeValidator(_originals)]
Store = Annotated[str, BeforeValidator(_store)]


def _option(default: str, description: str, env: str | None = None) -> Any:
    """A field whose raw default and environment variable are kept for the mitmproxy option."""
    extra: dict[str, Any] = {"env": env, "raw": default}
    return Field(default, validate_default=True, description=description, json_schema_extra=extra)


class Settings(BaseModel):
    """Everything a user can set. Each field is the option `headroom_NAME` and a `HEADROOM_*` variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Annotated[Mode, _word(Mode)] = _option(
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
    attach: Annotated[Attach, _word(Attach)] = _option(
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
    retrieve: Annotated[Retrieve, _word(Retrieve)] = _option(
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
    websockets: Annotated[WebSockets, _word(WebSockets)] = _option(
        "rewrite",
        "WebSockets to LLM APIs: rewrite their turns; pass them on; or refuse those for Responses with status 426, so "
        "that the client falls back to HTTP.",
    )
    websocket_messages: Whole = _option(
        "1000", "Messages of a WebSocket that are kept for mitmweb and for saved flows, the last ones; 0: all."
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
    log_level: Annotated[LogLevel, _word(LogLevel)] = _option("info", "error, warn, info, debug, or trace.")
    log_format: Annotated[LogFormat, _word(LogFormat)] = _option(
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
    def of_environment(cls, environ: Mapping[str, str]) -> Self:
        """What a proxy started in this environment has, unless it is told otherwise. Raises `BadSetting`."""
        return cls.parse({name: option_default(name, environ) for name in option_names()})


def suggestion(name: str) -> str:
    """A hint at the option that a misspelled one may stand for; empty when none is close."""
    close = get_close_matches(name, [PREFIX + known for known in option_names()], 1)
    return f"; did you mean {close[0]}?" if close else ""


def option_names() -> Iterable[str]:
    """The settings' field names, in order."""
    return Settings.model_fields


def environment_variable(name: str) -> str:
    """The variable that gives the option's default."""
    return f"HEADROOM_{_extra(Settings.model_fields[name])['env'] or name.upper()}"


def option_default(name: str, environ: Mapping[str, str]) -> str:
    """The option's raw default: its environment variable where that is set, else our own."""
    return environ.get(environment_variable(name), str(_extra(Settings.model_fields[name])["raw"]))


def bare_value(name: str) -> str:
    """What an option that is named without a value stands for: a switch is on."""
    return "on" if _extra(Settings.model_fields[name])["raw"] in _ON | _OFF else ""


def option_help(name: str) -> str:
    """What the option does, in one sentence or two."""
    return Settings.model_fields[name].description or ""


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {}
