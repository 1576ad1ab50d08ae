"""How a text stands in what surrounds it: as it is, or escaped inside a JSON string.

Contract: pure and linear; `recognize` either finds a spelling that reproduces the escaped text exactly or None.
"""

import json
from collections.abc import Callable
from enum import StrEnum


class Spelling(StrEnum):
    """A way of writing text down. Programs differ in what they escape beyond the quote, `\\\\` and controls."""

    PLAIN = "plain"
    """As it is."""
    JSON = "json"
    """Nothing else is escaped: JavaScript, Rust (Codex), Python with `ensure_ascii=False`."""
    JSON_ASCII = "json_ascii"
    """Everything beyond ASCII: Python's default."""
    JSON_HTML = "json_html"
    """`<`, `>`, `&`, U+2028 and U+2029: Go's default."""
    JSON_ASCII_HTML = "json_ascii_html"
    """`<`, `>`, `&`, `'` and everything beyond ASCII: the `tojson` of Jinja, which agents use for their templates."""

    @property
    def plain(self) -> bool:
        """Whether the text is written as it is."""
        return self is Spelling.PLAIN

    def write(self, text: str) -> str:
        """`text` in this spelling, without surrounding quotes."""
        return text if self.plain else _WRITERS[self](text)


def recognize(escaped: str) -> tuple[str, Spelling] | None:
    """The text behind `escaped`, the inside of a JSON string, and the spelling that writes it so; None if none does.

    >>> recognize("a\\\\tb")
    ('a\\tb', <Spelling.JSON: 'json'>)
    """
    try:
        text = json.loads(f'"{escaped}"')
    except ValueError:
        return None
    if not isinstance(text, str):
        return None
    return next(((text, spelling) for spelling in _WRITERS if spelling.write(text) == escaped), None)


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _json_ascii(text: str) -> str:
    return json.dumps(text)[1:-1]


def _json_html(text: str) -> str:
    return _escape(_json(text), "<>&\u2028\u2029")


def _json_ascii_html(text: str) -> str:
    return _escape(_json_ascii(text), "<>&'")


def _escape(text: str, characters: str) -> str:
    for character in characters:
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


_WRITERS: dict[Spelling, Callable[[str], str]] = {
    Spelling.JSON: _json,
    Spelling.JSON_ASCII: _json_ascii,
    Spelling.JSON_HTML: _json_html,
    Spelling.JSON_ASCII_HTML: _json_ascii_html,
}
