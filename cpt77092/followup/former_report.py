"""A report of an earlier run: which findings are new since, still open, or no longer found."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl

from cpt77092.engine import SEVERITIES, Result
from cpt77092.errors import UsageError
from cpt77092.file_state import is_whole
from cpt77092.followup.key import IS_NEW, KEY, ON_LINE, PAYER, as_texts
from cpt77092.frozen import frozen
from cpt77092.policies.policy import DEFAULT, PolicySet
from cpt77092.text import not_inert

_REPORTED_KEY = ("payer", "payer_name", *ON_LINE[1:], "rule")
_READ: Mapping[str, type[pl.DataType]] = {
    **dict.fromkeys((*_REPORTED_KEY, "severity", "source_file", "source_row"), pl.String),
    "charge_amount": pl.Float64,
    "question": pl.String,
}
"""Columns of a report's findings that are read; `question` is missing in older reports."""


class Ending(StrEnum):
    """Why a finding of the former report is not on the list any more."""

    FIXED = "fixed"
    ACCEPTED = "accepted"
    UNCHECKED = "unchecked"
    """Its rule could not be checked on the claim."""
    GONE = "gone"
    """The batch has no such claim."""


@frozen(kw_only=True)
class FormerReport:
    """The findings of an earlier run."""

    file: str
    rows: pl.DataFrame
    """As `_READ`."""
    policies: str | None = None
    """The digest of its policies; None for CSV, which states none and cannot be verified."""
    as_of: date | None = None

    @property
    def is_verified(self) -> bool:
        """Whether it is as scrub wrote it."""
        return self.policies is not None


@frozen(kw_only=True)
class Comparison:
    """How a run differs from the former one; new findings are marked in the result itself."""

    former: FormerReport
    ended: pl.DataFrame
    """`_READ`, `payer_label` and `ending` of the former findings that are not on the list."""
    not_compared: int
    """Former findings of rules that did not run now."""


def read_former(file: str, *, only_new: bool = False) -> FormerReport:
    """Read the report that `--since` names.

    Args:
        file: findings that scrub wrote as JSON, or as CSV.
        only_new: whether the exit code rests on it, which takes a report that can be verified.

    Raises:
        UsageError: it is missing, no such report, not as scrub wrote it, or cannot be verified.
    """
    try:
        content = Path(file).read_bytes()
    except OSError as problem:
        raise _unusable(file, f"cannot be read ({problem.strerror})") from None
    if content.lstrip()[:1] == b"{":
        return _of_json(file, content)
    if only_new:
        raise _unusable(file, "is no JSON report, and --only-new rests on one that can be verified")
    return FormerReport(file=file, rows=_of_csv(file, content))


def _unusable(file: str, why: str) -> UsageError:
    return UsageError(f"--since {file}: {why}; name a report that scrub CLAIMS -o NAME.json wrote")


def _of_json(file: str, content: bytes) -> FormerReport:
    try:
        tree: Any = json.loads(content)
        manifest = tree["manifest"]
        is_ours = manifest["program"] == "cpt77092"
        as_of = date.fromisoformat(manifest["as_of"])
        policies = str(manifest["policies"]["digest"])
    except (ValueError, LookupError, TypeError, RecursionError):
        is_ours = False
    if not is_ours:
        raise _unusable(file, "is not a whole report of scrub")
    if not is_whole(content):
        raise _unusable(file, "was changed after scrub wrote it (its digest does not match)")
    rows = tree.get("findings")
    if not isinstance(rows, list):
        raise _unusable(file, f"lists {manifest['options'].get('by', 'other row')}s, not findings")
    texts = [
        [None if (cell := row.get(name)) is None else str(cell) for name in _READ] for row in rows
    ]
    table = pl.DataFrame(texts, schema=dict.fromkeys(_READ, pl.String), orient="row")
    return FormerReport(file=file, rows=_typed(table), policies=policies, as_of=as_of)


def _of_csv(file: str, content: bytes) -> pl.DataFrame:
    try:
        table = pl.read_csv(io.BytesIO(content), infer_schema=False)
    except pl.exceptions.PolarsError:
        raise _unusable(file, "cannot be read as JSON or CSV") from None
    missing = [name for name in _READ if name not in (*table.columns, "question")]
    if missing:
        raise _unusable(file, f"has no findings of scrub (no column {missing[0]})")
    # The apostrophe before what a spreadsheet takes for a formula is not part of the text.
    question = () if "question" in table.columns else (pl.lit(None).alias("question"),)
    return _typed(table.select(not_inert(pl.all()), *question))


def _typed(texts: pl.DataFrame) -> pl.DataFrame:
    return texts.select(pl.col(name).cast(kind, strict=False) for name, kind in _READ.items())


