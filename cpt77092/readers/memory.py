"""How much memory is free: a batch too large for it is refused, not killed half-way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

import polars as pl

from cpt77092.errors import NoRoomError, Problem
from cpt77092.frozen import frozen

ROW_BYTES = 800
"""Of memory per kept row, at the peak of reading: 0.75 GB for a million of 49 columns."""
GIGABYTE = 10**9
PROGRAM = 250_000_000
"""Bytes that the program takes without a line."""
MACHINE = Path("/proc/meminfo")
OWN_GROUPS = Path("/proc/self/cgroup")
# Limits of control groups, as versions 2 and 1 show them.
GROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    (
        Path("/sys/fs/cgroup/memory"),
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)


_BOUND: ContextVar[int | None] = ContextVar("bound", default=None)


@contextmanager
def bounded(most: int | None) -> Iterator[None]:
    """Let a run take no more than so many bytes; None for all that is free."""
    token = _BOUND.set(most)
    try:
        yield
    finally:
        _BOUND.reset(token)


def for_a_part() -> int | None:
    """Bytes that the check of one part may take; None where the system does not say.

    Of what is free a quarter, since others run too; of a bound of the user half, since what one
    part held is not all given back before the next.
    """
    room = free()
    if room is None:
        return None
    return room // 2 if _BOUND.get() is not None else room // 4


def free() -> int | None:
    """Bytes that this process may still take; None where the system does not say (not Linux)."""
    bound = _BOUND.get()
    of_machine = _number_after(MACHINE, "MemAvailable:", unit=1024)
    limits = [of_machine, None if bound is None else max(0, bound - PROGRAM)]
    for (folder, *names), own in zip(GROUPS, _own_groups(), strict=False):
        # The group of the process and those around it; a container sees its own as the root.
        limits += [_of_group(folder / place, *names) for place in (own, *own.parents)]
    return min((limit for limit in limits if limit is not None), default=None)


def require(needed: int, lines: int, room: int | None) -> None:
    """Refuse a batch that does not fit into memory.

    Args:
        needed: bytes that some work on the lines takes.
        lines: how many lines in scope there are so far.
        room: bytes that were free before that work, as `free` gave them.

    Raises:
        NoRoomError: with what to do instead.
    """
    if room is None or needed <= room:
        return
    text = (
        f"{lines:,} lines in scope take {needed / GIGABYTE:.1f} GB of memory to check, and "
        f"{room / GIGABYTE:.1f} GB are free; check them in more parts on disk, or by fewer rules "
        f"at a time"
    )
    raise NoRoomError(Problem(text=text, typed=f"{text}: --parts auto -o NAME.csv, --select MO"))


@frozen
class Room:
    """The memory that was free when reading began, and what it holds so far."""

    bytes_free: int | None
    rows_held: int = 0

    @classmethod
    def now(cls) -> Room:
        """All the memory that is free now."""
        return cls(free())

    def after(self, rows: pl.DataFrame) -> Room:
        """The room that is left once some more rows are kept."""
        return Room(self.bytes_free, self.rows_held + rows.height)

    def with_more(self, rows: pl.DataFrame) -> Room:
        """The room that is left once some more rows are kept, if there is any.

        Raises:
            ClaimsError: there is none for them.
        """
        room = self.after(rows)
        require(room.rows_held * ROW_BYTES, room.rows_held, room.bytes_free)
        return room

    def collect(self, plan: pl.LazyFrame) -> pl.DataFrame:
        """Collect the rows of a plan bit by bit, as long as there is room for them.

        Raises:
            ClaimsError: there is none for the next ones.
        """
        frames = [pl.DataFrame(schema=plan.collect_schema())]
        room = self

        def take(frame: pl.DataFrame) -> None:
            nonlocal room
            frames.append(frame)
            room = room.with_more(frame)

        each_batch(plan, take)
        return pl.concat(frames)


def each_batch(plan: pl.LazyFrame, take: Callable[[pl.DataFrame], None]) -> None:
    """Hand over the rows of a plan bit by bit, in their order."""
    # Not `collect_batches`, which ends early and in silence where a file breaks the reader.
    plan.sink_batches(take, maintain_order=True, engine="streaming")


def _own_groups() -> tuple[Path, Path]:
    """The groups of this process, of versions 2 and 1, below the root."""
    own = {"": Path(), "memory": Path()}
    with suppress(OSError, ValueError):
        for line in OWN_GROUPS.read_text().splitlines():
            _, controllers, place = line.split(":", 2)
            own |= dict.fromkeys(controllers.split(","), Path(place.lstrip("/")))
    return own[""], own["memory"]


def _of_group(folder: Path, limit: str, used: str, reclaimable: str) -> int | None:
    """What is left of the limit; cached files are given back when memory is asked for."""
    try:
        most, now = (int((folder / name).read_text()) for name in (limit, used))
    except (OSError, ValueError):  # no such group, or its limit is "max"
        return None
    return max(0, most - now + (_number_after(folder / "memory.stat", reclaimable) or 0))


def _number_after(file: Path, name: str, *, unit: int = 1) -> int | None:
    try:
        for line in file.read_text().splitlines():
            words = line.split()
            if words[:1] == [name]:
                return int(words[1]) * unit
    except (OSError, ValueError):
        pass
    return None
