"""What is worked out on all lines of a run before any of them is checked.

A line's outcome rests on the lines of its person and its claims, so those may be checked apart from
all others, in another process too (`cpt77092.parts`). What looks further is in a `Whole`: it is
small, it can be pickled, and the engine works it out itself where it is not handed one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from cpt77092.claims.cells import read_day_first
from cpt77092.claims.columns import BY_NAME, DAY_FIRST, DIAGNOSES, Kind
from cpt77092.claims.quotable import shown_payer
from cpt77092.facts import (
    diagnosis_categories,
    distinct_ids,
    month_number,
    representative_line,
)
from cpt77092.frozen import frozen
from cpt77092.policies.payer_names import Matcher, SpellingCount, own_name
from cpt77092.policies.policy import DEFAULT, PolicySet
from cpt77092.readers import Batch, History
from cpt77092.readers.history import Past

BATCH_LINE = "batch_line"
"""The number of a line among all lines of its batch, in their order; only parts have the column."""
SPELLING = ["payer_id", "payer", "claim_filing_indicator", "plan_name"]
"""The columns that name a payer."""


@frozen(kw_only=True)
class Outline:
    """What a whole takes from some lines; outlines of several frames make one (`together`)."""

    rows: int
    schema: pl.Schema
    spellings: pl.DataFrame
    """Each way in which a payer is named, once."""
    codes: frozenset[str]
    blank: frozenset[str]
    """Diagnosis columns that are blank on every line."""
    categories: frozenset[str]
    """First characters of all diagnoses."""
    first_months: tuple[int | None, int | None]
    """Months since year 0 of the first date of service, read month first and day first."""

    @classmethod
    def of(cls, lines: pl.DataFrame) -> Outline:
        """The outline of some lines, typed as `read_batch` gives them."""
        spellings, turned = lines.select(SPELLING), read_day_first(lines)
        diagnoses = [name for name in DIAGNOSES if name in lines.columns]
        first = _first_month(lines)
        return cls(
            rows=lines.height,
            schema=lines.schema,
            spellings=spellings[representative_line(distinct_ids(spellings))],
            codes=frozenset(lines["hcpcs_code"].unique().to_list()),
            blank=frozenset(c for c in diagnoses if (lines[c] == "").all(ignore_nulls=False)),
            categories=diagnosis_categories(lines),
            first_months=(first, first if turned is None else _first_month(turned)),
        )

    @classmethod
    def together(cls, outlines: Sequence[Outline]) -> Outline:
        """One outline for the lines of all; at least one."""
        schemas = [pl.DataFrame(schema=one.schema) for one in outlines]
        of_lines = [one.blank for one in outlines if one.rows]
        months = zip(*(one.first_months for one in outlines), strict=True)
        first, turned = (min((m for m in each if m is not None), default=None) for each in months)
        return cls(
            rows=sum(one.rows for one in outlines),
            schema=pl.concat(schemas, how="diagonal").schema,
            spellings=pl.concat([one.spellings for one in outlines]).unique(),
            codes=frozenset().union(*(one.codes for one in outlines)),
            blank=frozenset.intersection(*of_lines) if of_lines else frozenset(),
            categories=frozenset().union(*(one.categories for one in outlines)),
            first_months=(first, turned),
        )

    @property
    def is_open(self) -> bool:
        """Whether some dates can be read in two ways."""
        return any(name.endswith(DAY_FIRST) for name in self.schema)


def outline_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """A few lines with the same outline, but for the number of rows.

    They have every different cell of each column, every way in which a payer is named, and of
    numbers of patients and claims one, and a blank where there is any.

    Args:
        lines: as they are written, before cells are read.
    """
    named = [name for name in SPELLING if name in lines.columns]
    spellings = lines.select(named).unique() if named else lines.select()
    columns = spellings.get_columns()
    for name in lines.columns:
        if name not in named:
            columns.append(_outline_cells(lines[name]))
    height = max((column.len() for column in columns), default=0)
    row = pl.int_range(height, eager=True)
    return pl.DataFrame(
        [column.gather(row.clip(upper_bound=column.len() - 1)) for column in columns]
    ).select(lines.columns)


def _outline_cells(cells: pl.Series) -> pl.Series:
    if cells.name not in BY_NAME:
        return cells.head(1)
    if BY_NAME[cells.name].kind is not Kind.TEXT:
        return cells.unique()
    is_blank = (cells == "").fill_null(value=True)
    return pl.concat([cells.filter(is_blank).head(1), cells.filter(~is_blank).head(1)])


def _first_month(lines: pl.DataFrame) -> int | None:
    first = lines.select(pl.col("claim_line_start_date").min())
    month: int | None = first.select(month_number("claim_line_start_date")).item()
    return month


@frozen(kw_only=True)
class Reading:
    """What a whole holds for one of the readings of its dates."""

    first_month: int | None
    """Months since year 0 of the batch's first date of service; None where no date is known."""
    past: Past | None
    """What earlier claims cover, without the patients' first days; None where none were given."""
    firsts: Mapping[str, frozenset[int]] | None = None
    """For each fact that is true of the first line of a payer (`FIRST_AMONG`), the `BATCH_LINE`
    of those lines; None where the lines that are checked are all there are."""


