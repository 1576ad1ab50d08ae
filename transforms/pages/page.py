"""A fetched page as its reader's browser takes it, and what its elements and attributes tell."""

import re
from functools import lru_cache
from itertools import accumulate

from selectolax.lexbor import LexborHTMLParser, LexborNode

HIDDEN = ["script", "style", "template", "noframes", "noembed", "xmp", "plaintext"]
"""Elements whose text no reader sees, or that hold text a browser with scripts would not show."""
_TAG_NAME = re.compile(r"</?[a-zA-Z][^\s/<>]*+")
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|t[rdh]|thead|tbody|tfoot|option|d[td]|br|img|input|meta|link|hr|source|wbr|area|col|embed|track|base|"
    r"param|path|circle|rect|use|line|poly\w+|stop|ellipse|image|animate\w*|fe[a-z]+)\b)[a-z][^\s/>]*+",
    re.IGNORECASE,
)
"""Start and end tags, but for those that have no end tag or need none."""
_UNNESTED = re.compile(r"<!--(?:[^-]++|-(?!->))*+|<(script|style)\b(?:[^<]++|<(?!/\1))*+(?:</\1)?", re.IGNORECASE)
"""Comments, scripts and styles, in which much looks like a tag: `t<e.length`."""
_MAX_DEPTH = 400
"""Levels; HTML's parsing rules search the open elements at each tag, quadratic in the depth. Pages have 20 to 60."""
_CONTROL = "\x00\x01\x02\x03\x04"
"""What is written into a page to mark places (`transforms.pages.text`)."""
_CONTROL_REFERENCE = re.compile(r"&#(?:0*[0-4]|[xX]0*[0-4]);?(?![0-9a-fA-F])")
BLANKS = "\t\f\xa0"
BREAKS = "\n\r"
"""What a browser shows as a space, or as nothing, besides spaces; line ends apart."""
_META = ("description", "author", "date", "article:published_time", "article:modified_time")


def parse(html: str) -> LexborHTMLParser | None:
    """The page without what no reader sees; None when it cannot be parsed in linear time."""
    if not _is_harmless(html):
        return None
    page = LexborHTMLParser(html)
    page.strip_tags(HIDDEN)
    for frame in page.css("iframe"):
        for child in list(frame.iter(include_text=True)):
            child.decompose()  # for browsers that show no frames
    return page


@lru_cache(maxsize=1)
def _is_harmless(html: str) -> bool:
    """Whether a page is nested like one and holds none of our signs. Asked at every parse of the same page."""
    if any(sign in html for sign in _CONTROL) or ("&#" in html and _CONTROL_REFERENCE.search(html)):
        return False
    return _depth(html) <= _MAX_DEPTH or _depth(_UNNESTED.sub("", html)) <= _MAX_DEPTH


def _depth(html: str) -> int:
    """How deep tags are nested, at most."""
    tags = _TAG_NAME.findall(html)
    levels = {tag: (-1 if found[1] else 1) if (found := _NESTING.match(tag)) else 0 for tag in set(tags)}
    return max(accumulate(map(levels.__getitem__, tags)), default=0)


def collapsed(text: str, blanks: str) -> str:
    """`text` with one space for each run of spaces and of these other `blanks`."""
    for blank in blanks:
        text = text.replace(blank, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def attribute(node: LexborNode, name: str) -> str:
    """The value of an attribute with its blanks collapsed; empty when it is missing or has none."""
    return collapsed(node.attributes.get(name) or "", BLANKS + BREAKS).strip()


def address(node: LexborNode) -> str:
    """Where a link leads; empty when it leads nowhere but into the page or a script."""
    target = attribute(node, "href")
    return "" if target.startswith("#") or target.lower().startswith(("javascript:", "data:")) else target


def heading(node: LexborNode) -> str:
    """The mark of a heading: `## ` for `h2`."""
    return "#" * int((node.tag or "h1")[1]) + " "


def metadata(page: LexborHTMLParser) -> list[tuple[str, str]]:
    """What the page's head tells a reader: title, description, author and dates, each once, in this order."""
    title = page.css_first("head > title")
    told = [("title", collapsed(title.text(), BLANKS + BREAKS).strip())] if title else []
    for name in _META:
        node = page.css_first(f'meta[name="{name}"], meta[property="{name}"]')
        told.append((name, attribute(node, "content") if node else ""))
    return [(name, text) for name, text in told if text]
