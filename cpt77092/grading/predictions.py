"""What a report of `scrub check` predicted: its checked lines, and the denials it expects."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from datetime import date
from itertools import groupby
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import polars as pl

from cpt77092 import findings
from cpt77092.databases.address import is_address
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.facts.money import CENTS
from cpt77092.file_state import digest, is_whole
from cpt77092.findings.schema import CHECKED_LINE, FINDING, Schema
from cpt77092.frozen import frozen
from cpt77092.lakehouse.address import is_table
from cpt77092.readers import find_files
from cpt77092.readers.discover import STDIN
from cpt77092.run import Request, run

LINES, FINDINGS = "checked_lines", "findings"
_WRITE_AGAIN = "write it with scrub check CLAIMS --checked-lines -o report.json"
_NO_CODE = '"carc":"",'
"""In a finding that predicts no denial."""
_BLOCK = 1 << 24
"""Bytes of rows that are read in one go: few enough for their memory to be used again."""
ROW = ("report", "source_file", "source_row", "row_id")
"""What names a checked line among several reports."""

PREDICTION: Schema = {
    "line": pl.UInt32,
    **{name: FINDING[name] for name in ("rule", "name", "severity", "group_code", "carc", "rarc")},
}
"""One finding that predicts a denial; `line` is the number of its checked line."""
_OF_FINDING: Schema = {name: FINDING[name] for name in PREDICTION if name != "line"}
_TABLES: Mapping[str, Schema] = {FINDINGS: {**CHECKED_LINE, **_OF_FINDING}, LINES: CHECKED_LINE}
"""What is read of the tables of a report."""


@frozen(kw_only=True)
class Predictions:
    """The checked lines of all reports, and the denials that were predicted."""

    lines: pl.DataFrame
    """As `CHECKED_LINE` has them, with `line`, their number, and `report`, that of their report."""
    predicted: pl.DataFrame
    """As `PREDICTION` has them: errors and warnings."""
    hinted: pl.DataFrame
    """The same of infos: what a payer may deny, without predicting it."""
    reports: tuple[str, ...]
    as_of: tuple[date, ...]
    """The day as of which each report was made."""
    has_all_lines: bool
    """Whether all checked lines are known, and not only those with a finding."""
    policies: Path | None = None
    """The folder of the user's own policies that the last report used, where it is there still."""
    notes: tuple[str, ...] = ()


@frozen
class _Report:
    """One report as it is in its file."""

    path: str
    manifest: Mapping[str, Any]
    findings: pl.DataFrame
    lines: pl.DataFrame | None
    is_whole: bool
    own_policies: Path | None = field(default=None)


def read_predictions(reports: Sequence[str], claims: Sequence[str] = ()) -> Predictions:
    """Read JSON reports; with claims, also the checked lines that a report does not list.

    Args:
        reports: JSON reports of `scrub check`.
        claims: the claim files that the reports were made from.

    Raises:
        UsageError: a file is no such report, or the claims are not those of a report.
        ClaimsError: a claim file cannot be read.
    """
    read = [_read(path) for path in reports]
    digests = _digests(claims)
    read = [_with_claims(report, digests) if claims else report for report in read]
    unused = [name for name, value in digests.items() if value not in _known(read)]
    if unused:
        raise UsageError(
            *(
                f"--claims {name}: no report was made from this file as it is; name the file that "
                f"was checked"
                for name in unused
            )
        )
    lines = pl.concat(_lines(report, number) for number, report in enumerate(read))
    lines = lines.with_row_index("line")
    every_finding = pl.concat(
        report.findings.select(*ROW[1:], *_OF_FINDING, report=pl.lit(number, pl.UInt32))
        for number, report in enumerate(read)
    )
    numbered = lines.select("line", *ROW)
    with_code = every_finding.filter(pl.col("carc").fill_null("") != "").join(
        numbered, on=ROW, how="left", nulls_equal=True, maintain_order="left"
    )
    is_info = pl.col("severity") == "info"
    edited = [report.path for report in read if not report.is_whole]
    return Predictions(
        lines=lines,
        predicted=with_code.filter(~is_info).select(PREDICTION.keys()),
        hinted=with_code.filter(is_info).select(PREDICTION.keys()),
        reports=tuple(report.path for report in read),
        as_of=tuple(date.fromisoformat(report.manifest["as_of"]) for report in read),
        has_all_lines=all(report.lines is not None for report in read),
        policies=read[-1].own_policies,
        notes=tuple(f"{path} was edited after it was written" for path in edited),
    )


