"""Digests of what must not stand in a file in clear: they need a secret key to be made or guessed.

A person's number, a charge or a diagnosis has so few values that a plain digest of it is found by
trying them all. The key is in the user's own folder and not next to the decisions, which are kept
in version control: a key that is committed with them would protect nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from cpt77092.claims.layouts import user_folder
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen

_BYTES = 32
_DIGITS = 16
"""Hexadecimal digits that are kept of a digest: 64 bits, enough to tell values of a line apart."""


@frozen
class Secret:
    """A key for digests."""

    key: bytes

    def digest(self, name: str, text: str) -> str:
        """The digest of a value, under the name of what it is a value of."""
        whole = hmac.new(self.key, f"{name}={text}".encode(), hashlib.sha256).hexdigest()
        return whole[:_DIGITS]

    @property
    def mark(self) -> str:
        """What names the key and does not give it away."""
        return self.digest("key", "")[:8]


def secret_file() -> Path:
    """Where the key is: `accepted.key` in the user's own folder."""
    return user_folder() / "accepted.key"


def read_secret() -> Secret | None:
    """The user's key; None where there is none yet.

    Raises:
        UsageError: it is damaged, or others may read it.
    """
    path = secret_file()
    try:
        status, key = path.stat(), path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read ({problem.strerror})") from None
    if os.name == "posix" and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(f"{path}: others may read the key; type chmod 600 {path}")
    if len(key) != _BYTES:
        raise UsageError(f"{path}: damaged; restore it, or remove it and accept findings again")
    return Secret(key)


def require_secret() -> Secret:
    """The user's key, made where there is none.

    Raises:
        UsageError: it is damaged, others may read it, or it cannot be written.
    """
    known = read_secret()
    if known is not None:
        return known
    path, key = secret_file(), secrets.token_bytes(_BYTES)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(key)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written ({problem.strerror})") from None
    return Secret(key)
