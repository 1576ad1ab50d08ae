"""Listings of files with what repeats said once: folders, the drawing of a tree, the columns of `ls -l`.

    src/asyncio/events.py
    src/asyncio/futures.py   →   src/asyncio/: events.py, futures.py, locks.py
    src/asyncio/locks.py

Every name stays, in its order. Contract: lossless to the character.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from transforms.contract import Block, Kind
from transforms.folding import Folding
from transforms.listings.rows import decode_rows, encode_rows
from transforms.listings.tree import decode_tree, encode_tree

_ENTRY = re.compile(r"^(?:(?!\[line)(.*[/\\])([^/\\\n]++[/\\]?)$)?+.*+$", re.MULTILINE)
"""Any line: a folder, with whatever a tool writes before it (`?? src/`, `modified:   src/`), and a name in it; both are
empty where there is no path, or where it is a marker."""
_GROUP = re.compile(r"([^\n]*[/\\]): ([^\n]+)")
_ROOT = re.compile(r"\[paths are under (\S+[/\\])\]")
_UNLIKE_A_NAME = re.compile(r", |: |(?: [^ ]*){4}")
"""A message about a file, a sentence, or a name that would not come out of a list again as it went in."""
_MOST_NAMES = 40
"""Names on one line; then the folder is said again."""
_FEWEST_PATHS = 256
"""A shorter list keeps its paths whole: each may be opened next, and is then quoted as it stands."""
_SHORTEST_ROOT = 16
_FEWEST = 4
"""Paths below one root from which saying it once pays."""
_HERE = "./"


class ListingFolder(Folding):
    """Folds listings by folder.

    Known limitation: names are kept in the order of the tool, so a folder is said again each time it comes back;
    a name with a comma and a blank in it, or with blanks around it, keeps its own line; a tree that was cut off
    in the middle (`tree | head`) cannot be drawn again from its indentation, so the proof refuses it.
    """

    name = "listing_folder"
    kinds = frozenset({Kind.LISTING})

    def fold(self, block: Block) -> str | None:
        """The listing as a tree, or its rows and its paths; None if nothing repeats, or if it reads as folded."""
        text = block.text
        if self.unfold(text) is not None:
            return None
        if (tree := encode_tree(text)) is not None and decode_tree(tree) == text:
            return tree
        rows = encode_rows(text)
        return _by_folder(text if rows is None else rows) or rows

    def unfold(self, text: str) -> str | None:
        """None for a text of none of our forms."""
        tree = decode_tree(text)
        plain = decode_rows(_whole_paths(text)) if tree is None else tree
        return None if plain == text else plain


def _by_folder(text: str) -> str | None:
    """The paths by their folders; None where there are few."""
    entries = _ENTRY.findall(text)
    names = [name for _, name in entries]
    # Names without blanks can all stand in a list but for one that starts with a colon.
    plain = not any(map(str.isspace, set("".join(names)))) and "/:" not in text and "\\:" not in text
    folders = [folder if folder and (plain or _is_listable(name)) else None for folder, name in entries]
    paths = [folder for folder in folders if folder]
    if len(paths) < _FEWEST_PATHS:
        return None
    root = _root(paths)
    out = [f"[paths are under {root}]"] if root else []
    folded = False
    for folder, run in groupby(zip(folders, names, text.split("\n"), strict=True), key=itemgetter(0)):
        own = list(run)
        if folder is None or (len(own) == 1 and not root):
            out += [line for _, _, line in own]
            continue
        out += _said(folder[len(root) :] or _HERE, [name for _, name, _ in own])
        folded = True
    return "\n".join(out) if folded else None


def _said(folder: str, names: Sequence[str]) -> list[str]:
    parts = (names[at : at + _MOST_NAMES] for at in range(0, len(names), _MOST_NAMES))
    return [f"{folder}: {', '.join(part)}" for part in parts]


def _whole_paths(text: str) -> str:
    """The inverse of `_by_folder`."""
    legend, _, body = text.partition("\n")
    declared = _ROOT.fullmatch(legend)
    if declared is None and "/: " not in text and "\\: " not in text:
        return text
    root = declared[1] if declared else ""
    out: list[str] = []
    for line in (body if declared else text).split("\n"):
        group = _GROUP.fullmatch(line) if "/: " in line or "\\: " in line else None
        if group is None:
            out.append(line)
            continue
        folder = root if root and group[1] == _HERE else root + group[1]
        out.append(folder + group[2].replace(", ", f"\n{folder}"))
    return "\n".join(out)


def _is_listable(name: str) -> bool:
    """Whether `name` comes out of a list again as it went in."""
    return not _UNLIKE_A_NAME.search(name) and name == name.strip() and not name.startswith(":")


def _root(folders: Sequence[str]) -> str:
    """The folder above all of `folders` if it is long and they are several; else an empty string."""
    if len(folders) < _FEWEST or len(set(folders)) < 2:
        return ""
    low, high = min(folders), max(folders)
    alike = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    shared = low[:alike]
    root = shared[: max(shared.rfind("/"), shared.rfind("\\")) + 1]
    legible = len(root) >= _SHORTEST_ROOT and not any(map(str.isspace, root))
    return root if legible else ""
