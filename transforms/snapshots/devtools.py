r"""The accessibility tree of Chrome DevTools MCP: one node a line, `uid=1_9 link "View site" url="https://…"`.

Addresses are written relative to the page, as pages write them; text nodes, which nobody acts on, go without their
numbers where these count on.

Contract: pure, linear in the text, never raises.
"""

import re
from collections.abc import Sequence

_ROOT = re.compile(r'^ *uid=\w+ RootWebArea.* url="((\w+://[^/"\n]*)/[^"#\n]*)[^"\n]*".*$', re.MULTILINE)
_LEGEND = (
    '[snapshot, folded: url="/…" is below {}, url="#…" on the page; text without a uid has one above the uid before]'
)
_NODE = re.compile(r"( *+)(?:uid=(\w+_)(\d{1,8}) )?(.*)")
_TEXT = ('"', "StaticText ")
_NO_UID = "[no uid] "
"""Before what only looks like a text node: a line of a text of several lines."""
_FEWEST = 8
"""Nodes from which the legend pays."""


def encode(text: str) -> str | None:
    """The folded snapshot below a legend; None if `text` is none."""
    if text.count("uid=") < _FEWEST or (root := _ROOT.search(text)) is None:
        return None
    head, tree = text[: root.end()], text[root.end() :].replace(f'url="{root[1]}#', 'url="#')
    tree = re.sub(rf'url="{re.escape(root[2])}/(?!/)', 'url="/', tree)
    return "\n".join([_LEGEND.format(root[2]), *_without_uids((head + tree).split("\n"))])


def decode(text: str) -> str | None:
    """The snapshot as it was; None if `text` does not start with a legend of ours."""
    legend, _, body = text.partition("\n")
    if not legend.startswith("[snapshot, folded: url") or (root := _ROOT.search(body)) is None:
        return None
    if legend != _LEGEND.format(root[2]):
        return None
    head, tree = body[: root.end()], body[root.end() :]
    tree = tree.replace('url="#', f'url="{root[1]}#').replace('url="/', f'url="{root[2]}/')
    return "\n".join(_with_uids((head + tree).split("\n")))


def _without_uids(lines: Sequence[str]) -> list[str]:
    out = []
    following = ("", -1)
    for line in lines:
        indent, batch, number, rest = _parts(line)
        if indent and rest.startswith(_TEXT):
            if not batch:
                line = f"{indent}{_NO_UID}{rest}"
            elif (batch, number) == following:
                line = indent + rest
        out.append(line)
        following = (batch, number + 1) if batch else following
    return out


def _with_uids(lines: Sequence[str]) -> list[str]:
    out = []
    following = ("", -1)
    for line in lines:
        indent, batch, number, rest = _parts(line)
        if not batch and indent and rest.startswith(_TEXT):
            batch, number = following
            line = f"{indent}uid={batch}{number} {rest}"
        line = line.replace(_NO_UID, "", 1) if not batch and rest.startswith(_NO_UID) else line
        out.append(line)
        following = (batch, number + 1) if batch else following
    return out


def _parts(line: str) -> tuple[str, str, int, str]:
    """Indentation, first and second part of the uid (empty and 0 without one), and the rest."""
    node = _NODE.match(line)
    assert node is not None  # it matches any line
    return node[1], node[2] or "", int(node[3] or 0), node[4]
