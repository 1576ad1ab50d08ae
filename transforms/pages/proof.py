"""Whether a text holds what a reader sees of an HTML page: computed from the page's tree, not from serialised tags.

Contract: pure, linear in both texts; parses the page anew but for its text (`transforms.pages.text.marked`). True only
if every word of the page's own text stands in the text in the page's order, every link's address, heading, table cell
and piece of code is there, paragraphs are laid out as they are written, and the text says, blanks aside, character by
character what the tree says.
"""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain

from selectolax.lexbor import LexborNode

from transforms.pages.page import address, heading, metadata, parse
from transforms.pages.text import marked, said, without_blanks

_INSERTED = re.compile(r'<(?P<address>[^<>\n]+)>|\((?P<path>/(?:[^\s()"]|\([^\s()"]*\))*+)(?:\)| ")')
_ANGLES = re.compile("[<>]")
"""In an address it hides where that ends; such addresses are looked at with all that the page says."""
_HEADING = re.compile(r"#(?<!##)#{0,5} ")
_BETWEEN = "\x01"
"""Stands between texts; no page that is parsed has it."""


def keeps_page(html: str, text: str) -> bool:
    """Whether `text` shows all that a reader sees of `html`, and nothing else."""
    page = parse(html)
    if page is None or page.body is None:
        return False
    body = page.body
    head = "\n".join(f"{name}: {told}" for name, told in metadata(page))
    shown = text[len(head) :]
    return (
        text.startswith(head)
        and _words_in_order(body, shown)
        and _in_order(_code(body), shown)
        and _laid_out(body, shown)
        and _structured(body, shown)
        and _links_follow(body, shown)
        and _says(html, shown)
    )


def _says(html: str, text: str) -> bool:
    """Whether both say the same, with or without the addresses of images."""
    ink = without_blanks(text)
    return any(said(page) == ink for images in (False, True) if (page := marked(html, images)))


def _words_in_order(body: LexborNode, text: str) -> bool:
    """Whether all words stand in `text` in order: most texts are found as a whole."""
    texts = [piece.split() for piece in body.text(separator=_BETWEEN).split(_BETWEEN)]
    return _in_order(map(" ".join, texts), text) or _in_order(chain.from_iterable(texts), text)


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
    return (node.text().strip("\n") for node in body.css("pre") if not _has_lines(node))


def _has_lines(code: LexborNode) -> bool:
    return code.css_first("br, div, li, tr, pre") is not None


def _laid_out(body: LexborNode, text: str) -> bool:
    """Whether there is at most one empty line between paragraphs, none at the end, and in code as many as it has."""
    if any(_has_lines(node) for node in body.css("pre")):
        return True
    return not text.endswith("\n") and text.count("\n\n\n") == sum(code.count("\n\n\n") for code in _code(body))


def _structured(body: LexborNode, text: str) -> bool:
    """Whether there are as many marks of headings and of table cells as the page has of both."""
    shown = Counter(_HEADING.findall(text))
    needed = Counter(heading(node) for node in body.css("h1, h2, h3, h4, h5, h6") if node.text().strip())
    cells = sum(1 for node in body.css("td, th") if node.text().strip())
    return all(shown[mark] >= count for mark, count in needed.items()) and text.count("| ") >= cells


def _links_follow(body: LexborNode, text: str) -> bool:
    """Whether every address of the page is shown, and the addresses that are stand in the page's order."""
    targets = [target for node in body.css("a[href]") if (target := address(node)) and not _ANGLES.search(target)]
    shown = _addresses(text)
    inserted = set(targets).difference(_addresses(body.text()))
    following = iter(targets)
    return set(targets) <= set(shown) and all(target in following for target in shown if target in inserted)


def _addresses(text: str) -> list[str]:
    """What stands in `text` as an address does: those that were inserted, and what the page itself says so."""
    return [told["path"] or told["address"].partition(' "')[0] for told in _INSERTED.finditer(text)]
