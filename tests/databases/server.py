"""A real PostgreSQL server on loopback, from Debian's packages, gone when the tests are."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "scrub_tests"


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; None where PostgreSQL is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    folders += [Path(on_path).parent] if on_path else []
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


@contextmanager
def running(bin_folder: Path) -> Iterator[str]:
    """Run a server with an empty database; gives its address, which needs no password."""
    with tempfile.TemporaryDirectory(prefix="pg") as name, socket.socket() as probe:
        folder = Path(name)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        data = folder / "data"
        as_user: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres")
            as_user = ["runuser", "-u", "postgres", "--"]
        control = [*as_user, str(bin_folder / "pg_ctl"), "-D", str(data)]
        initdb = [*as_user, str(bin_folder / "initdb"), "-D", str(data), "-A", "trust", "-U", USER]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        start = [*control, "-w", "-o", options, "-l", str(folder / "log"), "start"]
        subprocess.run(start, check=True, capture_output=True, cwd=folder)
        try:
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
        finally:
            stop = [*control, "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, capture_output=True, cwd=folder)