def compare(
    result: Result, accepted: pl.DataFrame | None, former: FormerReport
) -> tuple[Result, Comparison]:
    """The result with `IS_NEW` in its findings, and what the former report has and it has not.

    A finding that is worse now is new. So is one without a claim number, since nothing tells such
    claims apart. `accepted` are the findings that decisions took off the list.

    Raises:
        UsageError: the former report rests on other policies.
    """
    if former.policies not in (None, result.policies.digest):
        raise UsageError(
            f"--since {former.file}: rests on other policies than this run, so the two cannot be "
            f"compared; check the former claims again with these policies and "
            f"-o {former.file}, or omit --since"
        )
    codes = [rule.code for rule in result.rules]
    then = former.rows.filter(pl.col("rule").is_in(codes)).with_columns(_payer(result.policies))
    numbers = {severity.value: number for number, severity in enumerate(SEVERITIES)}
    severities = then["severity"].replace_strict(numbers, default=None, return_dtype=pl.UInt8)
    before = _numbered(as_texts(then), severities)
    now = _numbered(_keys(result, result.findings), result.findings["severity"])
    key = [*KEY, "occurrence"]
    paired = now.join(before, on=key, how="left", maintain_order="left", suffix="_then")
    was_as_bad = pl.col("severity_then") <= pl.col("severity")
    is_new = ~was_as_bad.fill_null(value=False) | (pl.col("claim_id") == "")
    left = before.with_row_index("row").join(now, on=key, how="anti", maintain_order="left")
    comparison = Comparison(
        former=former,
        ended=then[left["row"]].with_columns(_endings(result, left, accepted)),
        not_compared=former.rows.height - then.height,
    )
    marked = result.findings.hstack(paired.select(is_new.alias(IS_NEW)))
    return replace(result, findings=marked), comparison


def _payer(policies: PolicySet) -> pl.Expr:
    """`PAYER` of rows that have `payer`, a policy's key, and `payer_name`, as reports do."""
    labels = {
        key: policy.label
        for key, policy in policies.policies.items()
        if key != DEFAULT and not policy.matches.family
    }
    label = pl.col("payer").replace_strict(labels, default=None, return_dtype=pl.String)
    name = pl.col("payer_name").str.strip_chars()
    return pl.coalesce(label, pl.when(name != "").then(name), "payer").alias(PAYER)


def _keys(result: Result, findings: pl.DataFrame) -> pl.DataFrame:
    """`KEY` of some findings of the run, as a report of it would have them."""
    codes = pl.Series("rule", [rule.code for rule in result.rules], dtype=pl.String)
    return _keys_of_lines(result, findings["line"]).hstack([codes[findings["rule"]]])


def _keys_of_lines(result: Result, lines: pl.Series) -> pl.DataFrame:
    """`ON_LINE` of some lines, by number, as a report of the run would have them."""
    named = result.lines.select(
        *ON_LINE[1:],
        pl.col("payer_policy").cast(pl.String).alias("payer"),
        pl.col("payer").cast(pl.String).alias("payer_name"),
    )[lines]
    return as_texts(named.with_columns(_payer(result.policies)), ON_LINE)


def _numbered(keys: pl.DataFrame, severities: pl.Series) -> pl.DataFrame:
    """Keys with `severity`, and which of several findings of one key each is, the worst first."""
    with_severity = keys.with_columns(severities.alias("severity"))
    order = pl.col("severity").fill_null(len(SEVERITIES)).rank("ordinal")
    return with_severity.with_columns(occurrence=order.over(KEY))


def _endings(result: Result, left: pl.DataFrame, accepted: pl.DataFrame | None) -> pl.Series:
    """How each of some former findings, by key, ended."""
    off = _keys(result, result.findings.clear() if accepted is None else accepted).unique()
    claim = [PAYER, "claim_id"]
    here = _keys_of_lines(result, result.lines["line"]).select(claim)
    unchecked = [here.clear().with_columns(rule=pl.lit(""))]
    for rule in left["rule"].unique():
        where = result.outcomes[rule].is_null()
        unchecked.append(here.filter(where).with_columns(rule=pl.lit(rule)))
    marked = (
        left.join(off.with_columns(is_off=True), on=KEY, how="left", maintain_order="left")
        .join(_marked(pl.concat(unchecked), "is_open"), on=[*claim, "rule"], how="left")
        .join(_marked(here, "is_here"), on=claim, how="left")
        .sort("row")
    )
    ending = (
        pl.when("is_off")
        .then(pl.lit(Ending.ACCEPTED.value))
        .when(pl.col("is_here").is_null())
        .then(pl.lit(Ending.GONE.value))
        .when("is_open")
        .then(pl.lit(Ending.UNCHECKED.value))
        .otherwise(pl.lit(Ending.FIXED.value))
    )
    return marked.select(ending.alias("ending")).to_series()


def _marked(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows, each once, with a column that is true."""
    return rows.unique().with_columns(pl.lit(value=True).alias(name))
