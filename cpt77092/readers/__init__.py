"""Claim files in, one batch of typed in-scope lines out, with every row accounted for.

Each reader gives a `Scan`; `read_batch` collects them all together.
"""

from cpt77092.readers.batch import Batch, Options, read_batch, read_readable
from cpt77092.readers.classify import OpenedFile, Sampled, Scan, Tally
from cpt77092.readers.discover import find_files, find_readable, open_claims
from cpt77092.readers.history import History, read_history

__all__ = [
    "Batch",
    "History",
    "OpenedFile",
    "Options",
    "Sampled",
    "Scan",
    "Tally",
    "find_files",
    "find_readable",
    "open_claims",
    "read_batch",
    "read_history",
    "read_readable",
]
