"""Claim scrubber for CPT 77092, the trabecular bone score family and modifier 26.

    import cpt77092

    result = cpt77092.check(frame, as_of=date(2026, 11, 23), row_id="line_key")
    result.findings

`check` and `scan` take Polars frames or claim files. The names below are loaded when they are first
used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cpt77092.api import RULES as RULES
    from cpt77092.api import Result as Result
    from cpt77092.api import check as check
    from cpt77092.api import load_policies as load_policies
    from cpt77092.api import scan as scan
    from cpt77092.errors import ClaimsError as ClaimsError
    from cpt77092.errors import ColumnsError as ColumnsError
    from cpt77092.errors import PolicyError as PolicyError
    from cpt77092.errors import Problem as Problem
    from cpt77092.errors import ScrubError as ScrubError
    from cpt77092.errors import UsageError as UsageError

__version__ = "0.10.0"

_PLACES = {
    **dict.fromkeys(("RULES", "Result", "check", "load_policies", "scan"), "cpt77092.api"),
    **dict.fromkeys(("ClaimsError", "ColumnsError", "PolicyError", "Problem"), "cpt77092.errors"),
    **dict.fromkeys(("ScrubError", "UsageError"), "cpt77092.errors"),
}

__all__ = [
    "RULES",
    "ClaimsError",
    "ColumnsError",
    "PolicyError",
    "Problem",
    "Result",
    "ScrubError",
    "UsageError",
    "__version__",
    "check",
    "load_policies",
    "scan",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
