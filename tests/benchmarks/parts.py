"""The parts of the suite: each makes its files and yields its cases, one after the other.

A file lives only as long as its case is measured, so the disk holds one batch at a time.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.benchmarks.measure import ROOT, Case, ChildError, Contender, python, run

AS_OF = "2026-11-23"
CHECKED = "77089,77090,77091,77092,77080,77081,77085,77086,77078,76977,G0130"
MILLION = 1_000_000
EXITS_WITH_FINDINGS = frozenset({0, 1})
"""`scrub` exits with 1 where it finds something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the caller asked for."""

    folder: Path
    lines: Sequence[int] | None
    """Sizes; each part has its own where none were given."""
    seed: int
    row_lines: int
    """Lines that a contender is handed which takes far longer than the others."""
    contenders: Sequence[str] = ()
    """Only these contenders; all where none are named."""
    only: Sequence[str] = ()
    """Only the batches whose names begin with one of these; all where none are named."""

    def sizes(self, *usual: int) -> Sequence[int]:
        """The sizes that were asked for, or else a part's own."""
        return self.lines or usual


# --- what is run ------------------------------------------------------------------------------


def scrub(
    file: Path, *arguments: object, name: str = "scrub", extra: dict[str, float] | None = None
) -> Contender:
    """The program on a file, as a table with counts: what most people run."""
    command = python("-m", "cpt77092", file, "--as-of", AS_OF, "--isolated", *arguments)
    if "-o" not in arguments:
        command += ["--format", "table"]
    return Contender(name=name, command=command, exits=EXITS_WITH_FINDINGS, extra=extra or {})


def bare(file: Path, codes: str = CHECKED, *, name: str = "bare scan") -> Contender:
    """The floor: Polars reads the file and keeps the lines of some codes."""
    return Contender(name=name, command=_module("contenders.bare", file, codes))


def _module(name: str, *arguments: object) -> list[str]:
    return python("-m", f"tests.benchmarks.{name}", *arguments)


@contextmanager
def batch_file(given: Given, kind: str, name: str, lines: int, share: float) -> Iterator[Path]:
    """A batch in a file, or in a folder of parts where the name has no ending."""
    file = given.folder / name
    options = ["--lines", lines, "--share", share, "--seed", given.seed]
    run(_module("batches", kind, file, *options))
    try:
        yield file
    finally:
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()


