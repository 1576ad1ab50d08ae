"""HTML written as text: headings, lists, tables, code, links, image texts and form fields, without their markup.

Headings, lists and code look as in Markdown, but for single words of code in a sentence, which stand as they are. The
address of a link stands behind its text as `<address>`, so that the words of a sentence stay together; one within the
site as `(/path)`, for `</path>` would look like an end tag. A table row is one line of `| cell` pieces. Emphasis goes;
deletions (`~~`), superscripts (`^`) and subscripts (`_`) are marked, for without them numbers and prices would read
wrong.

    <h2>Setup</h2><p>Read the <a href="/docs">manual</a>.   →   ## Setup
                                                                Read the manual (/docs).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from selectolax.lexbor import LexborNode

from transforms.pages.page import BLANKS, BREAKS, address, attribute, collapsed, heading, metadata, parse

_GLUED = re.compile(
    r"(</(?:span|a|time|label|button|small|img|i|em|strong|b)>)(?=<(?:span|a|time|label|button|small|i)\b)"
)
_SPACED = ("ul", "ol", "dl", "table", "blockquote", "p", "hr", "figure", "form", "article", "section")
_BROKEN = (
    *("address", "aside", "br", "caption", "center", "dd", "details", "dir", "div", "dt", "fieldset", "figcaption"),
    *("footer", "header", "legend", "li", "main", "menu", "nav", "option", "optgroup", "select", "summary", "tbody"),
    *("tfoot", "thead", "title", "tr", "textarea", "video", "audio", "iframe"),
)
_ENDS = {
    **dict.fromkeys((*_SPACED, *("h1", "h2", "h3", "h4", "h5", "h6")), "\n"),
    **dict.fromkeys(_BROKEN, "\r"),
}
"""The tags at which a paragraph or a line ends, and how that is written until all lines are."""
_TAG = re.compile(r"<!--.*?-->|</?([a-zA-Z][^\s/>]*+)(?=[\s/>])[^>]*+>", re.DOTALL)
"""A tag as it is serialised: in values `>` is escaped; a name may hold quotes, where the page had one too many."""
_FIELDS = {
    "form": ("action", "method"),
    "input": ("type", "name", "value", "placeholder"),
    "select": ("name",),
    "textarea": ("name", "placeholder"),
    "iframe": ("src", "title"),
    "video": ("src", "title"),
    "audio": ("src", "title"),
    "embed": ("src",),
    "source": ("src",),
}
"""Attributes of forms and embedded media that tell a reader something."""
_STATES = ("checked", "disabled")
"""Of form fields: attributes that say something by being there."""
_PATH = re.compile(r"/(?:[^\s()\"]|\([^\s()\"]*\))*+")
"""An address within the site, in which a closing bracket is not taken for its end."""
_MAX_VALUE = 200
"""Characters of an attribute; longer ones are a server's state or data, not a reader's."""
_OPEN, _SHUT, _STOP, _HOLD = "\x01", "\x02", "\x03", "\x04"
"""Stand around a mark (`- `), behind an item, around the number of a piece of code. Never in a result."""
_APART = "\x00"
"""Stands between texts for as long as their blanks are looked at."""
_LINES = re.compile(r"[\r\n][ \r\n]*+")
_AFTER_MARK = re.compile(f"{_SHUT}[ \r\n]+")
_EMPTY_ITEM = re.compile(f"{_OPEN}[^{_SHUT}\\d]*{_SHUT}{_STOP}")
_STOPS = re.compile(f"[{_OPEN}{_SHUT}{_STOP}]")
_CODE = re.compile(f"{_HOLD}(\\d+){_HOLD}")


def _start_of(node: LexborNode) -> int:
    """The number of an ordered list's first item."""
    start = attribute(node, "start")
    return int(start) if start.isdecimal() and len(start) < 10 else 1


@dataclass(frozen=True, slots=True)
class Marked:
    """A page into which is written what its elements and attributes tell, but for its code."""

    shown: str
    """The text before anything was written into it."""
    head: str
    """What the page's head tells, on lines."""
    html: str
    text: str
    code: tuple[str, ...]
    """The pieces of code that were taken out."""


@lru_cache(maxsize=2)
def marked(html: str, images: bool) -> Marked | None:
    """The page, `images`: with the addresses of images; None where `parse` has none, or no body.

    Remembered, for the rewrite writes out the tags of what the proof reads the text of.
    """
    page = parse(html)
    if page is None or page.body is None:
        return None
    shown, head = page.body.text(), "\n".join(f"{name}: {told}" for name, told in metadata(page))
    code = _annotate(page.body, images)
    return Marked(shown, head, page.body.html or "", page.body.text(), tuple(code))


def write(page: Marked) -> str:
    """The page as text."""
    text = _flat(page.html, page.code)
    return f"{page.head}\n\n{text}" if page.head else text


def without_blanks(text: str) -> str:
    """`text` without blanks and line ends."""
    return "".join(text.split())


def said(page: Marked) -> str:
    """What the page says without its line ends and blanks, taken from the tree's text."""
    code = list(map(without_blanks, page.code))
    text = _STOPS.sub("", _EMPTY_ITEM.sub("", without_blanks(page.text)))
    return _CODE.sub(lambda hold: code[int(hold[1])], text)


def _annotate(body: LexborNode, images: bool) -> list[str]:
    """Write into the page what its elements and attributes tell; the pieces of code, taken out of it."""
    code = _take_code(body)
    _mark_links(body)
    for selector, mark in _MARKS.items():
        for node in body.css(selector):
            mark(node)
    for node in body.css("img"):
        _mark_image(node, images)
    return code


