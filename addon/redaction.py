"""Takes keys and logins out of text that people are shown: log lines, the content view.

By the forms that providers give their keys, not by guessing at what looks random: numbers and hashes stay.
"""

import re

_HIDDEN = "[key hidden]"
_KEY = re.compile(
    r"\b(?:"
    r"sk-[A-Za-z0-9_-]{12,}"  # OpenAI, Anthropic, OpenRouter and many others
    r"|(?:xai|pplx|nvapi|csk|fw|vck|gsk|hf)[-_][A-Za-z0-9_-]{16,}"
    r"|gh[opsur]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_.-]{16,}"
    r"|xox[abeprs]-[A-Za-z0-9-]{10,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"  # JSON Web Tokens
    r")"
)
_NAMED = re.compile(
    r"""(?i)(\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+"""
    r"""|\b(?:x-)?(?:goog-)?api[-_]?key["']?\s*[:=]\s*["']?)[^\s"',;]{6,}"""
)
"""A header or setting that holds a key, by its name."""
_PRIVATE = re.compile(r"(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)[\s\S]*?(-----END|\Z)")


def redact(text: str) -> str:
    """The text with keys, tokens and private keys replaced by `[key hidden]`."""
    text = _PRIVATE.sub(rf"\1 {_HIDDEN} \2", text)
    return _KEY.sub(_HIDDEN, _NAMED.sub(rf"\1{_HIDDEN}", text))
