"""The names of all transforms, for settings, which need not load what bears them."""

REFERENCES = "references"
"""The step that looks at more than one block, and so is no transform of a single one."""
TRANSFORM_NAMES = (
    "terminal_noise",
    "progress_lines",
    "markup_reader",
    "smart_crusher_rows",
    "log_sampler",
    "search_sampler",
    "match_trimmer",
    "listing_sampler",
    "diff_trimmer",
    "history_trimmer",
    "run_report",
    "table_sampler",
    "blob_elider",
    "kompress",
    "smart_crusher",
    "diff_folder",
    "blame_folder",
    "snapshot_folder",
    "report_grouper",
    "log_folder",
    "path_grouper",
    "listing_folder",
    "table_text",
    "line_gutter",
    REFERENCES,
)
"""In the order of `transforms.catalog`; a test holds the two together."""
