"""The digest at the end of a JSON report, by which an edited one is noticed."""

from __future__ import annotations

import hashlib

DIGEST = ',\n"sha256": "'
"""What is between a JSON report and the digest of its bytes."""


def is_whole(content: bytes) -> bool:
    """Whether a JSON report ends with the digest of its bytes."""
    body, mark, end = content.rpartition(DIGEST.encode())
    return bool(mark) and end == f'{hashlib.sha256(body).hexdigest()}"}}\n'.encode()
