"""The flow on one page: from the files that a request names to a checked batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field, fields, replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from cpt77092.claims.layouts import fitting, load_layout, saved_layouts
from cpt77092.engine import Result, check, needed_columns
from cpt77092.errors import ClaimsError, Problem, UsageError
from cpt77092.file_state import FileState
from cpt77092.followup.outcome import Before
from cpt77092.frozen import frozen
from cpt77092.lakehouse.address import is_table
from cpt77092.policies import load_policies
from cpt77092.policies.payer_names import OwnName, SpellingCount, require_payer, with_own_names
from cpt77092.policies.policy import NATIONAL, PolicySet, Where
from cpt77092.readers import (
    Batch,
    Frame,
    History,
    OpenedFile,
    Options,
    find_files,
    find_readable,
    is_read_once,
    open_claims,
    read_batch,
    read_history,
    read_readable,
)
from cpt77092.reference.codes import CHECKED
from cpt77092.rule import Rule
from cpt77092.rules.selection import select_rules, with_own
from cpt77092.whole import payer_spellings

if TYPE_CHECKING:
    from cpt77092.parts.on_disk import CheckedParts
    from cpt77092.readers.pieces import Placing

Progress = Callable[[str, int], None]
"""Called with each step of a run and the rows known by then."""


@frozen(kw_only=True)
class Request:
    """What to check and how."""

    paths: Sequence[str]
    """Claim files, folders and patterns; `-` is standard input."""
    as_of: date
    frame: Frame | None = None
    """Claim lines that a program hands over, in place of files."""
    past_frame: Frame | None = None
    """Earlier claims that a program hands over, besides those of `history`."""
    whole: bool = False
    """A file that cannot be read ends the run, instead of being named while others are checked."""
    query_file: str | None = None
    """The file with the query for the claims of the one database that `paths` names."""
    row_id: str | None = None
    """The column of a database's or a table's rows that names them in findings."""
    history: Sequence[str] = ()
    """Prior claims; without any, rules about them are not checked."""
    payer: str | None = None
    """The payer whose policy every line is checked against, whatever payer it names."""
    policies: Path | PolicySet | None = None
    """A folder of the user's own policy files, or policies that are loaded already."""
    locality: str | None = None
    """The locality whose Medicare fees are used; national ones if None."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Header by column."""
    encoding: str | None = None
    sheet: str | None = None
    layout: str | None = None
    """The path of a layout file."""
    layouts: str | None = None
    """A folder of saved layouts, each used where its headers are those of a file."""
    isolated: bool = False
    """Saved layouts are not used, but the summary names those that fit."""
    not_used: Sequence[str] = ()
    """Other answers on file that an isolated run does not use, for the summary."""
    settings: str | None = None
    """The settings file in force and what it sets, for the summary."""
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    extend_select: Sequence[str] = ()
    show_phi: bool = False
    lenient: bool = False
    without: Sequence[str] = ()
    """Groups of columns that the files lack on purpose (`choices.Without`)."""
    payers: Sequence[OwnName] = ()
    """The user's own names for payers."""
    accepted: str | None = None
    """The file of decisions on findings; `read_before` reads it."""
    since: str | None = None
    """The report of a former run; `read_before` reads it."""
    only_new: bool = False
    """The exit code counts the findings alone that the former report lacks."""

    def states(self) -> dict[str, FileState | None]:
        """What the files that options name are now: to be taken before they are read."""
        named = (self.layout, self.accepted, self.since)
        return {file: FileState.of(file) for file in named if file is not None}

    def recorded(self) -> dict[str, Any]:
        """The request as plain JSON values, for the manifest of a report.

        Paths, policies and the as-of date are left out: the manifest holds more about them.
        """
        names = (one.name for one in fields(self) if one.name not in _NOT_RECORDED)
        record = {_RECORDED_AS.get(name, name): _as_json(getattr(self, name)) for name in names}
        return record | {"payers": {own.name: own.policy for own in self.payers}}

    @classmethod
    def restored(cls, record: Mapping[str, Any], *, where: str, **not_recorded: Any) -> Request:
        """The request that `recorded` describes, with the fields that it leaves out.

        `where` is the file that holds the record, for messages.

        Raises:
            UsageError: a value has the wrong type.
        """
        default, values = cls(paths=(), as_of=date.min), dict(not_recorded)
        for one in fields(cls):
            name = _RECORDED_AS.get(one.name, one.name)
            if one.name in _NOT_RECORDED or name not in record:
                continue
            usual = {} if name == "payers" else getattr(default, one.name)
            if not _has_type_of(usual, record[name]):
                raise UsageError(f"{where}: the option {name} cannot be {record[name]!r}")
            values[one.name] = record[name]
        names = values.get("payers") or {}
        values["payers"] = [OwnName(name, key, Where(where, 1)) for name, key in names.items()]
        return cls(**values)


