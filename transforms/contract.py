"""What a transform is: the one face of every rewrite in this package.

A transform is pure: its result depends on the block and the budget alone, never on the clock, the
environment, a random source or earlier calls. It may raise; whoever calls it keeps the original then.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

from transforms.call import Call


class Kind(StrEnum):
    """What a text is, as far as rewriting it is concerned."""

    JSON = "json"
    """JSON of any form: one value, or JSON lines."""
    YAML = "yaml"
    """YAML that a program printed; the text of a file is code."""
    FIELDS = "fields"
    """Records that a program printed one field a line."""
    LOG = "log"
    """Lines written one after the other by running programs."""
    SEARCH = "search"
    """Matches with their places: grep, ripgrep and the search tools of agents."""
    LISTING = "listing"
    """Names of files and folders: find, ls, tree, glob, git status."""
    DIFF = "diff"
    """Unified, git or combined diffs and patches, also below a commit's header."""
    TEST = "test"
    """Output of test runners, compilers, linters, package managers and image builds."""
    CODE = "code"
    """The text of a source or configuration file, with or without a line-number gutter."""
    MARKUP = "markup"
    """HTML, XML, SVG."""
    SNAPSHOT = "snapshot"
    """A page as browser tools tell agents of it: a tree of named nodes."""
    TABLE = "table"
    """CSV, TSV and tables drawn with characters."""
    BLOB = "blob"
    """Data no reader takes anything from: base64, data URIs, minified bundles, source maps."""
    PROSE = "prose"
    """Sentences: documentation, pages already turned into text, long messages."""
    TEXT = "text"
    """Anything else."""


class Loss(StrEnum):
    """What a rewrite gives up. A combined rewrite has the class of its most lossy step."""

    LOSSLESS = "lossless"
    """Nothing: the original's content can be computed back, and was, before the rewrite was used."""
    NOISE = "noise"
    """Only what carries nothing for a reader: colour codes, overwritten frames, trailing blanks."""
    LOSSY = "lossy"
    """Content, named in place by a marker that says what is missing and where to get it."""


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of tool output, and what stood in the conversation before the model's next turn."""

    text: str
    """The text, decoded from the wire; lines end as the tool wrote them."""
    call: Call
    """The tool call that produced it."""
    question: str = ""
    """The last text of the user before this output; empty when there is none."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a lossy rewrite may drop, and where the whole stays reachable."""

    tokens: int
    """Tokens (o200k_base) of the block that may be dropped; 0 switches lossy rewrites off."""
    handle: str
    """Where the reader gets the whole text: a path or a URL. Empty: there is no way back, so no lossy rewrite."""

    @property
    def allows_loss(self) -> bool:
        """Whether anything may be dropped."""
        return self.tokens > 0 and self.handle != ""


@dataclass(frozen=True, slots=True)
class Omission:
    """A range a lossy rewrite left out, in the units a reader counts in."""

    unit: str
    """`lines`, `rows`, `sentences`, ..."""
    first: int
    """First one left out; lines and rows count from 1 in the block's text, sentences in their line."""
    last: int
    """Last one left out, inclusive."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a transform made of a block."""

    text: str
    omitted: tuple[Omission, ...] = ()
    """In the order of the text; empty unless the transform is lossy."""
    dropped: int | None = None
    """Tokens left out, from a lossy transform that also writes the rest in fewer tokens; None: what the text lost."""
    at_limit: bool = False
    """Whether more would have gone under a larger budget."""

    @classmethod
    def none_of(cls, text: str, *, at_limit: bool) -> Self | None:
        """For a text of which nothing goes: the same text where the budget was the limit, else None: nothing to do."""
        return cls(text, at_limit=True) if at_limit else None


class Transform(Protocol):
    """One way of making a block smaller. Implementations are stateless; one instance serves all requests."""

    name: str
    """As it stands in the routing log, the metrics and `headroom_transforms`."""
    kinds: frozenset[Kind]
    """The kinds it is asked about."""
    loss: Loss
    """The most it gives up."""
    lines_stand_alone: bool
    """Whether each line that it leaves says by itself what it says, without a header or legend to read it by: only
    then may later outputs point to such lines."""

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """A smaller form of `block`, or None when there is nothing to do; the same text when the budget forbids it all.

        Linear in `len(block.text)`. A lossy transform drops at most `budget.tokens` tokens and marks
        every gap in place (`transforms.marker`). Other transforms ignore the budget.
        """

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether `rewritten` keeps the promise of this transform's class for `original`.

        Run on every result before it is used. Lossless: the inverse of `rewritten` gives the content of
        `original` (the same characters, or for a data format the same values in the same order and spelling).
        Noise: all that a reader sees is still there. Lossy: all that is left stands in `original` verbatim.
        """
