"""Claim files in, one batch of typed in-scope lines out, with every row accounted for.

Each reader gives a `Scan`; `read_batch` collects them all together.
"""

from cpt77092.readers.batch import Batch, Options, read_batch
from cpt77092.readers.files import find_files, open_claims
from cpt77092.readers.scan import OpenedFile, Scan, Tally

__all__ = [
    "Batch",
    "OpenedFile",
    "Options",
    "Scan",
    "Tally",
    "find_files",
    "open_claims",
    "read_batch",
]
