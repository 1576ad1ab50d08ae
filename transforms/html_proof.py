"""Whether a text holds what a reader sees of an HTML page: computed from the page's tree, not from how it was written.

Contract: pure, linear in both texts; parses the page anew. True only if every word of the page's visible text stands
in the text in the page's order, every link's address, image text, heading, table cell and piece of code is there,
and the text holds no word that the page does not.
"""

import re
from collections import Counter
from collections.abc import Iterable
from html import unescape

from selectolax.lexbor import LexborNode

from transforms.html_text import address, attribute, heading, metadata, parse, start_of

_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"<([^<>\n]+)>")
_HEADING = re.compile(r"(?<!#)#{1,6} ")
_LABELS = frozenset(re.findall(r"\w+", "title description author date article published time modified form input"))
"""Words the text may hold of itself."""
_MOST_NEW = 50
"""Words that elements split on the page and that stand next to another element; each is looked up on its own."""


def keeps_page(html: str, text: str) -> bool:
    """Whether `text` shows all that a reader sees of `html`, and nothing else."""
    page = parse(html)
    if page is None or page.body is None:
        return False
    body = page.body
    return (
        _in_order((word for node in _texts(body) for word in node.split()), text)
        and _in_order((f"![{told}]" for node in body.css("img") if (told := attribute(node, "alt"))), text)
        and _in_order(_code(body), text)
        and all(told in text for _, told in metadata(page))
        and {target for node in body.css("a[href]") if (target := address(node))} <= _addresses(text)
        and _structured(body, text)
        and _nothing_new(html, body, text)
    )


def _texts(body: LexborNode) -> Iterable[str]:
    return (node.text(deep=False) for node in body.traverse(include_text=True) if node.is_text_node)


def _in_order(pieces: Iterable[str], text: str) -> bool:
    """Whether the pieces stand in `text` one behind the other."""
    at = 0
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


def _code(body: LexborNode) -> Iterable[str]:
    """Code whose line ends are in its text; where elements make them, its words have been looked at already."""
    plain = (node for node in body.css("pre") if node.css_first("br, div, li, tr, pre") is None)
    return (node.text().strip("\n") for node in plain)


def _addresses(text: str) -> set[str]:
    shown = _ADDRESS.findall(text)
    return {*shown, *(told.partition(' "')[0] for told in shown)}


def _structured(body: LexborNode, text: str) -> bool:
    """Whether there are as many marks of headings and of table cells as the page has of both."""
    shown = Counter(_HEADING.findall(text))
    needed = Counter(heading(node) for node in body.css("h1, h2, h3, h4, h5, h6") if node.text().strip())
    cells = sum(1 for node in body.css("td, th") if node.text().strip())
    return all(shown[mark] >= count for mark, count in needed.items()) and text.count("| ") >= cells


def _nothing_new(html: str, body: LexborNode, text: str) -> bool:
    """Whether every word of `text` is one of the page's, also where elements end within a word. Changes the page."""
    for node in body.css("sup, sub"):
        node.insert_before(" ")
    shown = body.text()
    known = {*_WORD.findall(unescape(html)), *_WORD.findall(shown), *_LABELS}
    highest = len(body.css("ol > li")) + max((start_of(node) for node in body.css("ol[start]")), default=0)
    new = set(_WORD.findall(text)) - known
    numbers = {word for word in new if word.isdecimal() and len(word) < 10}
    odd = new - numbers
    return len(odd) <= _MOST_NEW and all(word in shown for word in odd) and all(int(n) <= highest for n in numbers)
