"""Every transform there is, in the order in which they are tried on a part of a block.

Noise goes first, so that what follows sees clean text; then the lossy ones, which choose among the original's
own lines and rows; then the lossless ones, which write what is left in fewer tokens.
"""

from transforms.blobs import BlobElider
from transforms.contract import Transform
from transforms.diff_folder import DiffFolder
from transforms.diff_trimmer import DiffTrimmer
from transforms.file_listing import ListingFolder
from transforms.kompress_compressor import KompressCompressor
from transforms.line_gutter import LineGutter
from transforms.listing_sampler import ListingSampler
from transforms.log_folder import LogFolder
from transforms.log_sampler import LogSampler
from transforms.markup import MarkupReader
from transforms.progress_lines import ProgressLines
from transforms.row_sampler import RowSampler
from transforms.run_report import RunReport
from transforms.search_results import PathGrouper
from transforms.search_sampler import SearchSampler
from transforms.smart_crusher import SmartCrusher
from transforms.table_text import TableText
from transforms.terminal_noise import TerminalNoise

TRANSFORMS: tuple[Transform, ...] = (
    # noise
    TerminalNoise(),
    ProgressLines(),
    MarkupReader(),
    # lossy
    RowSampler(),
    LogSampler(),
    SearchSampler(),
    ListingSampler(),
    DiffTrimmer(),
    RunReport(),
    BlobElider(),
    KompressCompressor(),
    # lossless
    SmartCrusher(),
    DiffFolder(),
    LogFolder(),
    PathGrouper(),
    ListingFolder(),
    TableText(),
    LineGutter(),
)
