"""What the library that reads sheets does not tell: how far a sheet goes, and its error cells."""

from __future__ import annotations

from collections.abc import Sequence

from cpt77092.frozen import frozen


@frozen
class Survey:
    """Rows and columns count from 1."""

    columns: int = 0
    """The last column with a cell."""
    rows: int = 0
    """The last row with a cell."""
    left: int = 1
    """The first column with a filled cell."""
    errors: Sequence[tuple[int, int, str]] = ()
    """Column, row and text of each cell with an error, like `#N/A`."""
