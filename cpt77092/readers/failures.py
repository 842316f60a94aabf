"""How Polars fails on damaged files, and what we say of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from polars.exceptions import PanicException, PolarsError

from cpt77092.errors import NATIVE_ERRORS_HIDDEN, ClaimsError

POLARS_FAILURES = (PolarsError, PanicException, OSError)
"""What reading a file may end in; a panic is how Polars fails on some corrupt Parquet files."""


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn whatever reading a file may end in into one line that names it.

    Raises:
        ClaimsError: the file cannot be read.
    """
    try:
        yield
    except (*POLARS_FAILURES, MemoryError, RecursionError) as failure:
        raise ClaimsError(f"{path}: cannot be read ({reason(failure)})") from None


def reason(failure: BaseException) -> str:
    """Why a file cannot be read, in our words: those of Polars may quote cells of a claim."""
    if isinstance(failure, OSError) and failure.strerror:  # its text names the file, too
        return failure.strerror
    if isinstance(failure, MemoryError):
        return "memory does not hold it"
    text = str(failure)
    if "ncrypt" in text:
        return "it is encrypted; decrypt it first"
    if any(word in text for word in ("malformed", "quote", "escaped", "fields than")):
        return "a quote is left open, or text follows a closing one"
    if "utf-8" in text.lower() or "utf8" in text.lower():
        return "it is not UTF-8 text throughout; save it as UTF-8"
    return "damaged, or in a form that scrub does not read"


@contextmanager
def native_errors_silenced() -> Iterator[None]:
    """Keep Polars' own report of a panic off standard error, where the command line reads.

    Native code prints the report, so the file descriptor itself is redirected. That is the whole
    process's, so a program that calls us keeps its own (`errors.NATIVE_ERRORS_HIDDEN`).
    """
    if not NATIVE_ERRORS_HIDDEN.get():
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