@frozen(kw_only=True)
class Whole:
    """What is worked out on all lines of a run, and handed to each part of them."""

    payers: pl.DataFrame
    """Each way in which a line names its payer, as `match_payers` gives them."""
    codes: tuple[str, ...]
    """Procedure codes of batch and history, in order."""
    blank: frozenset[str]
    """Diagnosis columns that are blank on every line."""
    categories: frozenset[str]
    """ICD-10-CM categories of all diagnoses."""
    schema: pl.Schema
    """Columns of the batch's lines."""
    past_schema: pl.Schema | None
    """Columns of earlier claims; None where none were given."""
    source_files: tuple[str | None, ...]
    """What findings call the files of the batch, by their number; None for a frame."""
    files: tuple[str, ...]
    """What messages call the files of the batch, and after them those of earlier claims."""
    readings: tuple[Reading, ...]
    """One; or two where dates can be read in two ways, month first and then day first."""

    @classmethod
    def of(
        cls,
        batch: Batch,
        history: History | None,
        policies: PolicySet,
        own: Outline | None = None,
    ) -> Whole:
        """The whole of a batch, and of its earlier claims, which are held in memory.

        The batch's own outline is that of its lines, where it is not given.
        """
        turned = None if history is None else history.day_first
        return cls.worked_out(
            own or Outline.of(batch.lines),
            None if history is None else Outline.of(history.lines),
            policies,
            pasts=[_past(each) for each in (history, *filter(None, [turned]))],
            source_files=[scan.source_file for scan in batch.scans],
            paths=[*(scan.path for scan in batch.scans), *(history.files if history else ())],
        )

    @classmethod
    def worked_out(
        cls,
        own: Outline,
        earlier: Outline | None,
        policies: PolicySet,
        *,
        pasts: Sequence[Past | None],
        source_files: Sequence[str | None],
        paths: Sequence[str],
    ) -> Whole:
        """The whole of lines that are known by their outlines.

        Args:
            own: of the batch.
            earlier: of earlier claims; None where none were given.
            policies: those of the run.
            pasts: what earlier claims cover, for one reading of their dates or for two.
            source_files: names of the batch's files in findings.
            paths: of the batch's files and then those of earlier claims.
        """
        every = own if earlier is None else Outline.together([own, earlier])
        is_open = own.is_open or len(pasts) > 1
        covered = [pasts[0], pasts[-1]] if is_open else [pasts[0]]
        return cls(
            payers=match_payers(every.spellings, policies),
            codes=tuple(sorted(every.codes)),
            blank=every.blank,
            categories=every.categories,
            schema=own.schema,
            past_schema=None if earlier is None else earlier.schema,
            source_files=tuple(source_files),
            files=tuple(Path(path).name for path in paths),
            readings=tuple(
                Reading(first_month=month, past=past)
                for month, past in zip(own.first_months, covered, strict=False)
            ),
        )


def _past(history: History | None) -> Past | None:
    if history is None or not history.tally.rows:
        return None
    return replace(history.covered, first_days=history.covered.first_days.clear())


def past_of(reading: Reading, history: History | None) -> Past | None:
    """What earlier claims cover, with the first days of the patients whose lines are checked."""
    if reading.past is None or history is None:
        return reading.past
    return replace(reading.past, first_days=history.covered.first_days)