_NOT_RECORDED = frozenset(
    {"paths", "as_of", "frame", "past_frame", "whole", "history", "policies", "not_used"}
)
_RECORDED_AS = {"overrides": "map"}


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _has_type_of(usual: Any, value: Any) -> bool:
    """Whether a JSON value has the type of a field's usual value."""
    if isinstance(usual, Mapping):
        return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    if isinstance(usual, bool):
        return isinstance(value, bool)
    if usual is None:
        return value is None or isinstance(value, str)
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def ignore_progress(step: str, rows: int) -> None:
    """Progress that nobody follows."""


@frozen
class Variant:
    """What one batch is checked under, where several answers are compared."""

    policies: PolicySet
    payer: str | None = None
    """The key of the policy that every line is checked against; None for each line's own."""


def run(request: Request, progress: Progress = ignore_progress) -> Result:
    """Check the claim files of a request.

    Raises:
        ScrubError: files, policies or arguments are not usable; its `lines` say what to fix.
    """
    return next(run_each(request, [Variant(policies_of(request))], progress))


def run_each(
    request: Request, variants: Sequence[Variant], progress: Progress = ignore_progress
) -> Iterator[Result]:
    """Read the claim files of a request once, and check them under each variant in order.

    A line has the same number in all of the results.

    Raises:
        ScrubError: files, policies or arguments are not usable; its `lines` say what to fix.
    """
    batch, past, rules, payer = read_all(request, variants, progress)
    for variant, chosen in zip(variants, rules, strict=True):
        progress("Checking", batch.total.rows)
        policies = replace(variant.policies, for_all=variant.payer or payer)
        yield check(batch, policies, chosen, as_of=request.as_of, history=past)


@contextmanager
def run_in_parts(
    request: Request,
    parts: int | None,
    *,
    rework_cost: Decimal | None = None,
    extra: Sequence[str] = (),
    limit: int | None = None,
    progress: Progress = ignore_progress,
) -> Iterator[CheckedParts]:
    """Check the claim files of a request in so many parts, which are on disk meanwhile.

    Args:
        request: what to check and how.
        parts: how many, or None for as many as fit into memory one by one.
        rework_cost: as of `findings.totals`.
        extra: further columns of the findings, as of `findings.table.as_pieces`.
        limit: how many of the first findings will be asked for; all where None.
        progress: called with each step.

    Raises:
        ScrubError: files, policies or arguments are not usable; its `lines` say what to fix.
    """
    from cpt77092.findings.sums import sums
    from cpt77092.parts.on_disk import check_parts, parts_folder, parts_needed, place, placing

    add = partial(sums, rework_cost=rework_cost, without=request.without)
    policies = policies_of(request)
    with parts_folder() as folder:
        to = placing(folder)
        batch, past, (rules,), payer = read_all(request, [Variant(policies)], progress, to)
        policies = replace(policies, for_all=payer)
        rows, lines = batch.total.rows, batch.on_disk
        assert lines is not None  # noqa: S101 - that is where they were sent
        progress("Writing parts", rows)
        count = parts_needed(lines.height, rules) if parts is None else parts
        parted = place(batch, lines, past, policies, count=count, folder=folder)
        del past  # it is on disk
        progress("Checking", rows)
        yield check_parts(
            parted, policies, rules, as_of=request.as_of, extra=extra, limit=limit, add=add
        )


def read_all(
    request: Request,
    variants: Sequence[Variant],
    progress: Progress,
    placing: Placing | None = None,
) -> tuple[Batch, History | None, list[list[Rule]], str | None]:
    """Read what a request names.

    Args:
        request: what to check and how.
        variants: what it is checked under.
        progress: called with each step.
        placing: how lines go to disk that memory does not hold; None for memory.

    Returns:
        The batch, earlier claims, the rules of each variant, and the policy that all lines have.

    Raises:
        ScrubError: files or arguments are not usable.
    """
    rules = rules_of(request, variants)
    payer = None if request.payer is None else payer_named(request.payer, variants[0].policies)
    needed = needed_columns(chain(*rules)) | ({"person_id"} if request.show_phi else set())
    scope = CHECKED.union(*(variant.policies.partner_codes() for variant in variants))
    options = reading_options(request, payer)

    progress("Reading claims", 0)
    earlier = _earlier(request)
    batch = _read(request, needed, scope, options, past=earlier, placing=placing)
    answers = _answers_not_used(request, batch) if request.isolated else []
    answers += [f"settings in force: {request.settings}"] if request.settings else []
    batch = replace(batch, cell_notes=(*batch.cell_notes, *answers))
    past = None
    if earlier:
        past = read_history(earlier, batch=batch, needed=needed, scope=scope, options=options)
    return batch, past, rules, payer


