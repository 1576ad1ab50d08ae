"""Whether a text holds what a reader sees of an HTML page: computed from the page's tree, not from how it was written.

Contract: pure, linear in both texts; parses the page anew. True only if the text says, character by character and in
the page's order, what the page shows: its words, image texts, list numbers and what abbreviations stand for; and
if every link's address, field, heading, table cell and piece of code is there. Blanks, and the characters that mark
headings, items, cells and code, are looked at in the words and the marks, not in the comparison by character.
"""

import re
from collections import Counter
from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from transforms.html_text import (
    FIELDS,
    MEANT,
    address,
    attribute,
    field,
    heading,
    image_text,
    meaning,
    metadata,
    parse,
    start_of,
)

_INSERTED = re.compile(r"<([^<>\n]+)>")
_SOURCE = re.compile(r"(!\[[^\n]*?\])\(([^()\s]*)\)")
_HEADING = re.compile(r"(?<!#)#{1,6} ")
_UNSEEN = re.compile(r"[\s#|~`\"^_-]+")
"""Blanks and marks."""


def keeps_page(html: str, text: str) -> bool:
    """Whether `text` shows all that a reader sees of `html`, and nothing else."""
    page = parse(html)
    if page is None or page.body is None:
        return False
    body = page.body
    head = "\n".join(f"{name}: {told}" for name, told in metadata(page))
    return (
        text.startswith(head)
        and _in_order((word for node in _texts(body) for word in node.split()), text[len(head) :])
        and _in_order(_code(body), text)
        and _laid_out(body, text)
        and _structured(body, text)
        and _links_follow(body, text)
        and _said(body, text[len(head) :])
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
    return (node.text().strip("\n") for node in body.css("pre") if not _has_lines(node))


def _has_lines(code: LexborNode) -> bool:
    return code.css_first("br, div, li, tr, pre") is not None


def _laid_out(body: LexborNode, text: str) -> bool:
    """Whether there is one empty line at most between paragraphs, and none at the end; within code as many as it has."""
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
    targets = [target for node in body.css("a[href]") if (target := address(node))]
    known = set(targets)
    shown = [target for told in _INSERTED.findall(text) if (target := told.partition(' "')[0]) in known]
    following = iter(targets)
    return set(shown) == known and all(target in following for target in shown)


def _said(body: LexborNode, text: str) -> bool:
    """Whether both say the same, character by character. Changes the page."""
    links = [(target, attribute(node, "title")) for node in body.css("a[href]") if (target := address(node))]
    inserted = {target for target, _ in links} | {f'{target} "{title}"' for target, title in links}
    inserted.update(field(node) for node in body.css(FIELDS))
    sources = {attribute(node, "src") for node in body.css("img")}
    _tell(body)
    plain = _SOURCE.sub(lambda m: m[1] if m[2] in sources else m[0], text)
    plain = _INSERTED.sub(lambda m: "" if m[1] in inserted else m[0], plain)
    return _UNSEEN.sub("", plain) == _UNSEEN.sub("", body.text())


def _tell(body: LexborNode) -> None:
    """Write into the page what its attributes and its lists' numbers say."""
    for node in body.css(MEANT):
        if told := meaning(node):
            node.insert_after(f"({told})")
    for node in body.css("a[href]"):
        if address(node) and not node.text().strip():
            node.insert_before(attribute(node, "aria-label"))
    for node in body.css("img"):
        if told := image_text(node):
            node.insert_before(f"![{told}]")
    for node in body.css("ol"):
        items = [item for item in node.iter() if item.tag == "li"]
        for number, item in enumerate(items, start_of(node)):
            if item.first_child is not None:
                item.first_child.insert_before(f"{number}.")
