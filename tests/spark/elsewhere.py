"""The comparison on a session of a process of its own, for tests and by hand.

python -m tests.spark.elsewhere local[2]
python -m tests.spark.elsewhere spark://127.0.0.1:7077
python -m tests.spark.elsewhere --connect local[2]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from tests.spark.agreement import examples_and_a_batch
from tests.spark.session import local_session


def main(arguments: Sequence[str]) -> None:
    """Compare on a session with the master that is named; a failure is raised."""
    *options, master = arguments
    start = time.monotonic()
    with local_session(master, is_connect="--connect" in options) as session:
        examples_and_a_batch(session)
        kind = type(session).__module__
        print(f"same: Spark {session.version}, {kind}, {master}")  # noqa: T201
    print(f"{time.monotonic() - start:.0f} s")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
