"""Whether a file is still what it was: its digest is that of the bytes that were read before.

A JSON report ends with its digest, by which an edited one is noticed.

The state is taken before a file is read and compared once all is done, which costs nothing: the
system sets the time of the last change itself, and no program can set it back.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from mmap import mmap
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from cpt77092.errors import ClaimsError


class FileState(NamedTuple):
    """What the system knows of a file, times in nanoseconds."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int
    """When anything of it was changed last, its name and mode included."""

    @classmethod
    def of(cls, file: Path | str) -> FileState | None:
        """The state of a file now; None where there is none, or it can be read only once."""
        with suppress(OSError, ValueError):
            status = Path(file).stat()
            if S_ISREG(status.st_mode):
                times = status.st_mtime_ns, status.st_ctime_ns
                return cls(status.st_dev, status.st_ino, status.st_size, *times)
        return None


def require_unchanged(file: Path | str, state: FileState | None) -> None:
    """Refuse a file that is not what it was.

    Args:
        file: its name.
        state: what it was; None where that is not known.

    Raises:
        ClaimsError: it is another.
    """
    if state is not None and FileState.of(file) != state:
        raise changed(str(file))


def changed(path: str) -> ClaimsError:
    """The refusal of a file that is not what it was when it was checked."""
    return ClaimsError(f"{path}: it changed while it was checked; run again on a copy")


def digest(file: Path | str | bytes, state: FileState | None) -> str:
    """SHA-256 of a file that was read in a state, as hexadecimal digits.

    Args:
        file: its name, or all that was read of what can be read only once.
        state: as of `require_unchanged`.

    Raises:
        ClaimsError: it is another now.
        OSError: it cannot be read.
    """
    if isinstance(file, bytes):
        return hashlib.sha256(file).hexdigest()
    with Path(file).open("rb") as stream:
        value = hashlib.file_digest(stream, "sha256").hexdigest()
    require_unchanged(file, state)
    return value


_DIGEST = b',\n"sha256": "'


def closing(digest: hashlib._Hash) -> bytes:
    """How a JSON report ends, by the digest of the bytes before."""
    return _DIGEST + f'{digest.hexdigest()}"}}\n'.encode()


def is_whole(content: bytes | mmap) -> bool:
    """Whether a JSON report ends with the digest of its bytes."""
    at = content.rfind(_DIGEST)
    if at < 0:
        return False
    with memoryview(content) as view, view[:at] as body:
        return content[at:] == closing(hashlib.sha256(body))
