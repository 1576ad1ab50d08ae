"""Every transform there is, in the order in which they are tried on a part of a block.

Noise goes first, so that what follows sees clean text; then the lossy ones, which choose among the original's
own lines and rows; then the lossless ones, which write what is left in fewer tokens.
"""

from transforms.blobs import BlobElider
from transforms.contract import Transform
from transforms.diffs.blame import BlameFolder
from transforms.diffs.folder import DiffFolder
from transforms.diffs.history import HistoryTrimmer
from transforms.diffs.trimmer import DiffTrimmer
from transforms.kompress_compressor import KompressCompressor
from transforms.line_gutter import LineGutter
from transforms.listings.folder import ListingFolder
from transforms.listings.sampler import ListingSampler
from transforms.logs.folder import LogFolder
from transforms.logs.sampler import LogSampler
from transforms.pages.markup_reader import MarkupReader
from transforms.prose.worth import Scorer
from transforms.records.row_sampler import RowSampler
from transforms.runs.progress import ProgressLines
from transforms.runs.report import RunReport
from transforms.search.long_matches import LongMatches
from transforms.search.path_grouper import PathGrouper
from transforms.search.report_grouper import ReportGrouper
from transforms.search.sampler import SearchSampler
from transforms.smart_crusher import SmartCrusher
from transforms.snapshots.folder import SnapshotFolder
from transforms.table_sampler import TableSampler
from transforms.table_text import TableText
from transforms.terminal.noise import TerminalNoise

TRANSFORMS: tuple[Transform, ...] = (
    # noise
    TerminalNoise(),
    ProgressLines(),
    MarkupReader(),
    # lossy
    RowSampler(),
    LogSampler(),
    SearchSampler(),
    LongMatches(),
    ListingSampler(),
    DiffTrimmer(),
    HistoryTrimmer(),
    RunReport(),
    TableSampler(),
    BlobElider(),
    KompressCompressor(),
    # lossless
    SmartCrusher(),
    DiffFolder(),
    BlameFolder(),
    SnapshotFolder(),
    ReportGrouper(),
    LogFolder(),
    PathGrouper(),
    ListingFolder(),
    TableText(),
    LineGutter(),
)


def with_scorer(scorer: Scorer) -> tuple[Transform, ...]:
    """The same, where prose is ranked by `scorer`."""
    return tuple(KompressCompressor(scorer) if isinstance(t, KompressCompressor) else t for t in TRANSFORMS)
