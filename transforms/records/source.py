"""The values of a JSON text, and what is decided about texts that hold the same values."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache

from transforms.records.cut_off import Cut, cut_off
from transforms.records.fields import read_fields
from transforms.records.framed_lines import read_framed
from transforms.records.legend import Form, Told, strip
from transforms.records.reader import DocumentReader, whole
from transforms.records.tree import Tree, dumps, parse_stream
from transforms.records.yaml_reader import read_yaml
from transforms.tokenizer import count_tokens

_CLEARLY = 0.75
"""Of two texts whose lengths are this far apart the shorter has fewer tokens; nearer ones are counted."""


@dataclass(frozen=True)
class Source:
    """The values of a text; more than one when it is JSON lines."""

    values: list[Tree]
    cut: Cut | None = None
    """What is missing at the end."""
    form: Form = Form.JSON

    @classmethod
    def read(cls, text: str) -> "Source":
        """Raises ValueError for what is neither JSON, its beginning or lines of it, nor YAML, nor fields, and
        RecursionError for too deep nesting."""
        with suppress(ValueError):
            return cls._whole(text)
        if (found := cut_off(text)) is not None:
            beginning, cut = found
            with suppress(ValueError):
                return cls(cls._whole(beginning + cut.missing).values, cut)
        if not text.startswith(("{", "[")):
            with suppress(ValueError):
                return cls(read_yaml(text), form=Form.YAML)
            with suppress(ValueError):
                return cls(read_fields(text), form=Form.FIELDS)
        return cls(read_framed(text), form=Form.FRAMED)

    @classmethod
    def _whole(cls, text: str) -> "Source":
        source = cls(parse_stream(text, unwary=True))
        if not source.values:
            raise ValueError("no value")
        # A member that was lost took the quotes of its key along; a quote within a string is `\"` in both texts, unless
        # it was spelled by its number.
        if source.minified.count('"') != text.count('"') or "\\u0022" in text:
            return cls(parse_stream(text))
        return source

    @property
    def lines(self) -> bool:
        """Whether the values stand on lines of their own, with no array around them."""
        return len(self.values) > 1

    @property
    def is_plain(self) -> bool:
        """Whether the values alone are what the text says."""
        return self.cut is None and self.form is Form.JSON

    def told(self, body: str) -> Told:
        """A document of the values, and what is to be said of it."""
        return Told(body, self.lines, self.cut, self.form)

    @property
    def tree(self) -> Tree:
        """The one value, or the array of all."""
        return self.values if self.lines else self.values[0]

    @cached_property
    def minified(self) -> str:
        """The shortest JSON, and what is known of a cut."""
        return "\n".join([*map(dumps, self.values), *([str(self.cut)] if self.cut else [])])


@lru_cache(maxsize=1)
def read(text: str) -> Source:
    """`Source.read`, remembered: the proof asks for what the rewrite read."""
    return Source.read(text)


@lru_cache(maxsize=1)
def decode(rewritten: str) -> Source:
    """The values of minified JSON, or of a document below its legend; remembered for who rewrites it further.

    Raises ValueError or LookupError for other texts.
    """
    found = strip(rewritten)
    if not found:
        return read(rewritten)
    tree = whole(DocumentReader.of(found.body).document())
    if found.lines and not (isinstance(tree, list) and len(tree) > 1):
        raise ValueError("not JSON lines")
    return Source(tree if found.lines and isinstance(tree, list) else [tree], found.cut, found.form)


def fewer_tokens(text: str, other: str) -> bool:
    """Whether `text` has fewer tokens than `other`."""
    if len(text) < _CLEARLY * len(other):
        return True
    return len(text) < len(other) and count_tokens(text) < count_tokens(other)
