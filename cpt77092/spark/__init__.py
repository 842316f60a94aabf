"""Check claim lines in Spark, on the caller's session: same findings, on any number of machines.

    from cpt77092 import spark

    spark.check(df, as_of=date(2026, 11, 23), row_id="line_key").write.parquet("findings")

README.md says how it works, what it costs, and how to use Dask, Ray or Daft instead. Loaded when it
is used: `pip install 'cpt77092[spark]'`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cpt77092.spark.api import Checked as Checked
    from cpt77092.spark.api import check as check
    from cpt77092.spark.api import checked as checked

__all__ = ["Checked", "check", "checked"]


def __getattr__(name: str) -> Any:
    # Not imported above: workers come in by this package, and set their environment first.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("cpt77092.spark.api"), name)
