"""`scrub fix`: a copy of a claim file with its findings fixed, and back again."""

from __future__ import annotations

import getpass
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

import typer

from cpt77092.choices import Color, LogFormat
from cpt77092.cli.configured import request_of, settings_of, with_accepted
from cpt77092.cli.exits import Exit
from cpt77092.cli.options import (
    OUTPUT,
    RULES,
    ClaimOptions,
    file_option,
    flag,
    log_format_option,
    option,
    with_options,
)
from cpt77092.cli.output_files import require_no_input
from cpt77092.errors import UsageError
from cpt77092.frozen import frozen
from cpt77092.reports.log import Log
from cpt77092.text import count, safe

if TYPE_CHECKING:
    from cpt77092.fixes import Choice, Fix, Fixed
    from cpt77092.run import Request

AUDIT_ENDING = ".audit.jsonl"


@frozen(kw_only=True)
class FixOptions(ClaimOptions):
    """The arguments and options of `scrub fix`, in the order of its help."""

    unsafe: bool = flag(
        RULES, "Ask about fixes that need a look at the chart, one by one.", "--unsafe"
    )
    reviewed: str | None = file_option(
        RULES,
        "Make the fixes of this list too, without asking: a CSV with claim_id, "
        "claim_line_number and rule, as cut from a findings report.",
    )
    output: str | None = file_option(OUTPUT, "Write the fixed file.", "--output", "-o")
    diff: bool = flag(OUTPUT, "Print what would change, and write nothing.", "--diff")
    audit: str | None = file_option(
        OUTPUT, f"Write what was changed here; if omitted, to the output's name{AUDIT_ENDING}."
    )
    who: str | None = option(
        OUTPUT, "Name or initials for the audit file; your login name if omitted.", metavar="NAME"
    )
    undo: str | None = file_option(
        OUTPUT, "Put back every cell that this audit file names; CLAIMS is the fixed file."
    )
    log_format: LogFormat = log_format_option()


@with_options
def fix(ctx: typer.Context, options: FixOptions) -> None:
    """Fix findings in a copy of a claim file, and check it again.

    Safe fixes only, unless you choose others: modifiers and the form of diagnoses, never a code,
    units or charges, a claim sent before, or a line that the history has. Every other byte of
    text, segment of an 837P or value of a Parquet file stays. The copy is written only if the
    findings fixed are gone and no new error is there.

    Exit codes: 0 done, 1 with --diff if something would change, 2 nothing is written.

    Example: scrub fix claims.csv -o fixed.csv
    """
    _require_fitting(options)
    request = with_accepted(request_of(ctx, options), None)
    files = [("-o", options.output or "")]
    if not options.undo:
        files.append(("--audit", options.audit or f"{options.output}{AUDIT_ENDING}"))
    if not options.diff:
        _take(ctx, request, files, options)
    log = ctx.ensure_object(Log)
    with _work_folder() as folder:
        if options.undo:
            why = _undo(request, options.undo, files[0][1])
        else:
            choice = _choice(options)
            fixed = _fixed(request, folder, choice, is_asking=options.unsafe)
            why = _summary(fixed, "would be fixed" if options.diff else "fixed")
            _print_fixed(fixed, why, with_cells=options.diff)
            if not options.diff:
                _write(fixed, files, options.who or _login_name())
                _print(f"Wrote {files[0][1]}, checked again; audit: {files[1][1]}")
        would_change = options.diff and fixed.steps
    code = Exit.FINDINGS if would_change else Exit.CLEAN
    log.finished(code, why)
    raise typer.Exit(code)


def _take(
    ctx: typer.Context, request: Request, files: list[tuple[str, str]], options: FixOptions
) -> None:
    """Keep the files that will be written for this run, unless they cannot be.

    Raises:
        UsageError: one is an input.
        OutputError: one cannot be written, or its ending is not that of its format.
    """
    from cpt77092.reports.files import output_locks
    from cpt77092.run import open_inputs
    from cpt77092.split import require_splittable

    inputs = (options.payers, options.reviewed, options.undo, request.accepted)
    require_no_input(request, files, (settings_of(ctx).path, *inputs))
    require_splittable(open_inputs(request), files[:1])
    ctx.with_resource(output_locks([files[0][1]], others=files[1:]))


def _require_fitting(options: FixOptions) -> None:
    """Refuse options that contradict each other, or what a batch cannot answer.

    Raises:
        UsageError: it says which.
    """
    if options.diff and (options.output or options.audit or options.undo):
        raise UsageError("--diff: writes nothing; leave out -o, --audit and --undo")
    if not options.diff and options.output in (None, "", "-"):
        raise UsageError("name the file to write with -o, or look first with --diff")
    if options.undo and (options.unsafe or options.reviewed or options.audit):
        raise UsageError("--undo: puts everything back; leave the other options out")
    if options.unsafe and options.reviewed:
        raise UsageError("--unsafe asks, --reviewed does not; give one of them")
    if options.unsafe and not sys.stdin.isatty():
        raise UsageError(
            "--unsafe: asks at a terminal, and this is none; give a list of what was reviewed with "
            "--reviewed FILE"
        )
    if options.undo and not options.claims:
        raise UsageError("--undo: name the fixed file too: scrub fix FIXED --undo AUDIT -o BACK")
    if options.claims and (len(options.claims) > 1 or options.claims[0] == "-"):
        raise UsageError("one claim file is fixed at a time; name a single file")


