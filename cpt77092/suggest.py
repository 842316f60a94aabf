"""`did you mean ...`: the nearest known name, for error messages."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str], *, nearness: float = 0.7) -> str:
    """` (did you mean X?)` for the nearest known name, or nothing where none is near."""
    names = list(known)
    begun = [other for other in names if name and other.startswith(name)]
    near = begun or get_close_matches(name, names, n=1, cutoff=nearness)
    return f" (did you mean {near[0]}?)" if near else ""