def _lines(report: _Report, number: int) -> pl.DataFrame:
    """The lines of a report that are known, each once."""
    tables = [
        table.select(*CHECKED_LINE, report=pl.lit(number, pl.UInt32))
        for table in (report.findings, report.lines)
        if table is not None and "claim_id" in table.columns
    ]
    each = pl.concat(tables).unique(ROW, keep="first", maintain_order=True)
    is_nameless = pl.all_horizontal(pl.col(ROW[2:]).is_null())
    listed = 0 if report.lines is None else report.lines.height
    if each.select(is_nameless.any()).item() or listed > each.height:
        raise UsageError(
            f"--report {report.path}: its lines cannot be told apart; check the table again with "
            f"--row-id COLUMN, one that is different in each row"
        )
    return each.sort("source_file", "source_row", nulls_last=True, maintain_order=True)


def _read(path: str) -> _Report:
    try:
        # In memory only where it is looked at.
        with Path(path).open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            tree, is_whole = _tables(content)
        manifest = tree["manifest"]
        date.fromisoformat(manifest["as_of"])
        folders = manifest["policies"]["folders"]
    except OSError as problem:
        raise UsageError(f"--report {path}: cannot be read ({problem.strerror})") from None
    except (ValueError, LookupError, TypeError, RecursionError, pl.exceptions.PolarsError):
        raise UsageError(
            f"--report {path}: not a JSON report of scrub check; {_WRITE_AGAIN}"
        ) from None
    if tree[FINDINGS] is None:
        raise UsageError(f"--report {path}: lists lines or claims, no findings; {_WRITE_AGAIN}")
    own = Path(folders[-1]) if len(folders) > 1 else None
    return _Report(
        path, manifest, tree[FINDINGS], tree[LINES], is_whole, own if own and own.is_dir() else None
    )


