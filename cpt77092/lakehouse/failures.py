"""How stores and tables fail, in our own words: theirs quote addresses, headers and signatures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from polars.exceptions import PanicException, PolarsError

from cpt77092.errors import ClaimsError, ScrubError

_LIBRARIES = frozenset(
    {"_internal", "deltalake", "pyiceberg", "pyarrow", "boto3", "botocore", "azure", "google"}
)
"""The modules whose exceptions may come out of Polars' scanners; `_internal` is deltalake's."""
_FAILURES = (PolarsError, OSError, ImportError)
_ENVIRONMENT = "AWS_..., AZURE_... or GOOGLE_... variables"
_BY_WORDS = (
    (
        r"AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|AuthenticationFailed"
        r"|\b40[13] (?:Forbidden|Unauthorized)|status code:? 40[13]|ACCESS_DENIED",
        f"the store refused access; check the credentials in the environment ({_ENVIRONMENT})",
    ),
    (
        r"(?i)credential|169\.254\.|metadata\.google|token request|account must be specified",
        f"no credentials; set them in the environment ({_ENVIRONMENT})",
    ),
    (
        r"(?i)error sending request|connection refused|connect error|dns error|timed? ?out"
        r"|AWS Error NETWORK_CONNECTION",
        "the store cannot be reached; check the network, the region and AWS_ENDPOINT_URL",
    ),
    (
        r"No such file",
        "a file of the table that its log names is gone; restore it, or write the table anew",
    ),
    (
        r"(?i)NoSuch|not found|404|paths were empty|no files in log segment|does not exist"
        r"|not a delta table",
        "nothing is there; check the name, and in a store the bucket and the region",
    ),
    (
        r"(?i)reader (?:version|feature)|deletion vectors|column mapping|equality delete"
        r"|unsupported|not supported",
        "the table uses a feature that scrub does not read; write it anew without, or as Parquet",
    ),
    (
        r"(?i)failed to load catalog|URI missing|catalog",
        "no Iceberg catalog; set it up in ~/.pyiceberg.yaml or PYICEBERG_CATALOG__DEFAULT__URI",
    ),
    (
        r"(?i)schema|column",
        "its Parquet files have different columns; name files of one kind",
    ),
)
"""What happened, by words in the failure."""


@contextmanager
def table_failures(name: str, *also: type[Exception]) -> Iterator[None]:
    """Turn what a store, a table's log or their libraries raise into one line of ours.

    Args:
        name: the table as the user named it.
        also: what else of Python's own exceptions they raise.

    Raises:
        ClaimsError: it cannot be read.
    """
    try:
        yield
    except ScrubError:
        raise
    except Exception as failure:
        library = type(failure).__module__.partition(".")[0]
        if not isinstance(failure, (*_FAILURES, *also)) and library not in _LIBRARIES:
            raise
        raise ClaimsError(f"{name}: {_reason(failure)}") from None
    except PanicException:
        raise ClaimsError(f"{name}: {_reason(None)}") from None


def _reason(failure: Exception | None) -> str:
    text = "" if failure is None else f"{type(failure).__name__} {failure}"
    known = (reason for words, reason in _BY_WORDS if re.search(words, text))
    return next(known, "cannot be read; it is damaged, or in a form that scrub does not read")
