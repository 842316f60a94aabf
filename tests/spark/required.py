"""What tests with Spark need, and say where it is not there."""

from __future__ import annotations

import shutil

import pytest

from tests.conftest import OWN_STEP

MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason=f"Java is not installed; {OWN_STEP}"),
]
IN_PROCESS = [
    *MARKS,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning:pyspark"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark"),
]
"""Of tests with a session in their own process, whose client warns of its own."""


def require_spark() -> None:
    """Skip the tests of the module that calls this, where the extra is not installed."""
    for name in ("pyspark", "pyarrow"):
        pytest.importorskip(name, reason=f"the extra spark is not installed; {OWN_STEP}")
