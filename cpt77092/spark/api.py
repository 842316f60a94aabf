"""`cpt77092.spark`: the check of a Spark table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property, partial
from typing import TypedDict, Unpack

from pyspark.sql import DataFrame

from cpt77092.api import File, request_of
from cpt77092.claims.columns import OF_HISTORY
from cpt77092.engine import needed_columns
from cpt77092.errors import ClaimsError, Problem, UsageError
from cpt77092.findings.schema import TOTALS
from cpt77092.findings.totals import Totals, totals_table
from cpt77092.findings.unchecked import unchecked_columns, unchecked_rows
from cpt77092.frozen import frozen
from cpt77092.policies.policy import PolicySet
from cpt77092.readers import Options, Selection
from cpt77092.readers.memory import Room
from cpt77092.reference.codes import CHECKED
from cpt77092.rule import Rule
from cpt77092.run import Variant, payer_named, policies_of, rules_of
from cpt77092.spark.arrow import packed, unpacked_rows
from cpt77092.spark.checker import Output
from cpt77092.spark.new_folder import NewFolder, on_folder
from cpt77092.spark.prepare import Prepared, Settings, prepare, read_table
from cpt77092.spark.rows import keep_all


@frozen(slots=False)
class Checked:
    """What a check came to, as Spark frames: each is worked out when it is asked for."""

    _prepared: Prepared

    @property
    def findings(self) -> DataFrame:
        """One row per finding, in no order; `scrub schema findings` describes the columns."""
        return self._prepared.output(Output.FINDINGS)

    def write(self, folder: str) -> int:
        """Write the findings as Parquet from the workers, which takes less than Spark's writing.

        Args:
            folder: a new one, by a path that is the same disk for all workers (a mount); it is
                there whole, or not at all.

        Returns:
            How many findings there are.

        Raises:
            UsageError: it is no such path, or something is there.
        """
        new = NewFolder(folder.rstrip("/"), self._prepared.settings.run)
        if ":" in folder:
            why = "not a path on a disk; write it with findings.write.parquet"
            raise UsageError(Problem(text=why, argument="folder", value=folder))
        self._on_folder(new, new.begin)
        try:
            written = self._prepared.written(new)
            self._on_folder(new, new.finish)
        except BaseException:
            self._on_folder(new, new.undo)
            raise
        return sum(written)

    def _on_folder(self, folder: NewFolder, step: Callable[[], str | None]) -> None:
        settings, one = self._prepared.settings, self._prepared.parted.sparkSession.range(1)
        for problem in filter(None, settings.collected(one, partial(on_folder, step))):
            raise UsageError(Problem(text=problem, argument="folder", value=folder.path))

    @property
    def not_checked(self) -> DataFrame:
        """One row per line and rule that could not be checked there, with the reason."""
        return self._prepared.output(Output.NOT_CHECKED)

    @property
    def totals(self) -> DataFrame:
        """One row: what became of all rows, counts of findings, and dollars at risk."""
        session = self._prepared.parted.sparkSession
        table = session.createDataFrame([(packed(totals_table(self._totals)),)], "packed BINARY")
        return self._prepared.settings.mapped(table, partial(unpacked_rows, TOTALS), TOTALS)

    @cached_property
    def unchecked(self) -> tuple[str, ...]:
        """Why not everything could be checked, as `cpt77092.Result.unchecked` says it.

        Rows of the history without a readable code are not counted; `not_checked` has what
        depends on them.
        """
        return (*unchecked_rows(self._totals), *unchecked_columns(self._totals))

    @cached_property
    def _totals(self) -> Totals:
        return self._prepared.totals

    @property
    def notes(self) -> tuple[str, ...]:
        """How headers and dates were read where a person should know."""
        return self._prepared.notes

    def release(self) -> None:
        """Take the lines in scope out of Spark's cache; ask for nothing after that."""
        self._prepared.parted.unpersist()


