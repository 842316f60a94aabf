"""A standalone cluster of the Spark that is installed, on loopback: a master and workers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

HOST = "127.0.0.1"
SHORT_LIVED = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
"""Environment of a Java that ends before it would gain from making its code fast."""
_DEPLOY = "org.apache.spark.deploy"


@contextmanager
def standalone_cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """The address of a cluster whose workers have one core each; `folder` is for logs and work."""
    port = _free_port()
    address = f"spark://{HOST}:{port}"
    listens = ["--host", HOST, "--webui-port", "0"]
    with ExitStack() as stack:
        own = [f"{_DEPLOY}.master.Master", *listens, "--port", str(port)]
        log = stack.enter_context(_started(own, folder / "master"))
        _wait_for(log, "I have been elected leader")
        for number in range(workers):
            of_worker = [f"{_DEPLOY}.worker.Worker", *listens, "--cores", "1", "--memory", "1G"]
            work = folder / f"worker-{number}"
            of_worker += ["--work-dir", str(work), address]
            _wait_for(stack.enter_context(_started(of_worker, work)), "Successfully registered")
        yield address


@contextmanager
def _started(command: list[str], folder: Path) -> Iterator[Path]:
    import pyspark

    folder.mkdir()
    log, home = folder / "log", Path(pyspark.__file__).parent
    own = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": HOST, "SPARK_LOCAL_DIRS": str(folder)}
    own |= {"SPARK_DAEMON_MEMORY": "256m", "PYSPARK_PYTHON": sys.executable, **SHORT_LIVED}
    start, environment = [str(home / "bin" / "spark-class"), *command], {**os.environ, **own}
    with log.open("wb") as stream:
        process = subprocess.Popen(start, stdout=stream, stderr=stream, env=environment)
    try:
        yield log
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(log: Path, text: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while text not in log.read_text():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port
