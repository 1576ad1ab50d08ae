"""Token counts by o200k_base, by a library that has the vocabulary in it: no network, ever.

Providers other than OpenAI do not publish their tokenizers; o200k_base is the field's common yardstick. The tests hold
the counts against those of OpenAI's own tiktoken, which takes ten times as long.
"""

from functools import cache, lru_cache

import toktok


def load() -> None:
    """Load the vocabulary (half a second)."""
    _encoding()


@lru_cache(maxsize=64)
def count_tokens(text: str) -> int:
    """Tokens in `text`. The last texts are remembered: what one step counted, the next one asks for again."""
    return _count(text)


def count_line(line: str) -> int:
    """Tokens in a line and the line end behind it. They add up to those of the text: hardly a token has both in it."""
    return _count(line + "\n")


def _count(text: str) -> int:
    try:
        tokens: int = _encoding().count(text)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can spell and no encoding of text can hold
        tokens = _encoding().count(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return tokens


@cache
def _encoding() -> toktok._Tokenizer:
    return toktok._encoding("o200k_base")