class Resources(TypedDict, total=False):
    """How Spark is used; each may be left out."""

    memory: int
    """Bytes that the check of one part may take on a worker, 1 GB if left out."""
    parts: int
    """How many parts to make, in place of `memory`."""
    threads: int
    """Threads of each task: as many as Spark counts cores for one (`spark.task.cpus`), or 1."""
    folder: str
    """Where all workers can write, for the lines in scope between reading and checking. If left
    out Spark's cache has them, which serverless Spark does not offer."""


class Arguments(Resources, total=False):
    """The arguments of `checked`, which describes them, besides the lines and the day."""

    policies: PolicySet | File | None
    history: DataFrame | None
    payer: str | None
    select: str | Iterable[str]
    columns: Mapping[str, str] | None
    row_id: str | None


def check(df: DataFrame, *, as_of: date, **arguments: Unpack[Arguments]) -> DataFrame:
    """The findings of `checked`, which describes arguments and errors: one row per finding."""
    return checked(df, as_of=as_of, **arguments).findings


def checked(
    df: DataFrame,
    *,
    as_of: date,
    policies: PolicySet | File | None = None,
    history: DataFrame | None = None,
    payer: str | None = None,
    select: str | Iterable[str] = (),
    columns: Mapping[str, str] | None = None,
    row_id: str | None = None,
    **resources: Unpack[Resources],
) -> Checked:
    """Check claim lines on the session of the frame that has them.

    The input is read once, before this returns; what is in scope is kept. The lines of a Spark
    frame have no order: where one of two lines is named as the first, it is the one with the
    lower `row_id` if that is a whole number, else one that the content of the lines decides.

    Args:
        df: one row per claim line, under any headers that claims come with.
        as_of: the day of submission: a later date of service is in the future.
        policies: policies of `load_policies`, or a folder of your own policy files; the packaged
            policies where it is None.
        history: earlier claims of the same patients. Without it, rules about them are not checked.
        payer: the payer of every line, by key or name, whatever the lines say.
        select: rules to run, by code, name or group (`MO`); all where it is blank.
        columns: canonical column to header, where headers leave a question.
        row_id: the column that names rows in findings; no two have the same.
        resources: `memory`, `parts`, `threads` and `folder`, as `Resources` describes them.

    Raises:
        ClaimsError: the lines have no rows, or (`ColumnsError`) lack a column.
        UsageError: an argument names what does not exist.
        PolicyError: a policy file of yours has mistakes.
    """
    request = request_of(paths=(), as_of=as_of, policies=policies, select=select)
    loaded = policies_of(request)
    (rules,) = rules_of(request, [Variant(loaded)])
    for_all = None if payer is None else payer_named(payer, loaded)
    prepared = prepare_tables(
        Lines(df, "lines", row_id),
        None if history is None else Lines(history, "history"),
        replace(loaded, for_all=for_all),
        rules,
        Options(overrides=columns or {}, payer=for_all),
        Settings(**resources),
        as_of=as_of,
    )
    return Checked(prepared)


@frozen
class Lines:
    """Claim lines in a Spark frame."""

    frame: DataFrame
    name: str
    """What messages call it."""
    row_id: str | None = None
    """The column that names its rows."""


def prepare_tables(
    lines: Lines,
    history: Lines | None,
    policies: PolicySet,
    rules: Sequence[Rule],
    options: Options,
    settings: Settings,
    *,
    as_of: date,
) -> Prepared:
    """Read the lines and work out what their parts need, for `checked`, which describes it all.

    Raises:
        ScrubError: as `checked`.
    """
    needed, scope = needed_columns(rules), CHECKED | policies.partner_codes()
    selection = Selection(needed - OF_HISTORY, scope, Room(None))
    read = partial(read_table, settings=settings, needed=needed)
    own = read(lines.frame, lines.name, selection, options, row_id=lines.row_id)
    if own is None:
        raise ClaimsError(f"{lines.name}: no rows; nothing to check")
    past = None
    if history is not None:
        earlier = replace(selection, needed=needed | {"person_id"}, only=keep_all)
        of_history = replace(options, of_history=True)
        past = read(history.frame, history.name, earlier, of_history, row_id=history.row_id)
    return prepare(own, past, policies, rules, settings, as_of=as_of)
