"""MarkupReader shows all that a reader of a page sees, and acts on fetched pages only."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import goldens
from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.pages import proof as html_proof
from transforms.pages.markup_reader import MarkupReader
from transforms.pages.page import parse

READER = MarkupReader()
NO_BUDGET = Budget(0, "")
FETCHED = Call("WebFetch", '{"url":"https://example.org/a.html"}')
PAGE = next(golden for golden in goldens.load("markup_reader")).before
PIECES = [
    "<p>", "</p>", "<div class='x'>", "</div>", "<a href='/a?x=1&amp;y=2' title='t'>", "</a>", "<li>", "<ol start=3>", "</ol>",
    "<ul>", "</ul>", "<pre>", "</pre>", "<code>", "</code>", "<h2>", "</h2>", "<table><tr><td>", "</table>", "<td>", "<br/>",
    "<img alt='a b' src=x>", "<script>var a='<p>';</script>", "<script>", "<!-- c -->", "<!--", "<b>", "</b>", "<sup>", "</sup>",
    "<input name=q value='1'>", "<select><option>", "<svg><title>", "</svg>", "<textarea>", "<template>", "<iframe src=/f>", "<",
    ">", "&lt;b&gt;", "&amp;amp;", "&nbsp;", "&#4;", " ", "\n", "word", "12", "x < y", "![a]", "<http://z>", "é", "\u2028", "\x00",
    "\ud800", "</html>", "<html>", "</iframe>", "<a href='/b>c'>", "(/)", "<div id='x'\"'>",
]  # fmt: skip


def read(text: str, question: str = "") -> str:
    """The rewrite of `text`; an empty text when there is none."""
    rewrite = READER.rewrite(Block(text, FETCHED, question), NO_BUDGET)
    return rewrite.text if rewrite else ""


def page(body: str) -> str:
    return f"<html><body><p>First words.</p>{body}<style>{'.a{color:red}' * 40}</style></body></html>"


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<p>one<p>two", "one\n\ntwo"),
        ("<span>12</span><span>Jan</span>", "12 Jan"),
        ("<b>H</b>ello", "Hello"),
        ("H<sub>2</sub>O", "H_2O"),
        ("<abbr title='World Health Organization'>WHO</abbr>", "WHO (World Health Organization)"),
        ("<time datetime='2026-03-01'>yesterday</time>", "yesterday (2026-03-01)"),
        ("<a href='#top'>Top</a> <a href='javascript:go()'>Go</a>", "Top Go"),
        ("<a href='/x'><img alt='logo'></a>", "![logo] (/x)"),
        ("<a href='/x' aria-label='Search'><i></i></a>", "Search (/x)"),
        ("<a href='/x'><i></i></a><h3><a href='/x'>Title</a></h3>", "### Title (/x)"),
        ("<ul><li>a<ul><li>b</ul><li></ul>", "- a\n\n- b"),
        ("<ol start=3><li><p>c</p><li>d</ol>", "3. c\n\n4. d"),
        ("<pre>a <a href='/x'>b</a>\n  c</pre>", "```\na b\n  c\n```\n(/x)"),
        ("<select name=s><option>one<option>two</select>", '<select name="s">\n| one\n| two'),
        ("<a href='/a_(b)'>x</a> <a href='/a(b'>y</a>", "x (/a_(b)) y </a(b>"),
        ("<a href='https://z.org/'>z</a>", "z <https://z.org/>"),
        (
            "<a href='m.html' title='interface'>Map</a> <b>or</b> <a href='s.html'>Set</a>, <a href='m.html' title='interface'>Map</a>",
            'Map <m.html "interface"> or Set <s.html>, Map',
        ),
        ("<input type=checkbox name=a checked>", '<input type="checkbox" name="a" checked>'),
        ("<button disabled>Buy</button>", "(disabled) Buy"),
        ("<select name=s><option>one<option selected>two</select>", '<select name="s">\n| one\n| (selected) two'),
        ("AT&amp;T &amp;lt; x", "AT&T &lt; x"),
        ("<iframe src='/f'><a href='/g'>For old browsers</a></iframe><p>Next", '<iframe src="/f">\n\nNext'),
        ("<div class='x'\"'>one</div>", "one"),
        ("<a href='/s?q=a b>c'>Hits</a>", "Hits </s?q=a b>c>"),
        (
            "<a href='/'>Home</a> <code>join(/)</code> <a href='/b'>B</a> <a href='/'>Home</a>",
            "Home (/) join(/) B (/b) Home",
        ),
        ("<p>Set <code>retries</code>, then run <kbd>make all</kbd>.", "Set retries, then run `make all`."),
    ],
)
def test_markup_becomes_text(markup: str, shown: str) -> None:
    source = page(markup)
    assert read(source).partition("First words.")[2].strip() == shown
    assert READER.proof(source, read(source))


def test_what_stands_before_the_page_stays() -> None:
    source = f"HTTP/2 200\ncontent-type: text/html\n\n{PAGE}"
    assert read(source).startswith("HTTP/2 200\ncontent-type: text/html\n\n[page markup omitted")
    assert READER.proof(source, read(source))


@pytest.mark.parametrize(
    "question",
    ["Which CSS class names does the menu use?", "scrape the prices", "is there a <nav> element", "og:title?"],
)
def test_a_question_about_markup_keeps_the_markup(question: str) -> None:
    assert read(PAGE, question=question) == ""


def test_a_question_about_images_keeps_their_addresses() -> None:
    assert "![Load over a week](/chart.png)" in read(PAGE, question="download the logo images")


def test_the_json_ld_of_a_product_stays() -> None:
    source = page('<script type="application/ld+json">\n{"@type": "Product",\n "gtin": "4006381333931"}\n</script>')
    out = read(source)
    assert 'JSON-LD: {"@type": "Product", "gtin": "4006381333931"}\n' in out
    assert READER.proof(source, out)
    assert not READER.proof(source, out.replace("4006381333931", "4006381333932"))


def test_the_json_ld_of_a_site_goes() -> None:
    assert "JSON-LD" not in read(page('<script type="application/ld+json">{"@type": "WebSite"}</script>'))


def test_a_page_made_by_its_scripts_is_left_alone() -> None:
    assert read(f"<html><body><div id=app>Loading</div><script>{'x=1;' * 2000}</script></body></html>") == ""


@pytest.mark.parametrize("lost", ["Home", "(/docs", "# Setup", "| Price", "    return", "![Load", "^", "2. ", "9"])
def test_the_proof_sees_what_is_lost(lost: str) -> None:
    out = read(PAGE)
    assert lost in out
    if lost != "^":
        assert not READER.proof(PAGE, out.replace(lost, ""))


def test_the_proof_sees_what_is_new_or_changed() -> None:
    out = read(PAGE)
    assert not READER.proof(PAGE, out + "\nNot on the page")
    assert not READER.proof(PAGE, out.replace("Basic", "Basis"))
    assert not READER.proof(PAGE, out.partition("\n")[2])


@pytest.mark.parametrize(
    "arguments",
    [
        {"url": "http://localhost:3000/cart"},
        {"url": "https://shop.test/"},
        {"command": "curl -s 127.0.0.1:8000/cart"},
        {"command": "cat public/index.html"},
        {"file_path": "/w/shop/templates/cart.html"},
    ],
    ids=str,
)
def test_a_page_of_the_users_own_work_keeps_its_markup(arguments: dict[str, str]) -> None:
    assert READER.rewrite(Block(PAGE, Call("Bash", json.dumps(arguments))), NO_BUDGET) is None


@pytest.mark.parametrize("open_tag", ["<div>", "<a href=x>", "<pre>", "<table><tr><td>", "<b><p>", "<ol><li>", "<p<x>"])
def test_nesting_too_deep_to_parse_in_linear_time_is_left_alone(open_tag: str) -> None:
    assert parse(open_tag * 5000) is None
    assert read(page(open_tag * 5000)) == ""


def test_lines_of_code_that_elements_end_are_lines() -> None:
    assert "```\nfirst()\n  second()\n```" in read(page("<pre>first()<br>  second()</pre>"))


def test_what_looks_like_tags_in_scripts_is_no_nesting() -> None:
    script = "".join(f"<script>for(;t<e{n};)</script><!-- <b> -->" for n in range(500))
    assert "Last words." in read(page(f"{script}<p>{'and more text ' * 30}<p>Last words."))
    assert parse(script * 10 + "<div>" * 5000) is None


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@settings(max_examples=250)
def test_any_page_is_read_without_an_error_and_once(body: str) -> None:
    source = page(f"{body}<p>{'and more text ' * 3}")
    out = read(source)
    READER.proof(source, out)
    assert read(out) == ""


@given(st.integers(0, len(PAGE)), st.integers(0, 40), st.sampled_from(PIECES))
@settings(max_examples=100)
def test_a_damaged_page_is_proven_and_proves_nothing_for_the_whole_one(at: int, cut: int, piece: str) -> None:
    source = PAGE[:at] + piece + PAGE[at + cut :]
    out = read(source)
    if out and out != read(PAGE) and READER.proof(source, out):
        assert not READER.proof(PAGE, out) or "".join(out.split()) == "".join(read(PAGE).split())


@pytest.mark.parametrize(
    ("this", "other"), [("Home", "Docs"), ("(/)", "(/manual)"), ("Name", "Price"), ("10^3", "1^03")]
)
def test_the_proof_sees_what_is_swapped_or_moved(this: str, other: str) -> None:
    out = read(PAGE)
    assert not READER.proof(PAGE, out.replace(this, "\0").replace(other, this).replace("\0", other))


def test_the_proof_of_a_page_that_cannot_be_parsed_is_false() -> None:
    assert not html_proof.keeps_page("<div>" * 5000 + "x", "x")