def rules_of(request: Request, variants: Sequence[Variant]) -> list[list[Rule]]:
    """The rules that a request selects, for each variant, with the same codes in the same order."""
    own = {rule.code: rule for variant in variants for rule in variant.policies.rules}
    selected = select_rules(
        with_own([own[code] for code in sorted(own)]),
        select=request.select,
        ignore=request.ignore,
        extend_select=request.extend_select,
    )
    # An own rule that a variant lacks finds nothing there.
    lacking = {code: replace(rule, flag=pl.lit(False)) for code, rule in own.items()}  # noqa: FBT003
    every = [lacking | {rule.code: rule for rule in one.policies.rules} for one in variants]
    return [[of_variant.get(rule.code, rule) for rule in selected] for of_variant in every]


def payer_named(payer: str, policies: PolicySet) -> str:
    """The key of the policy that `--payer` names."""
    key = require_payer(policies, payer)
    if key == NATIONAL:
        text = "these are national tables, not a payer; name a payer"
        raise UsageError(Problem(text=text, argument="payer", value=payer))
    return key


def read_before(request: Request) -> Before:
    """What earlier runs have left for this one, to be applied to its result.

    Raises:
        ScrubError: a file cannot be used; its `lines` say what to fix.
    """
    before = Before()
    if request.since is not None:
        from cpt77092.followup.former_report import read_former

        before = replace(before, former=read_former(request.since, only_new=request.only_new))
    if (file := request.accepted) is not None:
        from cpt77092.followup.entries import read_entries
        from cpt77092.followup.keyed import read_secret

        before = replace(before, file=file, entries=read_entries(file), secret=read_secret())
    return before


def read_payers(request: Request) -> tuple[Batch, list[SpellingCount]]:
    """The claim files of a request, and every way in which their lines name a payer.

    Raises:
        ScrubError: files, policies or arguments are not usable; its `lines` say what to fix.
    """
    policies = policies_of(request)
    scope = CHECKED | policies.partner_codes()
    batch = _read(request, needed_columns(()), scope, reading_options(request, None))
    return batch, payer_spellings(batch.lines, policies)


def policies_of(request: Request) -> PolicySet:
    """The policies of a request, with the user's own names for payers."""
    policies = request.policies
    loaded = policies if isinstance(policies, PolicySet) else load_policies(policies)
    if request.locality is not None:
        from cpt77092.policies.localities import with_locality

        loaded = with_locality(loaded, request.locality)
    return with_own_names(loaded, request.payers)


def _read(
    request: Request,
    needed: frozenset[str],
    scope: frozenset[str],
    options: Options,
    past: Sequence[str | Frame] = (),
    placing: Placing | None = None,
) -> Batch:
    read = partial(read_batch, needed=needed, scope=scope, options=options, placing=placing)
    frame = request.frame or _database_rows(request)
    if frame is not None or request.whole:
        sources = [frame] if frame is not None else find_files(request.paths)
        return read(sources, past=past)
    paths, not_found, passed_by = find_readable(request.paths)
    return read_readable(paths, read, not_found=not_found, passed_by=passed_by, past=past)


def _database_rows(request: Request) -> Frame | None:
    """The lines that a query takes from a database, where the request names one."""
    if not (request.query_file or request.row_id or any(":" in path for path in request.paths)):
        return None
    from cpt77092.readers.database import query_as_frame  # few runs read one

    return query_as_frame(request.paths, request.query_file, request.row_id)


def open_inputs(request: Request) -> list[OpenedFile]:
    """The claim files of a request with their first rows read, for a look before a long run.

    Files that can be read only once, or not at all, are left out: the run reports them; tables are
    left out too.

    Raises:
        ScrubError: no claim file is found, or the layout file is wrong.
    """
    if request.query_file is not None:  # a query is run once
        return []
    options = reading_options(request, None)
    files = []
    for path in find_readable(request.paths)[0]:
        if not (is_read_once(path) or is_table(path)):
            with suppress(ClaimsError):
                files.append(open_claims(path, options))
    return files


def reading_options(request: Request, payer: str | None) -> Options:
    """How the files of a request are read; `payer` is the policy that all lines have."""
    return Options(
        overrides=request.overrides,
        payer=payer,
        lenient=request.lenient,
        encoding=request.encoding,
        sheet=request.sheet,
        row_id=request.row_id,
        layout=load_layout(request.layout) if request.layout else None,
        saved_layouts=() if request.isolated else saved_layouts(request.layouts),
    )


def _answers_not_used(request: Request, batch: Batch) -> list[str]:
    layouts = saved_layouts(request.layouts) if request.layout is None else ()
    rows = [(scan.path, fitting(layouts, scan.opened.names)) for scan in batch.scans]
    saved = [f"the saved layout {layout.name} for {path}" for path, layout in rows if layout]
    return [f"not used (--isolated): {answer}" for answer in (*saved, *request.not_used)]


def _earlier(request: Request) -> list[str | Frame]:
    """The files and the frame of earlier claims."""
    frames = [] if request.past_frame is None else [request.past_frame]
    try:
        return [*(find_files(request.history) if request.history else ()), *frames]
    except ClaimsError as problem:
        raise UsageError(
            *(Problem(text=text, typed=f"--history {text}") for text in problem.lines)
        ) from None