def _tables(content: mmap) -> tuple[dict[str, Any], bool]:
    """The tables of a report, and whether its digest shows that it is as it was written.

    The digest is taken beside the reading, which is by lines: an edited report may have others.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        is_as_written = pool.submit(is_whole, content)
        try:
            tree = _tables_as_written(content)
        except (ValueError, LookupError, pl.exceptions.PolarsError):
            return _tables_of_tree(content), False
        if is_as_written.result():
            return tree, True
    return _tables_of_tree(content), False


def _tables_as_written(content: mmap) -> dict[str, Any]:
    """The tables of a report whose digest shows that its bytes are as they were written.

    A report of a large batch has millions of rows, one a line, which Polars reads at once.
    """
    start, end = len(b'{"manifest": '), content.find(b',\n"totals": ')
    findings, lines = content.find(_mark(FINDINGS), end), content.rfind(_mark(LINES), end)
    schema, of_findings = _TABLES[FINDINGS], _blocks(content, FINDINGS, findings)
    if lines >= 0:  # a finding names its line, and one that predicts no denial adds nothing
        schema = {name: dtype for name, dtype in FINDING.items() if name in (*ROW, *_OF_FINDING)}
        of_findings = (
            rows.filter(~rows.str.contains(_NO_CODE, literal=True)) for rows in of_findings
        )
    of_lines = _blocks(content, LINES, lines)
    return {
        "manifest": json.loads(content[start:end]),
        FINDINGS: _rows(of_findings, FINDING, schema) if findings >= 0 else None,
        LINES: _rows(of_lines, CHECKED_LINE, CHECKED_LINE) if lines >= 0 else None,
    }


def _mark(table: str) -> bytes:
    return f',\n"{table}": ['.encode()


def _blocks(content: mmap, table: str, place: int) -> Iterator[pl.Series]:
    """The rows of a table as they are written, in blocks: each has a line, and `]` ends them."""
    begin = place + len(_mark(table))
    begin += content[begin : begin + 1] == b"\n"
    while 0 < begin < len(content):
        cut = content.find(b"\n", begin + _BLOCK)
        end = cut if cut >= 0 else len(content)
        text = pl.read_csv(
            io.BytesIO(content[begin:end]),
            has_header=False,
            separator="\x01",  # JSON has no control characters
            quote_char=None,
            schema={"row": pl.String},
        )["row"]
        last = text.str.starts_with("]").fill_null(value=False).arg_true()
        yield text.head(last[0]) if last.len() else text
        begin = 0 if last.len() else end + 1


def _rows(blocks: Iterable[pl.Series], written: Schema, schema: Schema) -> pl.DataFrame:
    """The columns of a schema, of a table with the columns that are written.

    Raises:
        ValueError: a row has other columns.
    """
    as_read, cut = _as_json(schema), _columns(list(written), schema)
    tables = [_typed(pl.DataFrame(schema=as_read), schema)]
    for rows in blocks:
        texts = rows.to_frame("row").lazy().select(cut).collect().to_series()
        lines = texts.str.join("\n", ignore_nulls=False).cast(pl.Binary).item()
        table = pl.read_ndjson(io.BytesIO(lines or b""), schema=as_read)
        if table.height != rows.len():
            raise ValueError
        tables.append(_typed(table, schema))
    return pl.concat(tables)


def _columns(written: list[str], needed: Collection[str]) -> pl.Expr:
    """The JSON of some columns, cut out of that of all: most of a finding is text for people.

    No text has the name of a column with its quotes, which are escaped in a text.
    """
    row = pl.col("row")

    def place(column: int) -> pl.Expr:
        if column == len(written):
            return row.str.strip_suffix(",").str.len_bytes() - 1
        return row.str.find(f'"{written[column]}":', literal=True) - 1

    runs = [
        list(run)
        for is_needed, run in groupby(range(len(written)), lambda n: written[n] in needed)
        if is_needed
    ]
    pieces = [
        row.cast(pl.Binary).bin.slice(place(run[0]), place(run[-1] + 1) - place(run[0]))
        for run in runs
    ]
    return pl.concat_str(*(piece.cast(pl.String) for piece in pieces), pl.lit("}"))


def _as_json(schema: Schema) -> dict[str, Any]:
    """Dates and amounts as JSON has them."""
    kinds = {pl.Date: pl.String, CENTS: pl.Float64}
    return {name: kinds.get(dtype, dtype) for name, dtype in schema.items()}


def _typed(table: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """A table of JSON values in the types of its schema."""

    def value(name: str, dtype: Any) -> pl.Expr:
        if dtype == CENTS:
            return pl.col(name).round(2).cast(CENTS)
        form = "%Y-%m-%d"
        return pl.col(name).str.to_date(form) if dtype == pl.Date else pl.col(name).cast(dtype)

    return table.select(value(name, dtype) for name, dtype in schema.items())


def _tables_of_tree(content: mmap) -> dict[str, Any]:
    """The tables of a report that was edited, read as JSON."""
    tree = json.loads(content[:])
    tables: dict[str, Any] = {"manifest": tree["manifest"]}
    for name, schema in _TABLES.items():
        as_read, rows = _as_json(schema), tree.get(name)
        if rows is not None:  # a row without one of the columns is an error
            rows = [[row[column] for column in schema] for row in rows]
        table = None if rows is None else pl.DataFrame(rows, schema=as_read, orient="row")
        tables[name] = None if table is None else _typed(table, schema)
    return tables


def _digests(claims: Sequence[str]) -> dict[str, str]:
    """The digest of each claim file by its name."""
    for name in claims:
        if name == STDIN or is_address(name) or is_table(name):
            raise UsageError(
                f"--claims {name}: not a file, so its rows may have changed since; check again "
                f"with --checked-lines -o report.json and leave --claims out"
            )
    digests = {}
    for name in find_files(claims) if claims else ():
        try:
            digests[name] = digest(name, None)
        except OSError as problem:
            raise ClaimsError(f"{name}: cannot be read ({problem.strerror})") from None
    return digests


def _known(reports: Iterable[_Report]) -> set[str]:
    return {one["sha256"] for report in reports for one in report.manifest["inputs"]}


def _with_claims(report: _Report, digests: Mapping[str, str]) -> _Report:
    """The report with all its checked lines, read from its claim files as it read them."""
    if report.lines is not None:
        return report
    by_digest = {value: name for name, value in digests.items()}
    names = {
        by_digest[one["sha256"]]: one["file"]
        for one in report.manifest["inputs"]
        if one["sha256"] in by_digest
    }
    missing = [
        one["file"] for one in report.manifest["inputs"] if one["file"] not in names.values()
    ]
    if missing:
        raise UsageError(
            f"{report.path}: made from {', '.join(missing)} too, or from another version of it; "
            f"name all its files with --claims"
        )
    result = run(
        Request.restored(
            report.manifest["options"],
            where=report.path,
            paths=list(names),
            as_of=date.fromisoformat(report.manifest["as_of"]),
            policies=report.own_policies,
        )
    )
    lines = pl.concat(findings.checked_lines(result)).with_columns(
        pl.col("source_file").replace(names)
    )
    return replace(report, lines=lines.select(list(CHECKED_LINE)))