def payers_named(lines: pl.DataFrame, payers: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """For each line its row among the payers, and the number of the payer; null if it names none.

    Each spelling is looked up once.
    """
    spellings = lines.select(SPELLING)
    spelling = distinct_ids(spellings)
    matched = spellings[representative_line(spelling)].join(
        payers, on=SPELLING, how="left", nulls_equal=True, maintain_order="left"
    )
    row = matched["payer_row"].gather(spelling)
    return row, payers["payer_number"].set(payers["payer_is_blank"], None).gather(row)


def payer_spellings(lines: pl.DataFrame, policies: PolicySet) -> list[SpellingCount]:
    """Every way in which lines name a payer, and what it is taken for; the most frequent first."""
    counted = lines.select(pl.col(SPELLING).cast(pl.String).fill_null(""))
    rows = counted.group_by(SPELLING).len().iter_rows()
    return Matcher.of(policies).spellings(rows)


def match_payers(spellings: pl.DataFrame, policies: PolicySet) -> pl.DataFrame:
    """One row for each way in which the batch names a payer: its policy, and the payer's number.

    Two spellings of one payer share a number; two payers without a policy do not.
    """
    matcher = Matcher.of(policies)
    distinct = spellings.unique().cast(pl.String).sort(SPELLING)
    rows = []
    for spelling in distinct.iter_rows():
        payer_id, payer, indicator, plan = (cell or "" for cell in spelling)
        match = matcher.read(payer_id, payer, indicator, plan)
        policy = match.policy or DEFAULT
        plan_name = plan if match.by_plan and match.policy is None else ""
        name = own_name(*map(shown_payer, (payer_id, payer, plan_name))) or "the payer (left blank)"
        is_blank = not any(cell.strip() for cell in (payer_id, payer, indicator))
        is_blank &= not match.by_plan
        is_family = policy != DEFAULT and bool(policies[policy].matches.family)
        is_of_several = policy == DEFAULT or (is_family and not (is_blank and policies.for_all))
        rows.append(
            {
                **dict(zip(SPELLING, spelling, strict=True)),
                "payer_is_blank": is_blank,
                "payer_policy": policy,
                "payer_is_known": match.is_known,
                "payer_is_self_pay": match.is_self_pay,
                "payer_label": name if is_of_several else policies[policy].label,
                "payer_proposal": match.proposal,
                "payer_kind": match.kind,
                "payer_conflict": match.conflict,
                "same_payer": matcher.same_payer(payer_id, payer, indicator, plan),
            }
        )
    frame = pl.DataFrame(rows, schema=_PAYERS)
    return (
        frame.with_columns(
            pl.col(_OF_PAYER).cast(pl.Categorical),
            payer_number=pl.col("same_payer").rank("dense").cast(pl.UInt32),
            policy_number=pl.col("payer_policy").rank("dense").cast(pl.UInt32) - 1,
            payer_is_vague=_differs_by_plan(),
        )
        .drop("same_payer")
        .with_row_index("payer_row")
    )


def _differs_by_plan() -> pl.Expr:
    """The payer is one where the plan is known and another where a file has no plan column.

    So earlier claims without the column may be of either payer, and those with it of a batch's
    lines without it.
    """
    alike = [pl.col(name).cast(pl.String).fill_null("") for name in SPELLING if name != "plan_name"]
    payer, has_no_column = pl.col("same_payer"), pl.col("plan_name").is_null()
    without = payer.filter(has_no_column).first().over(alike)
    differs = payer != without
    return pl.when(has_no_column).then(differs.any().over(alike)).otherwise(differs) & (
        without.is_not_null()
    )


_OF_PAYER = ["payer_policy", "payer_label", "payer_proposal", "payer_kind", "payer_conflict"]
"""Texts of a payer, of which a batch has few."""
_PAYERS: dict[str, pl.DataType] = {
    **dict.fromkeys(SPELLING, pl.Categorical()),
    "payer_is_blank": pl.Boolean(),
    "payer_policy": pl.String(),
    "payer_is_known": pl.Boolean(),
    "payer_is_self_pay": pl.Boolean(),
    "payer_label": pl.String(),
    "payer_proposal": pl.String(),
    "payer_kind": pl.String(),
    "payer_conflict": pl.String(),
    "same_payer": pl.String(),
}
