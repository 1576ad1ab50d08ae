"""The kinds of values that settings have. Each is read from text; a `ValueError` says what is allowed."""

import os
import re
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from addon.wire.clients import CLIENTS
from addon.wire.hosts import parse_host_pattern
from transforms.compression_policy import AuthMode
from transforms.names import TRANSFORM_NAMES

ON, OFF = frozenset({"true", "on", "yes", "1", "enabled"}), frozenset({"false", "off", "no", "0", "disabled"})
_NAME = re.compile(r"[A-Za-z0-9_.*:/-]+")


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
    if word not in ON | OFF:
        raise ValueError(f"allowed: {', '.join(sorted(ON))} or {', '.join(sorted(OFF))}")
    return word in ON


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


def word_of(enum: type[StrEnum]) -> BeforeValidator:
    """Reads one of the words of `enum`."""

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
    if word not in ON | OFF:
        raise ValueError("allowed: on, off, or shared")
    return KeepOriginals.ON if word in ON else KeepOriginals.OFF


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
        raise ValueError("needs the extra `redis`: pip install '.[redis]' in the checkout")
    return url


def _port(value: object) -> object:
    word = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,5}", word) or int(word) > 65535:
        raise ValueError("allowed: a port from 1 to 65535, or 0 for none")
    return int(word)


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