def _answer(*arguments: str) -> str:
    """What a command prints, where only its answer is of interest; a short one, see `measure`."""
    done = subprocess.run(python(*arguments), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in EXITS_WITH_FINDINGS:
        raise ChildError(f"{' '.join(arguments)}\n{done.stderr[-2000:]}")
    return done.stdout


# --- batches, growth --------------------------------------------------------------------------

KINDS = {"mixed": 0.01, "all-tbs": 1.0}


def batches(given: Given) -> Iterator[Case]:
    """`scrub` beside a bare scan: one line in a hundred is checked, or every line is."""
    batches = [(kind, ending) for kind in KINDS for ending in ("csv", "parquet")]
    asked = [one for one in batches if "-".join(one).startswith(tuple(given.only or [""]))]
    for lines, (kind, ending) in product(given.sizes(MILLION), asked):
        with batch_file(given, "batch", f"{kind}.{ending}", lines, KINDS[kind]) as file:
            # All lines of an all-TBS batch are kept: then the floor is the read alone.
            codes = CHECKED if kind == "mixed" else "-"
            yield Case(
                part="batches",
                name=f"{kind}-{ending}",
                lines=lines,
                contenders=[bare(file, codes), scrub(file)],
            )


def growth(given: Given) -> Iterator[Case]:
    """How the time grows with the lines of a mixed CSV."""
    for lines in given.sizes(MILLION // 10, MILLION, 10 * MILLION, 30 * MILLION):
        with batch_file(given, "batch", "growth.csv", lines, KINDS["mixed"]) as file:
            contenders = [bare(file), scrub(file)]
            yield Case(part="growth", name="growth", lines=lines, contenders=contenders)


# --- start-up ---------------------------------------------------------------------------------


def startup(_: Given) -> Iterator[Case]:
    """What is paid before any claim is read."""
    example = ROOT / "examples" / "claims.csv"
    program = python("-m", "cpt77092")
    polars = Contender(name="import polars", command=python("-c", "import polars"))
    all_three = python("-c", "import polars, typer, rich")
    yield Case(
        part="startup",
        name="startup",
        lines=0,
        contenders=[
            polars,
            Contender(name="python alone", command=python("-c", "pass")),
            Contender(name="scrub --version", command=[*program, "--version"]),
            Contender(name="scrub --help", command=[*program, "--help"]),
        ],
    )
    yield Case(
        part="startup",
        name="startup-example",
        lines=46,
        contenders=[
            Contender(name="import polars, typer, rich", command=all_three),
            scrub(example, name="scrub examples/claims.csv"),
        ],
    )


# --- contenders -------------------------------------------------------------------------------

ON_THE_SAME_FRAME = "on the frame of polars by hand, whose join of the policy is in its time"
PEERS = {
    "polars": ("polars by hand", (), ""),
    "duckdb": ("duckdb SQL", ("duckdb",), ""),
    "pandas": ("pandas", ("pandas", "pyarrow"), ""),
    "pandera": ("pandera on polars", ("pandera",), ON_THE_SAME_FRAME),
    "pointblank": ("pointblank", ("pointblank",), ON_THE_SAME_FRAME),
    "rows": ("per-row loop", (), "plain Python"),
}
CONTENDERS = (
    "Fourteen rules of a line alone, five of which ask the policy of payer, code and date. All can "
    "express all fourteen, and found the same lines. Every peer writes a CSV of line and rule from "
    "a policy table resolved beforehand. What they leave out: damaged cells, layouts, spellings of "
    "payers, policy files, severities, messages, fixes, sources, not checked, dollars. scrub "
    "counts and shows the first findings; scrub -o also writes each in full, 23 columns."
)


def contenders(given: Given) -> Iterator[Case]:
    """The same fourteen rules in other tools, on one all-TBS CSV."""
    for lines in given.sizes(MILLION):
        small_size = min(given.row_lines, lines)
        # The small batch is the beginning of the large one but for the persons, whom no rule here
        # looks at.
        with (
            batch_file(given, "mistaken", "contenders.csv", lines, 1.0) as file,
            batch_file(given, "mistaken", "contenders-few.csv", small_size, 1.0) as small,
        ):
            run(_module("contenders.prepare", _job(given)))
            yield _contenders(given, {"rows": (small, small_size)}, (file, lines))


def _job(given: Given) -> Path:
    """The folder of what all peers are handed beside the batch."""
    folder = given.folder / "job"
    folder.mkdir(exist_ok=True)
    return folder


Batch = tuple[Path, int]


def _contenders(given: Given, smaller: dict[str, Batch], batch: Batch) -> Case:
    """The case of one size; some peers are handed a smaller batch."""
    from tests.benchmarks.contenders.job import RULES

    file, lines = batch
    findings = given.folder / "found-by-scrub.csv"
    select = ("--select", ",".join(RULES))
    peers = [peer for peer in PEERS if not given.contenders or peer in given.contenders]

    def findings_of(peer: str) -> Path:
        return given.folder / f"found-by-{peer}.csv"

    def contender(peer: str) -> Contender:
        name, needs, note = PEERS[peer]
        its_file, size = smaller.get(peer, batch)
        if size < lines:
            note = f"{note}; on {size:,} lines, its time multiplied by {lines / size:g}"
        return Contender(
            name=name,
            command=_module(f"contenders.by_{peer}", _job(given), its_file, findings_of(peer)),
            needs=needs,
            scale=lines / size,
            note=note,
        )

    def agree(able: set[str]) -> None:
        for peer in peers:
            if PEERS[peer][0] in able:
                _, size = smaller.get(peer, batch)
                run(_module("contenders.agree", findings, findings_of(peer), size))

    return Case(
        part="contenders",
        name="contenders",
        lines=lines,
        contenders=[
            scrub(file, *select),
            scrub(file, *select, "-q", "-o", findings, name="scrub -o findings.csv"),
            bare(file, "-", name="bare scan (no rules)"),
            *map(contender, peers),
        ],
        check=agree,
        description=CONTENDERS,
    )


# --- share of flagged lines, number of rules --------------------------------------------------

SHARES = (0.0, 0.05, 1.0)


def flagged(given: Given) -> Iterator[Case]:
    """The whole catalogue on batches of one size, in which no, some or all lines are wrong."""
    for lines in given.sizes(MILLION):
        output = given.folder / "flagged-found.csv"
        with (
            batch_file(given, "flagged", "flagged-0.csv", lines, SHARES[0]) as clean,
            batch_file(given, "flagged", "flagged-5.csv", lines, SHARES[1]) as some,
            batch_file(given, "flagged", "flagged-100.csv", lines, SHARES[2]) as every,
        ):
            files = dict(zip(SHARES, (clean, some, every), strict=True))
            flagged = {share: _flagged_lines(file) for share, file in files.items()}
            yield Case(
                part="flagged",
                name="flagged",
                lines=lines,
                contenders=[
                    bare(clean, "-"),
                    *(
                        scrub(
                            file,
                            name=f"scrub, {share:.0%} flagged",
                            extra={"flagged": flagged[share]},
                        )
                        for share, file in files.items()
                    ),
                    *(
                        scrub(file, "-q", "-o", output, name=f"scrub -o csv, {share:.0%} flagged")
                        for share, file in files.items()
                    ),
                ],
            )


def _flagged_lines(file: Path) -> float:
    """The share of lines with a finding, as the program itself tells it."""
    return float(_answer("-m", "tests.benchmarks.share", str(file)))


def rules(given: Given) -> Iterator[Case]:
    """What a further rule costs: the catalogue's first 1, 11, 21 … rules on an all-TBS CSV."""
    catalogue = json.loads(_answer("-m", "cpt77092", "rules", "--format", "json"))
    codes = [rule["code"] for rule in catalogue]
    numbers = sorted({*range(1, len(codes), 10), len(codes)})
    for lines in given.sizes(MILLION):
        with batch_file(given, "batch", "rules.csv", lines, 1.0) as file:
            yield Case(
                part="rules",
                name="rules",
                lines=lines,
                contenders=[
                    bare(file, "-"),
                    *(
                        scrub(
                            file,
                            "--select",
                            ",".join(codes[:number]),
                            name=f"scrub, {number} rules",
                            extra={"rules": number},
                        )
                        for number in numbers
                    ),
                ],
            )


# --- X12 --------------------------------------------------------------------------------------


def x12(given: Given) -> Iterator[Case]:
    """How fast an 837P is read, beside two open readers."""
    for lines in given.sizes(MILLION // 5):
        small_size = min(given.row_lines // 5, lines)
        for kind in ("tbs", "mixed"):
            with (
                batch_file(given, f"x12-{kind}", f"{kind}.837", lines, 1.0) as file,
                batch_file(given, f"x12-{kind}", f"{kind}-few.837", small_size, 1.0) as small,
            ):
                scale = file.stat().st_size / small.stat().st_size
                sums = {who: given.folder / f"sums-{who}.json" for who in ("openx12", "pyx12")}
                note = (
                    f"on {small_size:,} lines, its time multiplied by {scale:.1f}"
                    if small_size < lines
                    else ""
                )
                yield Case(
                    part="x12",
                    name=f"x12-{kind}",
                    lines=lines,
                    megabytes=file.stat().st_size / 1e6,
                    contenders=[
                        Contender(
                            name="scrub's reader",
                            command=_module("x12", "scrub", file, given.folder / "sums.json"),
                        ),
                        scrub(file, name="scrub, all rules"),
                        *(
                            Contender(
                                name=who,
                                command=_module("x12", who, small, sums[who]),
                                needs=(who,),
                                scale=scale,
                                note=note,
                            )
                            for who in sums
                        ),
                    ],
                    check=_same_sums(small, sums),
                )


def _same_sums(small: Path, sums: dict[str, Path]) -> Callable[[set[str]], None]:
    def check(able: set[str]) -> None:
        ours = small.with_suffix(".json")
        run(_module("x12", "scrub", small, ours))
        expected = json.loads(ours.read_text(encoding="utf-8"))
        for who in able & sums.keys():
            got = json.loads(sums[who].read_text(encoding="utf-8"))
            if got != expected:
                raise ChildError(f"{who} read {got}, and scrub {expected}")

    return check


# --- history ----------------------------------------------------------------------------------


def history(given: Given) -> Iterator[Case]:
    """A mixed batch beside its history: earlier claims in Parquet parts, fifty times as many."""
    for lines in given.sizes(50 * MILLION):
        size = max(lines // 50, 1000)
        with (
            batch_file(given, "batch", "history-batch.csv", size, KINDS["mixed"]) as file,
            batch_file(given, "earlier", "history", lines, KINDS["mixed"]) as parts,
        ):
            yield Case(
                part="history",
                name="history",
                lines=lines,
                contenders=[
                    bare(parts, name="bare scan of the history"),
                    scrub(file, name=f"scrub, {size:,} lines alone"),
                    scrub(file, "--history", parts, name=f"scrub, {size:,} lines and history"),
                ],
            )


Part = Callable[[Given], Iterator[Case]]
PARTS: dict[str, Part] = {
    "batches": batches,
    "contenders": contenders,
    "startup": startup,
    "growth": growth,
    "flagged": flagged,
    "rules": rules,
    "x12": x12,
    "history": history,
}
