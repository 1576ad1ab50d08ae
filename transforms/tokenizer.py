"""Token counts by o200k_base, from the vocabulary in this package: no network, ever.

Providers other than OpenAI do not publish their tokenizers; o200k_base is the field's common yardstick.
The file in `vocab/` is tiktoken's own (MIT); its name is the one tiktoken's cache gives it, its hash the one
tiktoken asks for: https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py
"""

import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path

import tiktoken

_VOCABULARY = Path(__file__).parent / "vocab" / "fb374d419588a4632f3f557e76b4b70aebbca790"
_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_SUFFIX = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_SPLIT = "|".join(
    (
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_SUFFIX}",
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_SUFFIX}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
_CHUNK = 1 << 14
"""Characters encoded at once, where the text has line ends to cut it at. tiktoken lets go of the interpreter lock, so
two chunks are counted in the time of one."""
_LONGEST = 1 << 15
"""Characters encoded at once, at most. tiktoken overflows its stack on a run of a million blanks."""
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="tokens")
_SHORT = 1 << 9
"""Characters of a line whose count is remembered."""
_BYTES_PER_TOKEN = 3.6
"""What English text and code come to with o200k_base; used only when the vocabulary is missing or damaged."""


@cache
def _encoding() -> tiktoken.Encoding | None:
    try:
        data = _VOCABULARY.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() != _SHA256:
        return None
    ranks = {
        base64.b64decode(token): int(rank) for token, _, rank in (line.partition(b" ") for line in data.splitlines())
    }
    return tiktoken.Encoding(name="o200k_base", pat_str=_SPLIT, mergeable_ranks=ranks, special_tokens={})


def load() -> bool:
    """Load the vocabulary (half a second). False: it is missing or damaged, and counts are estimates."""
    return _encoding() is not None


@lru_cache(maxsize=64)
def count_tokens(text: str) -> int:
    """Tokens in `text`. Long texts are counted in pieces of whole lines; longer lines may be a few tokens off.

    The last texts are remembered: what one step counted, the next one asks for again.
    """
    return _count(text)


def count_line(line: str) -> int:
    """Tokens in a line and the line end behind it. They add up to those of the text: hardly a token has both in it."""
    return _count_short(line) if len(line) <= _SHORT else _count(line) + 1


@lru_cache(maxsize=1 << 13)
def _count_short(line: str) -> int:
    return _count(line + "\n")


def _count(text: str) -> int:
    encoding = _encoding()
    if encoding is None:
        return int(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN)
    if len(text) <= _CHUNK:
        return len(encoding.encode_ordinary(text))
    return sum(_THREADS.map(lambda chunk: len(encoding.encode_ordinary(chunk)), _chunks(text)))


def _chunks(text: str) -> Iterator[str]:
    """`text` in pieces, cut where no token reaches over a line end: only blank lines and slashes join the one above."""
    at = 0
    while len(text) - at > _CHUNK:
        end = at + _CHUNK
        while (end := text.find("\n", end, at + _LONGEST) + 1) and text[end : end + 1] in ("\r", "\n", "/"):
            pass
        end = end or at + _LONGEST
        yield text[at:end]
        at = end
    yield text[at:]
