"""Runs whole processes in turn and says how long they took, on how much processor and memory.

This process stays small and never imports Polars: what it holds when it starts a child counts in
the child's peak.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent.parent
MEASURES = ("wall", "cpu", "memory")
SMALL = 32.0
"""MB that this process may have held: no child's peak is given as lower than that of its parent."""


class ChildError(Exception):
    """A child process did not end as it should."""


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process: seconds by the clock, seconds of processor, peak memory in MB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A command to time."""

    name: str
    command: Sequence[str]
    exits: frozenset[int] = frozenset({0})
    """Exit codes of a run that went well."""
    needs: tuple[str, ...] = ()
    """Modules without which it is skipped."""
    scale: float = 1.0
    """How many times its own job is contained in the case's: times are multiplied by it."""
    note: str = ""
    """What it does, or does not do, beside the others."""
    extra: dict[str, float] = field(default_factory=dict)
    """Figures to print and keep beside its times, by their unit."""

    @property
    def missing(self) -> list[str]:
        """Modules that it needs and that are not installed."""
        return [name for name in self.needs if find_spec(name) is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Contenders at one job, the first of which the others are compared with."""

    part: str
    name: str
    """Unique in a run at one size: `mixed-csv`."""
    lines: int
    contenders: Sequence[Contender]
    megabytes: float = 0.0
    """Where a speed in MB/s is worth printing: the size of the file."""
    check: Callable[[set[str]], None] = lambda _: None
    """Run after the warm-up with the names of those left: raises where their answers differ."""
    description: str = ""
    """A sentence to print above the table."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle, the least and the most of several measurements."""

    median: float
    min: float
    max: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of at least one value."""
        seen = list(values)
        return cls(median(seen), min(seen), max(seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one contender came to in one case."""

    part: str
    case: str
    lines: int
    name: str
    runs: int
    measured: dict[str, Spread]
    """By a name of `MEASURES`."""
    ratio: dict[str, Spread]
    """To the first contender in the same round; empty for that one itself."""
    scale: float
    note: str
    extra: dict[str, float]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A contender that could not be run, and why."""

    part: str
    case: str
    name: str
    why: str


def python(*arguments: object) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *map(str, arguments)]


def run(command: Sequence[str], exits: frozenset[int] = frozenset({0})) -> Run:
    """Run a command to its end in the project's folder, its output thrown away.

    Raises:
        ChildError: it ended with another exit code; its message has the end of its output.
    """
    # No setting of whoever runs this may reach the program.
    # What is installed has its bytecode beside it, whatever the shell says of new ones.
    left_out = ("SCRUB_", "PYTHONDONTWRITEBYTECODE")
    environment = {name: v for name, v in os.environ.items() if not name.startswith(left_out)}
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=output, cwd=ROOT, env=environment
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in exits:
            output.seek(0)
            end = output.read()[-2000:].decode(errors="replace").strip()
            raise ChildError(f"exit code {process.returncode}: {' '.join(command)}\n{end}")
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak)


def _own_peak() -> float:
    """MB that this process has held at most; 0 where the system does not tell.

    Not `ru_maxrss`, in which that of the process that started this one lives on.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def measure(case: Case, runs: int) -> tuple[list[Row], list[Skipped]]:
    """Time the contenders of a case in turn, after one warm-up of each.

    Each round runs all of them, every second one in the opposite order, so that whatever else the
    machine does falls on all alike; a ratio is one of two runs of the same round.

    Raises:
        ChildError: the first contender failed, or another did after its warm-up; or this process
            grew so large that no peak would be true.
    """
    able: list[Contender] = []
    skipped: list[Skipped] = []
    for contender in case.contenders:
        why = ""
        if contender.missing:
            why = f"not installed: {', '.join(contender.missing)}; pip install -e '.[bench]'"
        else:
            try:
                run(contender.command, contender.exits)
            except ChildError as failure:
                if contender is case.contenders[0]:
                    raise
                why = f"failed with {failure}"
        if why:
            skipped.append(Skipped(case.part, case.name, contender.name, why))
        else:
            able.append(contender)
    case.check({contender.name for contender in able})
    if _own_peak() > SMALL:
        raise ChildError(f"measuring took {_own_peak():.0f} MB, which would count in every peak")
    rounds: list[dict[str, Run]] = []
    for number in range(runs):
        order = able if number % 2 == 0 else able[::-1]
        rounds.append({one.name: _scaled(run(one.command, one.exits), one.scale) for one in order})
    return [_row(case, contender, rounds) for contender in able], skipped


def _scaled(one: Run, scale: float) -> Run:
    return Run(one.wall * scale, one.cpu * scale, one.memory)


def _row(case: Case, contender: Contender, rounds: Sequence[dict[str, Run]]) -> Row:
    base = case.contenders[0].name
    measured = {
        measure: Spread.of(getattr(one[contender.name], measure) for one in rounds)
        for measure in MEASURES
    }
    ratio = {
        measure: Spread.of(
            getattr(one[contender.name], measure) / max(getattr(one[base], measure), 1e-9)
            for one in rounds
        )
        for measure in MEASURES
        if contender.name != base
    }
    extra = dict(contender.extra)
    if case.megabytes:
        extra["MB/s"] = case.megabytes / measured["wall"].median
    return Row(
        part=case.part,
        case=case.name,
        lines=case.lines,
        name=contender.name,
        runs=len(rounds),
        measured=measured,
        ratio=ratio,
        scale=contender.scale,
        note=contender.note,
        extra=extra,
    )
