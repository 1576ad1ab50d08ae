r"""The aria snapshots of Playwright: one node a line, `- role "name" [ref=e12] [cursor=pointer]: text`.

Four foldings of lines, each undone by its inverse, in the opposite order: the references of nodes that nobody acts on,
where they count on from the node before; the pointer of links and buttons; addresses, put beside their links; only
children, put beside their parents. The indentation of a line stays what it was.

Contract: pure, linear in the text, never raises.
"""

import re
from collections.abc import Sequence

_POINTING = "; links and buttons with a [ref] have [cursor=pointer] unless marked [no pointer]"
_LEGEND = '[snapshot, folded: "a > b": b is the only child of a; no [ref]: it is one above the last one before'
_LEGENDS = (f"{_LEGEND}]", f"{_LEGEND}{_POINTING}]")
"""Without and with the folding of pointers."""
_FEWEST = 8
"""Nodes from which the legend pays."""
_ROLES = (
    "article|banner|blockquote|caption|cell|code|columnheader|complementary|contentinfo|definition|deletion|document|"
    "emphasis|figure|form|generic|group|heading|insertion|list|listitem|main|mark|navigation|note|paragraph|region|row|"
    "rowgroup|rowheader|search|section|separator|status|strong|subscript|superscript|table|term|time"
)
"""What has no behaviour of its own."""
_REF = re.compile(r"\[ref=(\w*?)(\d++)\]")
_PLAIN = re.compile(rf"( *+- (?:{_ROLES}))( \[ref=\w+\]| \[no ref\])?(:.*)?")
"""A node without a name and without properties."""
_NO_REF = " [no ref]"
_OTHER = re.compile(
    r"( *+- (?!text: )'?[a-z]+(?: \"(?:[^\"\\]|\\.)*+\")?+(?: \[(?!ref=|no ref)[^]\"]*+\])*+)( \[no ref\])?('?(?::.*)?)"
)
"""A node of another kind, without a reference."""
_RUN = 4
"""References left out one after the other that a reader still counts without an error."""
_ACTOR = re.compile(
    r"( *+- '?(?:link|button)(?: \"(?:[^\"\\]|\\.)*+\")?+(?: \[(?!ref=)[^]\"]*+\])*+ \[ref=\w++\])"
    r"( \[cursor=pointer\]| \[no pointer\])?(.*)"
)
_POINTER = " [cursor=pointer]"
_NO_POINTER = " [no pointer]"
_URL = ": /url: "
_CHILD = " > "
_PARENT = re.compile(rf" *+- (?:{_ROLES})(?: \[ref=\w+\]| \[no ref\])?:")
_CHAIN = re.compile(rf"( *+)- ((?:(?:{_ROLES})(?: \[ref=\w+\]| \[no ref\])? > )+)(.*)")


def encode(text: str) -> str | None:
    """The folded snapshot below a legend; None if `text` is none."""
    if text.count("[ref=") < _FEWEST:
        return None
    lines = _without_refs(text.split("\n"))
    pointing = 2 * text.count(_POINTER) > text.count("- link") + text.count("- button")
    if pointing:
        lines = [_without_pointer(line) for line in lines]
    return "\n".join([_LEGENDS[pointing], *_chained(_beside_links(lines))])


def decode(text: str) -> str | None:
    """The snapshot as it was; None if `text` does not start with a legend of ours."""
    legend, _, body = text.partition("\n")
    if legend not in _LEGENDS:
        return None
    lines = [part for line in body.split("\n") for own in _unchained(line) for part in _below_link(own)]
    if legend == _LEGENDS[True]:
        lines = [_with_pointer(line) for line in lines]
    return "\n".join(_with_refs(lines))


def _without_refs(lines: Sequence[str]) -> list[str]:
    out = []
    following, run = "", 0
    for line in lines:
        node = _PLAIN.fullmatch(line)
        if node is not None:
            head, ref, rest = node[1], node[2] or _NO_REF, node[3] or ""
            run = run + 1 if ref == following and run < _RUN else 0
            out.append(head + rest if run else head + ref + rest)
        elif other := _OTHER.fullmatch(line):
            out.append(other[1] + (other[2] or _NO_REF) + other[3])
        else:
            run = 0
            out.append(line)
        following = _following(line) or following
    return out


def _with_refs(lines: Sequence[str]) -> list[str]:
    out = []
    following = ""
    for line in lines:
        node = _PLAIN.fullmatch(line)
        if node is not None:
            ref = node[2] or following
            line = node[1] + ("" if ref == _NO_REF else ref) + (node[3] or "")
        elif other := _OTHER.fullmatch(line):
            line = other[1] + other[3]
        out.append(line)
        following = _following(line) or following
    return out


def _following(line: str) -> str:
    """The reference of the node after `line`, if it counts on; empty if the line has none."""
    ref = _REF.search(line)
    return f" [ref={ref[1]}{int(ref[2]) + 1}]" if ref and len(ref[2]) < 9 else ""


def _without_pointer(line: str) -> str:
    node = _ACTOR.fullmatch(line)
    if node is None:
        return line
    return node[1] + ("" if node[2] == _POINTER else node[2] or _NO_POINTER) + node[3]


def _with_pointer(line: str) -> str:
    node = _ACTOR.fullmatch(line)
    if node is None:
        return line
    return node[1] + ("" if node[2] == _NO_POINTER else node[2] or _POINTER) + node[3]


def _beside_links(lines: Sequence[str]) -> list[str]:
    out = [""]
    for line in lines:
        parent, indent = out[-1], _indent(line)
        if line.startswith("- /url: ", indent) and parent.endswith(":") and _indent(parent) == indent - 2:
            out[-1] = f"{parent} {line[indent + 2 :]}"
        else:
            out.append(line)
    return out[1:]


def _below_link(line: str) -> tuple[str, ...]:
    link, url, address = line.partition(_URL)
    return (f"{link}:", f"{' ' * (_indent(line) + 2)}- /url: {address}") if url else (line,)


def _chained(lines: Sequence[str]) -> list[str]:
    out: list[str] = []
    below = -1
    for line, last in zip(lines, _last_children(lines), strict=True):
        indent = _indent(line)
        if last and indent == below and line.startswith("- ", indent):
            out[-1] = out[-1][:-1] + _CHILD + line[indent + 2 :]
        else:
            out.append(line)
        below = indent + 2 if _PARENT.fullmatch(line) else -1
    return out


def _unchained(line: str) -> list[str]:
    chain = _CHAIN.fullmatch(line)
    if chain is None:
        return [line]
    *parents, _ = chain[2].split(_CHILD)
    indent = len(chain[1])
    nodes = [*(f"{parent}:" for parent in parents), chain[3]]
    return [f"{' ' * (indent + 2 * depth)}- {node}" for depth, node in enumerate(nodes)]


def _last_children(lines: Sequence[str]) -> list[bool]:
    """Whether no line of the same indentation follows before a lesser one."""
    last: list[bool] = []
    below: list[int] = []
    for line in reversed(lines):
        indent = _indent(line)
        while below and below[-1] > indent:
            below.pop()
        last.append(not below or below[-1] < indent)
        if last[-1]:
            below.append(indent)
    return last[::-1]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