def _flat(html: str, code: Sequence[str]) -> str:
    """Serialised HTML, in which every tag is whole and every other `<` of a text escaped, as text."""
    pieces = _TAG.split(_GLUED.sub(r"\1 ", html))
    pieces[::2] = collapsed(_APART.join(pieces[::2]), BLANKS + BREAKS).split(_APART)
    pieces[1::2] = [_ENDS.get(tag, "") for tag in pieces[1::2]]
    text = collapsed(unescape("".join(pieces)), BLANKS)
    text = _STOPS.sub("", _EMPTY_ITEM.sub("", _AFTER_MARK.sub(_SHUT, text)))
    lines = "\n".join([line.rstrip(" ") for line in _LINES.sub(_line_end, text).split("\n")])
    return _CODE.sub(lambda hold: code[int(hold[1])], lines.strip("\n "))


def _line_end(run: re.Match[str]) -> str:
    return "\n\n" if "\n" in run[0] else "\n"


def _take_code(body: LexborNode) -> list[str]:
    """Take the `pre` elements out of the page, leaving their numbers; their texts, fenced."""
    taken: list[str] = []
    for node in body.css("pre"):
        for line in node.css("br"):
            line.replace_with("\n")
        for line in node.css("div, li, tr"):
            line.insert_after("" if line.text().endswith("\n") else "\n")
        links = "".join(f"\n{_inserted(target)}" for link in node.css("a[href]") if (target := address(link)))
        node.insert_before(f"\n\n{_HOLD}{len(taken)}{_HOLD}\n\n")
        taken.append(f"```\n{node.text().strip(chr(10))}\n```{links}")
    body.strip_tags(["pre"])
    return taken


def _mark_links(body: LexborNode) -> None:
    """Write each address and title behind its text, but not again right behind itself, behind the same text, or without
    one."""
    links = [(node, target, node.text().strip()) for node in body.css("a[href]") if (target := address(node))]
    named = {target for _, target, text in links if text}
    written: set[tuple[str, ...]] = set()
    last = ""
    for node, target, text in links:
        label = "" if text else attribute(node, "aria-label")
        if label:
            node.insert_before(label)
        title = attribute(node, "title")
        told = f' "{title}"' if title not in text and title != label else ""
        repeated = target == last or (target, text) in written or (not text and target in named)
        if not repeated or (told and (target, text, told) not in written):
            node.insert_after(f" {_inserted(target, told)}{' ' if node.next and node.next.is_element_node else ''}")
            written |= {(target, text), (target, text, told)}
            last = target


def _inserted(target: str, told: str = "") -> str:
    """An address as it stands behind its text, with the title that is told of it."""
    return f"({target}{told})" if _PATH.fullmatch(target) else f"<{target}{told}>"


def _mark_image(node: LexborNode, images: bool) -> None:
    told = attribute(node, "alt") or attribute(node, "title")
    source = f"({attribute(node, 'src')})" if images and not attribute(node, "src").startswith("data:") else ""
    if told or source:
        node.insert_before(f"![{told}]{source} ")


def _mark_list(node: LexborNode) -> None:
    number = _start_of(node)
    for item in node.iter():
        if item.tag == "li":
            _mark_inside(item, f"{number}. ")
            number += 1


def _mark_inside(node: LexborNode, mark: str) -> None:
    if node.first_child is not None:
        node.first_child.insert_before(f"{_OPEN}{mark}{_SHUT}")
        node.insert_after(f"{_STOP} ")


def _around(mark: str) -> Callable[[LexborNode], None]:
    def surround(node: LexborNode) -> None:
        node.insert_before(mark)
        node.insert_after(mark)

    return surround


def _before(mark: str) -> Callable[[LexborNode], None]:
    return lambda node: None if node.first_child is None else node.insert_before(mark)


def _mark_code(node: LexborNode) -> None:
    """Say where code begins and ends; a single word does so itself, and its sentence can be quoted as it stands."""
    if len(node.text().split()) > 1:
        _around("`")(node)


def _mark_field(node: LexborNode) -> None:
    told = [(name, attribute(node, name)) for name in _FIELDS[node.tag or ""]]
    shown = {name: value for name, value in told if value and len(value) <= _MAX_VALUE}
    states = [name for name in _STATES if name in node.attributes]
    if states or shown.keys() - {"type", "method"}:
        fields = "".join(f' {name}="{value}"' for name, value in shown.items())
        node.insert_before(f" <{' '.join([f'{node.tag}{fields}', *states])}> ")


def _mark_state(state: str) -> Callable[[LexborNode], None]:
    def mark(node: LexborNode) -> None:
        if node.first_child is not None:
            node.first_child.insert_before(f"({state}) ")

    return mark


def _mark_meaning(node: LexborNode) -> None:
    told = attribute(node, "title") or attribute(node, "datetime")
    if told and told not in node.text():
        node.insert_after(f" ({told})")


_MARKS: dict[str, Callable[[LexborNode], None]] = {
    "h1, h2, h3, h4, h5, h6": lambda node: _mark_inside(node, heading(node)),
    "ul > li": lambda node: _mark_inside(node, "- "),
    "ol": _mark_list,
    "td, th": lambda node: _mark_inside(node, "| "),
    "button[disabled]": _mark_state("disabled"),
    "option[selected]": _mark_state("selected"),
    "option": lambda node: _mark_inside(node, "| "),
    "sup": _before("^"),
    "sub": _before("_"),
    "del, s, strike": _around("~~"),
    "code, kbd, samp, tt": _mark_code,
    "abbr[title], time[datetime]": _mark_meaning,
    ", ".join(_FIELDS): _mark_field,
}
"""What is written into the page before its tags go, by the elements it is written to."""
