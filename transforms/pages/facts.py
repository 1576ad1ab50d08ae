"""What a page tells search engines of the thing it is about: JSON-LD, whose values may stand nowhere else on it.

Contract: pure, linear in the page, never raises. Taken are products, offers, events, recipes, articles and job
postings; not what describes the site: its owner, its menu, the way to the page. Vocabulary: https://schema.org.
"""

import re
from collections.abc import Iterator

_START = re.compile(r"<script\s(?P<attributes>[^<>]*+)>", re.IGNORECASE)
_END = re.compile(r"</script", re.IGNORECASE)
_THING = re.compile(r'"@type"\s*:\s*(?:\[\s*)?"\w*(?:Product|Offer|Event|Recipe|Article|Posting)"')


def facts(html: str) -> str:
    """The JSON-LD of the page about such things, each piece on a line of its own; empty when there is none.

    >>> facts('<script type="application/ld+json">{"@type": "Product", "sku": "A1"}</script>')
    'JSON-LD: {"@type": "Product", "sku": "A1"}\\n'
    """
    return "".join(f"JSON-LD: {_on_one_line(text)}\n" for text in _data(html) if _THING.search(text))


def _data(html: str) -> Iterator[str]:
    """The texts of the scripts that hold JSON-LD."""
    at = 0
    while (start := _START.search(html, at)) is not None and (end := _END.search(html, start.end())) is not None:
        if "application/ld+json" in start["attributes"].lower():
            yield html[start.end() : end.start()]
        at = end.end()


def _on_one_line(text: str) -> str:
    return " ".join(stripped for line in text.split("\n") if (stripped := line.strip()))