@contextmanager
def _work_folder() -> Iterator[Path]:
    """A folder for copies, which only their owner can read; it is removed at the end."""
    from cpt77092.signals import UNFINISHED

    with TemporaryDirectory(prefix="scrub-fix-") as name:
        try:
            yield Path(name)
        finally:
            UNFINISHED.difference_update(set(Path(name).rglob("*")))


def _choice(options: FixOptions) -> Choice:
    from cpt77092.fixes import Reviewed, SafeOnly

    if options.reviewed:
        return Reviewed.read(options.reviewed)
    return _Asking() if options.unsafe else SafeOnly()


class _Asking:
    """All findings; of those whose fix is not safe, the ones that a person says yes to."""

    def __init__(self) -> None:
        self._answers: dict[tuple[int, str], bool] = {}

    def considers(self, fix: Fix) -> bool:
        """Every finding."""
        del fix
        return True

    def wants(self, fix: Fix) -> bool:
        """Whether the fix is safe, or the person says yes; asked once."""
        if fix.kind == "safe":
            return True
        if fix.key not in self._answers:
            typer.echo()
            _print(_heading(fix))
            _print(f"  {fix.finding['message']}")
            question = safe(f"  {_shown(fix)}. Do it?")
            self._answers[fix.key] = typer.confirm(question, default=False)
        return self._answers[fix.key]


def _fixed(request: Request, folder: Path, choice: Choice, *, is_asking: bool) -> Fixed:
    from cpt77092.fixes import Reviewed, fix_file
    from cpt77092.reports.progress import Watch

    with Watch(quiet=is_asking, color=Color.AUTO) as watch:
        fixed = fix_file(request, folder, choice, watch.step)
    if isinstance(choice, Reviewed):
        choice.require_each_once()
    return fixed


def _undo(request: Request, audit: str, output: str) -> str:
    """Write a fixed file as it was before; what was done, in a sentence."""
    from cpt77092.file_state import digest
    from cpt77092.fixes import read_audit, undo
    from cpt77092.reports.files import write_atomically

    read = read_audit(audit)
    write_atomically(output, lambda stream: undo(request, read.edits, stream, output))
    cells = count(len({(edit.row, edit.column) for edit in read.edits}), "cell")
    is_same = Path(output).is_file() and digest(output, None) == read.input_sha256
    proof = f"; every byte is as in {read.input_name}" if is_same else ""
    why = f"{output}: {cells} put back{proof}"
    _print(why)
    return why


def _login_name() -> str:
    """The user's login name; a system may have none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _write(fixed: Fixed, files: list[tuple[str, str]], who: str) -> None:
    """Write the audit file, then the fixed file: nothing is fixed that cannot be taken back."""
    from cpt77092.fixes import audit_lines
    from cpt77092.readers.text.encoding import compressed
    from cpt77092.reports.files import write_atomically, write_text

    (_, output), (_, audit) = files

    def copy(stream: IO[bytes]) -> None:
        with compressed(output, stream) as out, fixed.copy.open("rb") as source:
            out.writelines(iter(lambda: source.read(1 << 20), b""))

    on = datetime.now(UTC).isoformat(timespec="seconds")
    write_text(audit, "".join(audit_lines(fixed, who=who, on=on)), option="--audit")
    write_atomically(output, copy)


def _summary(fixed: Fixed, verb: str) -> str:
    """How many findings were fixed, by rule."""
    if not fixed.steps:
        return f"{Path(fixed.path).name}: nothing to fix"
    rules = Counter(step.fix.rule.code for step in fixed.steps)
    by_rule = ", ".join(f"{code} {number}" for code, number in sorted(rules.items()))
    lines = len({step.fix.line for step in fixed.steps})
    number = count(len(fixed.steps), "finding")
    return f"{number} {verb} on {count(lines, 'line')}: {by_rule}"


def _print_fixed(fixed: Fixed, summary: str, *, with_cells: bool) -> None:
    """Print what was fixed, what waited for what, and what was left to a person."""
    for step in fixed.steps if with_cells else ():
        _print(f"{_heading(step.fix)}: {step.fix.finding['fix']}")
        for edit in step.edits:
            cell = f"{Path(fixed.path).name}:{edit.row}, {edit.column}"
            _print(f"  {cell}: {edit.before or 'blank'} -> {edit.after or 'blank'}")
    _print(summary)
    for later, first in fixed.waited:
        then = "then fixed itself" if fixed.is_fixed(later) else "settled by it"
        why = f"the same cell as {first.rule.code}, which came first; {then}"
        _print(f"  {_heading(later)}: {why}")
    for each, reason in fixed.left:
        _print(f"  not fixed: {_heading(each)}: {reason}")


def _print(text: str) -> None:
    typer.echo(safe(text))


def _heading(fix: Fix) -> str:
    return f"{fix.where}: {fix.rule.code} {fix.rule.name}"


def _shown(fix: Fix) -> str:
    """The change in a few words: `26 59 becomes 59`."""
    before, after = (
        " ".join(pair[place] for pair in fix.cells.values() if pair[place]) or "blank"
        for place in (0, 1)
    )
    return f"{fix.finding['fix'].rstrip('.')}: {before} becomes {after}"
