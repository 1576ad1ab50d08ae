"""Fetched pages, read as text, without the middles of their menus: long lists of nothing but short links.

Lossy. Nobody who asks what a page says reads its menus. A list below a heading of its own is no menu but a part of what
the page says; where the links are the page (an index, a list of downloads), they stay, and so does every link with a
name of its own: a version, a file, what the question or the call names.

    - Home (/)                        - Home (/)
    - News (/news)                    - News (/news)
    - Weather (/weather)         ->   - Weather (/weather)
    - Sports (/sports)                [lines 9-31 omitted: 22 links; full text: /var/lib/headroom/o/1a2b]
    …

Contract: returns the original's lines with markers between them, at most `budget.tokens` dropped, or None.
"""

import re
from collections.abc import Iterator, Sequence

from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.lossy.focus import named_lines
from transforms.lossy.gaps import choose, leave_out
from transforms.lossy.proof import has_gaps, lines_survive
from transforms.pages.note import is_read

_ITEM = re.compile(r"- (?:- )*(?P<label>[^()<>|\n]{1,40}?)(?P<address> (?:\(/[^()\n]*\)|<[^<>\n]+>))?")
"""A link, or the name of a part of a menu."""
_WORD = re.compile(r"[\u3040-\u9fff]{1,2}|[^\s\u3040-\u9fff]+")
"""Two signs of Chinese or Japanese, which set no blanks, count as a word."""
_MOST_WORDS = 5
"""Headlines have more."""
_NAME = re.compile(r"\w[._]\w|\d{3}")
"""What tells a version, a file or a year from the name of a page."""
_APART = 6
"""Lines from a link to the next, at most, with names of parts and empty lines between them."""
_FEWEST = 12
"""Links of a list that is a menu."""
_START = 3
"""Lines of a menu that stay and show what it is."""
_INDEX_SHARE = 0.5
"""A page of whose characters more stand in such lists is an index."""
_ABOUT_LINKS = re.compile(r"\b(?:links?|urls?|hrefs?|menus?|site ?map|footer|sidebar|crawl\w*)\b", re.IGNORECASE)


class Menus:
    """Leaves out the middles of long lists of short links."""

    name = "page_menus"
    kinds = frozenset({Kind.MARKUP})
    loss = Loss.LOSSY
    lines_stand_alone = True

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The page without them; None for markup that was not read, an index, or if links are asked for."""
        if budget.tokens <= 0 or not budget.handle or not is_read(block.text) or has_gaps(block.text):
            return None
        lines = block.text.split("\n")
        menus = list(_menus(lines))
        inside = sum(len(lines[at]) for menu in menus for at in menu)
        if not menus or inside > _INDEX_SHARE * len(block.text) or _ABOUT_LINKS.search(block.question):
            return None
        ranks = [0] * len(lines)
        for at in (at for menu in menus for at in menu[_START:]):
            item = _ITEM.fullmatch(lines[at])
            ranks[at] = int(item is None or not _NAME.search(item["label"]))
        for at in named_lines(block, lines):
            ranks[at] = 0
        gaps = choose(lines, ranks, budget.tokens)
        return (
            leave_out(lines, gaps, budget.handle, lambda first, last: _told(lines[first : last + 1])) if gaps else None
        )

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether lines and named gaps cover `original` exactly once and in order."""
        return lines_survive(original, rewritten)


def _menus(lines: Sequence[str]) -> Iterator[range]:
    """From the first to the last link of each list that holds enough of them; names of its parts stand between."""
    links: list[int] = []
    for at, line in enumerate([*lines, "."]):
        if not line:
            continue
        item = _ITEM.fullmatch(line)
        entry = item is not None and len(_WORD.findall(item["label"])) <= _MOST_WORDS
        if links and (not entry or at - links[-1] > _APART):
            if len(links) >= _FEWEST and not _title(lines, links[0]).startswith("#"):
                yield range(links[0], links[-1] + 1)
            links = []
        if entry and item is not None and item["address"]:
            links.append(at)


def _title(lines: Sequence[str], at: int) -> str:
    """The last line before `at` that holds something."""
    return next((lines[before] for before in range(at - 1, -1, -1) if lines[before]), "")


def _told(lines: Sequence[str]) -> str:
    """What stood in a gap: `22 links`."""
    links = sum(1 for line in lines if (item := _ITEM.fullmatch(line)) and item["address"])
    return f"{links} links" if links != 1 else "1 link"
