"""Fetched web pages read as text: the words, links, image texts, tables, code and form fields of a page.

What goes is what a reader of the page never sees: scripts, styles, comments, layout, the attributes of styling and
tracking. What a script tells search engines of a product, an event and the like stays (`transforms.pages.facts`).
A first line names what went, with its size. That nothing else went is proven on the page's own tree
(`transforms.pages.proof`).

    `<p class="x">Read <a href="/docs" onclick="t()">the manual</a>.`  →  `Read the manual (/docs).`

Left alone: pages whose text is made by scripts, pages of a development server, files of a project, and any page when
the question or the call is about markup itself. Known limitation: XML other than XHTML stays as it is.
"""

import re

from transforms.call import Call
from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.pages import proof as html_proof
from transforms.pages import text as html_text
from transforms.pages.facts import facts

_START = re.compile(r"<!doctype html|<html[\s>]|<head>|<body[\s>]", re.IGNORECASE)
_PREFACE = 4096
"""Characters before the page: what a fetching tool says first, headers of the response."""
_OMITTED = "[page markup omitted: "
_NOTE = re.compile(
    rf"^{re.escape(_OMITTED)}\d+ kB of tags, scripts and styles; "
    r"links stand as <address> or \(/path\) behind their text\]$",
    re.MULTILINE,
)
_ADDRESS = re.compile(r"\w+://[^\s\"'<>\\]+")
_LOCAL = re.compile(
    r"localhost|\b127\.0\.0\.1|\b0\.0\.0\.0|\[::1\]|\.local\b|\.test\b|file://|\b192\.168\.|\b10\.\d+\.|host\.docker",
    re.I,
)
_PROJECT_FILE = re.compile(
    r"\.(?:[xs]?html?|xml|svg|vue|svelte|astro|php|aspx?|jsp|erb|ejs|hbs|j2|jinja2?|tmpl)\b", re.I
)
_ABOUT_MARKUP = re.compile(
    r"\b(?:x?html5?|css|markup|dom|xpath|selectors?|scrap(?:e|ing|er)|javascript|stylesheets?|json-?ld|opengraph|"
    r"schema\.org|(?:meta|script|html|head)[ -]tags?|class ?names?|attributes?|view-source|aria|a11y|seo|"
    r"beautifulsoup|bs4|cheerio|puppeteer|playwright|selenium|jsdom|csrf|iframes?|inline scripts?|svgs?)\b"
    r"|\bog:|<\w+[ />]",
    re.IGNORECASE,
)
_ABOUT_IMAGES = re.compile(
    r"\b(?:images?|imgs?|pictures?|photos?|logos?|icons?|favicon|thumbnails?|banners?)\b", re.IGNORECASE
)
_MIN_SHOWN = 300
"""Characters of text; with fewer a large page is likely made by its scripts."""
_MIN_SHARE = 0.005
"""Of the page that is text; below it the content is in the scripts' data."""


class MarkupReader:
    """A web page as its reader sees it."""

    name = "markup_reader"
    kinds = frozenset({Kind.MARKUP})
    loss = Loss.NOISE
    lines_stand_alone = False

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The page as text below a line that says what went; None for no fetched page, or if markup is asked for."""
        start = _page_start(block.text)
        noted = _OMITTED in block.text and _NOTE.search(block.text)
        if start is None or noted or not _is_read_for_content(block):
            return None
        source = block.text[start:]
        page = html_text.marked(source, _ABOUT_IMAGES.search(_asked(block)) is not None)
        if page is None:
            return None
        if len(page.shown.strip()) < max(_MIN_SHOWN if len(source) > 10 * _MIN_SHOWN else 1, _MIN_SHARE * len(source)):
            return None
        text = facts(source) + html_text.write(page)
        if len(text) >= len(source):
            return None
        return Rewrite(f"{block.text[:start]}{_note(len(source) - len(text))}\n{text}")

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether all that a reader sees of the page is in `rewritten`, nothing new is, and what went is named."""
        start = _page_start(original)
        if start is None or not rewritten.startswith(original[:start]):
            return False
        note, _, text = rewritten[start:].partition("\n")
        told = facts(original[start:])
        return (
            _NOTE.fullmatch(note) is not None
            and text.startswith(told)
            and html_proof.keeps_page(original[start:], text[len(told) :])
        )


def _note(dropped: int) -> str:
    size = f"{round(dropped / 1000)} kB of tags, scripts and styles"
    return f"{_OMITTED}{size}; links stand as <address> or (/path) behind their text]"


def _page_start(text: str) -> int | None:
    """Where the page begins; None when there is none, or only pieces of markup."""
    match = _START.search(text, 0, _PREFACE)
    return match.start() if match and "</" in text else None


def _asked(block: Block) -> str:
    """What the user and the call ask for, without addresses: those say nothing about what is wanted."""
    return _ADDRESS.sub(" ", f"{block.question}\n{block.call.arguments}")


def _is_read_for_content(block: Block) -> bool:
    return not (_is_own(block.call) or _ABOUT_MARKUP.search(_asked(block)))


def _is_own(call: Call) -> bool:
    """Whether the page is the user's own work: a file, or what a server on this machine gave out."""
    if _LOCAL.search(call.arguments):
        return True
    return "://" not in call.arguments and _PROJECT_FILE.search(call.path or call.command) is not None
