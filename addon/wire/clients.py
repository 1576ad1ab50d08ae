"""Who sends a request and how they pay, told from its headers: the token decides, not the User-Agent.

The same client comes with an API key today and with a login tomorrow, and any client may call itself what it likes.
So the User-Agent gives nothing but a name for the log, and the name is one of `CLIENTS`: never a part of a header.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from transforms.compression_policy import AuthMode

_SIGNATURES = frozenset(
    {
        "x-amz-content-sha256",  # https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
        "content-md5",  # https://www.rfc-editor.org/rfc/rfc1864
        "digest",  # https://www.rfc-editor.org/rfc/rfc3230
        "content-digest",  # https://www.rfc-editor.org/rfc/rfc9530
        "repr-digest",  # https://www.rfc-editor.org/rfc/rfc9530
        "signature-input",  # https://www.rfc-editor.org/rfc/rfc9421
        "signature",  # https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures
    }
)
"""Headers that tie a request to the bytes of its body."""
_SIGV4 = "aws4-"
_KEY_HEADERS = ("x-api-key", "x-goog-api-key", "api-key")
_SUBSCRIPTION_HEADERS = ("chatgpt-account-id", "copilot-integration-id")
_SUBSCRIPTION_TOKENS = ("sk-ant-oat", "gho_", "ghu_", "tid=")
"""Claude's login; GitHub's OAuth and user tokens and the Copilot session token made from them."""
_OAUTH_TOKENS = ("ya29.",)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]++=*+\.[A-Za-z0-9_-]++=*+\.[A-Za-z0-9_-]*+=*+")
"""A signed JSON Web Token: three parts, of which the first is the base64 of `{"…` (RFC 7519 3.1)."""
_KEY_TOKENS = ("sk-", "xai-", "gsk_", "csk-", "pplx-", "nvapi-", "fw_", "vck_", "bedrock-api-key-", "AIza")
"""How providers' own API keys begin."""

DOCTOR, DOCTORS_AGENT = "doctor", "headroom-doctor"
"""Our own client, which tries whether all works, and its User-Agent."""
_CLIENTS_BY_PRODUCT = {
    "claude-cli": "claude-code",
    "claude-code": "claude-code",
    "codex": "codex",
    "copilot": "copilot-cli",
    "githubcopilotchat": "copilot-chat",
    "opencode": "opencode",
    "geminicli": "gemini-cli",
    "qwencode": "qwen-code",
    "aider": "aider",
    "cline": "cline",
    "roo-code": "roo-code",
    "roocode": "roo-code",
    "kilo-code": "kilo-code",
    "kilocode": "kilo-code",
    "cursor": "cursor",
    "windsurf": "windsurf",
    "zed": "zed",
    "crush": "crush",
    "goose": "goose",
    "openhands": "openhands",
    "litellm": "litellm",
    "langchain": "langchain",
    "openai/python": "openai-python",
    "asyncopenai/python": "openai-python",
    "azureopenai/python": "openai-python",
    "asyncazureopenai/python": "openai-python",
    "openai/js": "openai-node",
    "azureopenai/js": "openai-node",
    "anthropic/python": "anthropic-python",
    "asyncanthropic/python": "anthropic-python",
    "anthropic/js": "anthropic-node",
    "ai-sdk": "ai-sdk",
    "curl": "curl",
    DOCTORS_AGENT: DOCTOR,
    "python-httpx": "httpx",
    "python-requests": "requests",
    "aiohttp": "aiohttp",
    "python": "python",
    "node": "node",
    "go-http-client": "go",
}
"""Lower-case product, with its variant where that is what tells, to the client's name."""
_CLIENTS_BY_INTEGRATION = {"copilot-developer-cli": "copilot-cli", "vscode-chat": "copilot-chat"}
_OTHER = "other"
CLIENTS = frozenset({*_CLIENTS_BY_PRODUCT.values(), *_CLIENTS_BY_INTEGRATION.values(), _OTHER})
"""All names a client can have, for metric labels."""
_CODEX_PREFIXES = ("codex_", "codex-")
"""codex_exec, codex_cli_rs, codex-tui, codex_vscode: one client with many front ends."""
_READ_CHARACTERS = 512
"""Of a header that names the client; enough for a browser's."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request's headers tell about its sender. Holds no secret."""

    auth_mode: AuthMode | None
    """None: it cannot be told."""
    client: str
    """One of `CLIENTS`."""
    signed: bool
    """The body's bytes are signed or hashed in a header: it must not be changed."""


def classify(headers: Mapping[str, str]) -> Credentials:
    """The credentials in a request's headers. Their names' letter case does not count; nothing raises."""
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    signed = lower.get("authorization", "").lower().startswith(_SIGV4) or not _SIGNATURES.isdisjoint(lower)
    return Credentials(_auth_mode(lower), _client(lower), signed)


def _auth_mode(headers: Mapping[str, str]) -> AuthMode | None:
    bearer = headers.get("authorization", "").rpartition(" ")[2]
    keys = [headers[name] for name in _KEY_HEADERS if headers.get(name)]
    if any(token.startswith(_SUBSCRIPTION_TOKENS) for token in (bearer, *keys)):
        return AuthMode.SUBSCRIPTION
    if any(headers.get(name) for name in _SUBSCRIPTION_HEADERS):
        return AuthMode.SUBSCRIPTION
    if bearer.startswith(_OAUTH_TOKENS) or _JWT.fullmatch(bearer):
        return AuthMode.OAUTH
    return AuthMode.PAYG if keys or bearer.startswith(_KEY_TOKENS) else None


def _client(headers: Mapping[str, str]) -> str:
    """The first known name, from the header most sure to name the agent to the one that may name its library only."""
    if "x-claude-code-session-id" in headers:
        return "claude-code"
    if integration := _CLIENTS_BY_INTEGRATION.get(headers.get("copilot-integration-id", "")):
        return integration
    return next(filter(None, map(_CLIENTS_BY_PRODUCT.get, _products(headers))), _OTHER)


def _products(headers: Mapping[str, str]) -> Iterable[str]:
    for header in ("originator", "x-title"):
        yield from _spellings(headers.get(header, "")[:_READ_CHARACTERS].lower().replace(" ", "-"))
    for header in ("x-dashscope-useragent", "user-agent"):
        for word in headers.get(header, "")[:_READ_CHARACTERS].lower().split():
            yield from _spellings(word)


def _spellings(word: str) -> Iterable[str]:
    """A product as it stands, `OpenAI/Python`, and without what follows the slash, `curl/8.14.1`."""
    product = word.partition("/")[0]
    yield "codex" if product.startswith(_CODEX_PREFIXES) else word
    yield product
