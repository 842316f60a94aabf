"""The same findings on a cluster of two workers and through Spark Connect, each in a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import OWN_STEP
from tests.spark.cluster import HOST, SHORT_LIVED, standalone_cluster
from tests.spark.required import MARKS, require_spark

require_spark()

pytestmark = MARKS
ROOT = Path(__file__).parents[2]


def compared(*arguments: str, **environment: str) -> str:
    """What the comparison prints on a session of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.spark.elsewhere", *arguments],
        cwd=ROOT,
        env={**os.environ, "SPARK_LOCAL_IP": HOST, **SHORT_LIVED, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_cluster_of_two_workers(tmp_path: Path) -> None:
    with standalone_cluster(tmp_path) as address:
        assert "same: Spark " in compared(address)
    of_workers = [list(tmp_path.glob(f"worker-{number}/app-*")) for number in range(2)]
    assert all(of_workers), "a worker was given nothing to do"


def test_spark_connect() -> None:
    pytest.importorskip("grpc", reason=f"what Spark Connect needs is not installed; {OWN_STEP}")
    printed = compared("--connect", "local[2]", SPARK_TESTING="1")  # a port that is free
    assert "pyspark.sql.connect.session" in printed
