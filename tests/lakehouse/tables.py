"""Tables of the examples' lines, written as other programs write them, and a real S3 server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import polars as pl
from deltalake import DeltaTable

EXAMPLES = Path(__file__).parents[2] / "examples"
EXAMPLE = EXAMPLES / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")
GONE = "A-1002"
"""The claim that a table has no longer, whose file is still there."""
SECRET = "wrong/horse"  # noqa: S105
_WAIT_SECONDS = 60


def example() -> pl.DataFrame:
    """The example's lines as text."""
    return pl.read_csv(EXAMPLE, infer_schema=False)


def lines_left(folder: Path) -> Path:
    """A CSV file of the lines that the tables have."""
    place = folder / "left.csv"
    example().filter(pl.col("Claim ID") != GONE).write_csv(place)
    return place


def write_delta(folder: Path, rows: pl.DataFrame) -> Path:
    """A Delta table in two writes, of which one claim was deleted later."""
    half = rows.height // 2
    for part in (rows.head(half), rows.tail(rows.height - half)):
        part.write_delta(folder, mode="append")
    DeltaTable(folder).delete(f"\"Claim ID\" = '{GONE}'")
    return folder


def findings_of(report: Path) -> pl.DataFrame:
    """What the findings of a report say, whatever file the lines are in."""
    names = ["claim_id", "claim_line_number", "rule", "severity", "modifiers", "charge_amount"]
    return pl.read_csv(report, infer_schema=False).select(names).sort(names)


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Run an S3 server on loopback in a process of its own; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ))
        try:
            end = time.monotonic() + _WAIT_SECONDS
            while not _is_up(port) and time.monotonic() < end and server.poll() is None:
                time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            server.wait()


def _is_up(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def put(address: str, key: str, body: bytes) -> None:
    """Put an object into the server; its bucket is made if need be."""
    bucket, _, name = key.partition("/")
    access = {"aws_access_key_id": "tests", "aws_secret_access_key": SECRET}
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **access)
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key=name, Body=body)


def put_folder(address: str, key: str, folder: Path) -> None:
    """Put all files of a folder into the server."""
    for file in folder.rglob("*"):
        if file.is_file():
            put(address, f"{key}/{file.relative_to(folder).as_posix()}", file.read_bytes())
