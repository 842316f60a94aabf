"""How much memory is free: a batch too large for it is refused, and not killed half-way."""

from __future__ import annotations

from pathlib import Path

from cpt77092.errors import ClaimsError

GIGABYTE = 10**9
MACHINE = Path("/proc/meminfo")
# A container's own limit, as versions 2 and 1 of control groups show it inside.
GROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    (
        Path("/sys/fs/cgroup/memory"),
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)


def free() -> int | None:
    """Bytes that this process may still take; None where the system does not say (not Linux)."""
    found = [_of_machine(), *(_of_group(*group) for group in GROUPS)]
    return min((number for number in found if number is not None), default=None)


def require(needed: int, lines: int, room: int | None) -> None:
    """Refuse a batch that memory would not do for.

    Args:
        needed: bytes that some work on the lines takes.
        lines: how many lines in scope there are, or were found so far.
        room: bytes that are free, as `free` gave them before that work.

    Raises:
        ClaimsError: with what to do instead.
    """
    if room is None or needed <= room:
        return
    raise ClaimsError(
        f"{lines:,} lines in scope take {needed / GIGABYTE:.1f} GB of memory to check, and "
        f"{room / GIGABYTE:.1f} GB are free; check the files in parts that keep each patient's "
        f"claims together, or by fewer rules at a time: --select MO"
    )


def _of_machine() -> int | None:
    return _named(MACHINE, "MemAvailable:", unit=1024)


def _of_group(folder: Path, limit: str, used: str, reclaimable: str) -> int | None:
    """What is left of the limit; cached files are given back when memory is asked for."""
    try:
        most, now = (int((folder / name).read_text()) for name in (limit, used))
    except (OSError, ValueError):  # no such group, or its limit is "max"
        return None
    return max(0, most - now + (_named(folder / "memory.stat", reclaimable) or 0))


def _named(file: Path, name: str, *, unit: int = 1) -> int | None:
    try:
        for line in file.read_text().splitlines():
            words = line.split()
            if words[:1] == [name]:
                return int(words[1]) * unit
    except (OSError, ValueError):
        pass
    return None
