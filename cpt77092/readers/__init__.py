"""Claim files in, one batch of typed in-scope lines out, with every row accounted for.

README.md says what each file of this room is for, and how to add a reader.
"""

from cpt77092.readers.batch import Batch, read_batch, read_readable
from cpt77092.readers.discover import find_files, find_readable, is_read_once, open_claims
from cpt77092.readers.frame import Frame
from cpt77092.readers.history import History, read_history
from cpt77092.readers.required_columns import is_headerless, require_columns
from cpt77092.readers.scan import (
    ROW,
    ROW_ID,
    OpenedFile,
    Options,
    Rows,
    Scan,
    Selection,
    Tally,
)

__all__ = [
    "ROW",
    "ROW_ID",
    "Batch",
    "Frame",
    "History",
    "OpenedFile",
    "Options",
    "Rows",
    "Scan",
    "Selection",
    "Tally",
    "find_files",
    "find_readable",
    "is_headerless",
    "is_read_once",
    "open_claims",
    "read_batch",
    "read_history",
    "read_readable",
    "require_columns",
]
