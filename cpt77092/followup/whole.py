"""The digest at the end of a JSON report, by which an edited one is noticed."""

from __future__ import annotations

import hashlib
from mmap import mmap

_DIGEST = b',\n"sha256": "'


def closing(digest: hashlib._Hash) -> bytes:
    """How a JSON report ends, by the digest of the bytes before."""
    return _DIGEST + f'{digest.hexdigest()}"}}\n'.encode()


def is_whole(content: bytes | mmap) -> bool:
    """Whether a JSON report ends with the digest of its bytes."""
    at = max(content.rfind(_DIGEST), 0)
    with memoryview(content) as view, view[:at] as body:
        return content[at:] == closing(hashlib.sha256(body))
