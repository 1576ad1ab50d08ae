"""The addresses of authors in a commit log, said once: `Author: Ada L <ada@example.org>` becomes `Author: Ada L`.

A legend above the log holds the addresses of those who appear more than once; names stay where they are. Contract:
pure, linear, never raises; `unfold_authors` gives back what `fold_authors` took, or something else than the
original where the text held such a legend or bare names before (which a proof must notice).
"""

import re
from collections import Counter

_OPENS = "[addresses of authors, said once: "
_FULL = re.compile(
    r"^(?P<who>(?:Author|Commit): +)(?P<name>[^<>;\n]{1,200}) <(?P<mail>[^<>;\n]{1,200})>$", re.MULTILINE
)
_BARE = re.compile(r"^(?P<who>(?:Author|Commit): +)(?P<name>[^<>;\n]{1,200})$", re.MULTILINE)
_ENTRY = re.compile(r"(?P<name>[^<>;\n]{1,200}) <(?P<mail>[^<>;\n]{1,200})>(?:; )?")


def fold_authors(text: str) -> str:
    """`text`, which has no legend yet, below one; `text` itself where that is no shorter."""
    counts = Counter((found["name"], found["mail"]) for found in _FULL.finditer(text))
    mails: dict[str, str] = {}
    for (name, mail), count in counts.most_common():
        if count > 1:
            mails.setdefault(name, mail)
    legend = _OPENS + "; ".join(f"{name} <{mail}>" for name, mail in mails.items()) + "]\n"
    folded = legend + _FULL.sub(
        lambda found: found["who"] + found["name"] if mails.get(found["name"]) == found["mail"] else found[0], text
    )
    return folded if len(folded) < len(text) else text


def unfold_authors(text: str) -> str:
    """The log that was folded to `text`."""
    if not text.startswith(_OPENS):
        return text
    legend, _, log = text.partition("\n")
    entries = legend.removeprefix(_OPENS).removesuffix("]")
    mails = {found["name"]: found["mail"] for found in _ENTRY.finditer(entries)}
    return _BARE.sub(lambda found: f"{found[0]} <{mails[found['name']]}>" if found["name"] in mails else found[0], log)
