"""Tables of remittances, as practice systems and clearinghouses export them."""

from __future__ import annotations

import polars as pl

from cpt77092.claims.cells import read_cells, source_cell, with_plain_cells
from cpt77092.claims.columns import BY_NAME, MODIFIERS, Column, Kind
from cpt77092.claims.headers import match_headers
from cpt77092.claims.headers.other_columns import other_columns
from cpt77092.claims.marks import plain_texts
from cpt77092.errors import ClaimsError
from cpt77092.readers import open_claims
from cpt77092.readers.excel import ExcelFile
from cpt77092.readers.failures import native_errors_silenced, reading
from cpt77092.readers.parquet import ParquetFile
from cpt77092.readers.scan import INDEX, OpenedFile, Options
from cpt77092.readers.text.csv import CsvFile
from cpt77092.remittances.answers import ADJUSTMENT, by_row, with_answers
from cpt77092.remittances.schema import CENTS, REMITTANCE_LINE, RemittanceFile

_FROM_CLAIMS = {
    "claim_id": "claim_id",
    "payer": "remitting_payer",
    "line_control_number": "line_control_number",
    "claim_line_number": "claim_line_number",
    "hcpcs_code": "hcpcs_code",
    "claim_line_start_date": "claim_line_start_date",
    "service_unit_quantity": "units",
    "charge_amount": "charge",
}
"""Columns of a claim line that a remittance has too, and their names here."""
_SHARES = (
    *("deductible_amount", "coinsurance_amount", "copay_amount"),
    "patient_responsibility_amount",
)
"""What the patient owes; the last is the sum of the others where a file has both."""
_MONEY = ("paid_amount", "allowed_amount", *_SHARES)
_SPILL = "__spill"
_GROUPS = "CO|OA|PI|PR|CR"
_STATUS_WORDS = {"reversal": "22", "reversed": "22", "denied": "4", "denial": "4"}
_NEEDED = (
    "expected the claim number, the procedure code, the amount paid and the reason codes, with "
    "headers such as claim_id, hcpcs_code, paid_amount, carc, rarc"
)


def read_table(path: str, options: Options) -> RemittanceFile:
    """Read a CSV, workbook or Parquet file of remittance lines.

    Raises:
        ClaimsError: it cannot be read, or is no table of remittances.
    """
    opened = open_claims(path, options)
    with reading(path), native_errors_silenced():
        rows = _rows(opened)
    written = opened.dialect.headers if isinstance(opened, CsvFile) else None
    names = written or {name: name for name in rows.columns if name not in (INDEX, _SPILL)}
    own = other_columns("remittance", names)
    used = {name for several in own.values() for name in several}
    rest = {name: header for name, header in names.items() if name not in used}
    first = rows.head(60).select(pl.col(list(rest)).fill_null("")).to_dict(as_series=False)
    claims = dict(match_headers(rest, {}, file=path, cells=first, of_history=True).columns)
    claims.pop("allowed_amount", None)  # of several the remittance's own words chose
    if paid := claims.pop("paid_amount", None):
        own["paid_amount"] = (paid,)
    missing = [name for name in ("claim_id", "hcpcs_code") if name not in claims]
    missing += [] if "paid_amount" in own else ["paid_amount"]
    if missing:
        raise ClaimsError(f"{path}: no column is read as {' or '.join(missing)}; {_NEEDED}")
    return _read(rows, own, claims, kind=opened.kind)


def _rows(opened: OpenedFile) -> pl.DataFrame:
    """Every row with its number, every cell as text."""
    if isinstance(opened, ExcelFile | ParquetFile):
        cells = pl.exclude(INDEX).cast(pl.String).fill_null("")
        spill = pl.lit(None, pl.String).alias(_SPILL)
        return opened.all_rows().select(INDEX, cells, spill).collect()
    if not isinstance(opened, CsvFile):
        raise ClaimsError(f"{opened.path}: no table of remittances; {_NEEDED}")
    dialect = opened.dialect
    text = (
        "".join(opened.source.lines()).replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    )
    skip = dialect.lead + 1
    return pl.scan_csv(
        text.encode("utf-8", "replace"),
        separator=dialect.separator,
        has_header=False,
        skip_rows=skip,
        schema=dict.fromkeys([*opened.names, _SPILL], pl.String),
        missing_columns="insert",
        extra_columns="ignore",
        truncate_ragged_lines=True,
        row_index_name=INDEX,
        row_index_offset=skip + 1,
    ).collect()


def _read(
    rows: pl.DataFrame,
    own: dict[str, tuple[str, ...]],
    claims: dict[str, str],
    *,
    kind: str,
) -> RemittanceFile:
    typed = _typed(_cells(rows, own, claims), own)
    adjustments, unread = _adjustments(rows, own)
    reasons = by_row(adjustments).rename({"row": "source_row"})
    lines = typed.join(reasons, on="source_row", how="left", maintain_order="left")
    lines = lines.with_columns(
        # A blank amount is nought where a reason code explains it.
        paid=pl.when(pl.col("paid_amount.state") == "blank", pl.col("adjustments").is_not_null())
        .then(0)
        .otherwise("paid_amount"),
        patient_share=pl.sum_horizontal(
            pl.col("patient_share").fill_null(0),
            *(pl.col(name).fill_null(0) for name in _SHARES if name in lines.columns),
        ),
        rarcs=_remarks(rows, own.get("rarc", ())),
        carcs=pl.col("carcs").fill_null([]),
    )
    lines, rejects, not_data = _sorted_out(lines)
    notes = {
        "rows that are no remittance lines (titles, totals, blank)": not_data,
        "rows with a reason code that cannot be read": unread,
    }
    return RemittanceFile(
        lines=_described(lines),
        rejects=rejects,
        rows=rows.height,
        not_data=not_data,
        kind=kind,
        notes=tuple(f"{text}: {number:,}" for text, number in notes.items() if number),
    )


def _cells(
    rows: pl.DataFrame, own: dict[str, tuple[str, ...]], claims: dict[str, str]
) -> pl.DataFrame:
    """The cells of every row by column, as text."""
    texts = ("payer_claim_number", "claim_status_code", "payment_date")
    return rows.select(
        pl.col(INDEX).cast(pl.UInt32).alias("source_row"),
        (pl.col(_SPILL).fill_null("") != "").alias("has_spill"),
        *(source_cell(header, BY_NAME[name]) for name, header in claims.items()),
        *(pl.col(own[name][0]).fill_null("").alias(name) for name in _MONEY if name in own),
        **{
            name: plain_texts(rows[own[name][0]].fill_null("")) if name in own else pl.lit("")
            for name in texts
        },
    )


def _typed(lines: pl.DataFrame, own: dict[str, tuple[str, ...]]) -> pl.DataFrame:
    """The lines with amounts, dates and numbers in their types; `.state` says how each was read."""
    lines = with_plain_cells(lines)
    columns = [BY_NAME[name] for name in _FROM_CLAIMS if name in lines.columns]
    columns += [Column(name=name, kind=Kind.MONEY) for name in _MONEY if name in own]
    columns.append(Column(name="payment_date", kind=Kind.DATE))
    typed = [
        series
        for column in columns
        if column.kind not in (Kind.TEXT, Kind.CODE)
        for series in read_cells(lines[column.name], column)
    ]
    return lines.with_columns(typed)


def _sorted_out(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The readable lines, the rejected ones with their reasons, and how many rows are not data."""
    is_data = (pl.col("claim_id") != "") & (pl.col("hcpcs_code").cast(pl.String) != "")
    has_charge = "charge_amount" in lines.columns
    is_charge_bad = (pl.col("charge_amount.state") == "unreadable") if has_charge else pl.lit(False)  # noqa: FBT003
    problems = {
        "too many fields": pl.col("has_spill"),
        "the payment is no amount, or blank without a reason code": pl.col("paid").is_null(),
        "the charge is no amount": is_charge_bad,
    }
    problem = pl.coalesce(pl.when(test).then(pl.lit(text)) for text, test in problems.items())
    data = lines.filter(is_data).with_columns(reason=problem)
    rejects = data.filter(pl.col("reason").is_not_null()).select("source_row", "reason")
    return data.filter(pl.col("reason").is_null()), rejects, lines.height - data.height


def _adjustments(rows: pl.DataFrame, own: dict[str, tuple[str, ...]]) -> tuple[pl.DataFrame, int]:
    """The reason codes of all rows, `CO-45; PR-1` in one cell too; and how many are unreadable."""
    tables = []
    for number, header in enumerate(own.get("carc", ())):
        texts = rows.select(
            pl.col(INDEX).cast(pl.UInt32).alias("row"),
            pl.lit(number).alias("cell"),
            _nth_or(own.get("adjustment_group_code", ()), number).alias("of_row"),
            _nth_or(own.get("adjustment_amount", ()), number, alone=True).alias("amount"),
            pl.col(header).fill_null("").str.to_uppercase().alias("text"),
        )
        tables.append(texts.filter(pl.col("text").str.strip_chars() != ""))
    if not tables:
        return pl.DataFrame(schema=ADJUSTMENT), 0
    texts = pl.concat(tables)
    amount = read_cells(texts["amount"], Column(name="amount", kind=Kind.MONEY))[0]
    pieces = (
        texts.with_columns(
            amount=amount.cast(CENTS, strict=False),
            text=pl.col("text")
            .str.replace_all(rf"\s+((?:{_GROUPS})[\s*:-]*[A-Z]?\d)", ";$1")
            .str.replace_all(r"(\d)\s+([A-Z]?\d{1,3}\b)", "$1;$2")
            .str.replace_all(r"[,|/]", ";")
            .str.split(";"),
        )
        .explode("text")
        .with_columns(pl.col("text").str.strip_chars())
        .filter(pl.col("text") != "")
    )
    form = rf"^(?:(?P<group>{_GROUPS})[\s*:-]*)?0*(?P<carc>[A-Z]{{0,2}}\d{{1,3}})(?:[\s:-].*)?$"
    read = pieces.with_columns(pl.col("text").str.extract_groups(form)).unnest("text")
    codes = read.filter(pl.col("carc").is_not_null()).select(
        "row",
        group_code=pl.coalesce("group", "of_row"),
        carc="carc",
        # One amount for a cell of several codes is of none of them.
        amount=pl.when(pl.len().over("row", "cell") == 1).then("amount"),
    )
    return codes, read.filter(pl.col("carc").is_null())["row"].n_unique()


def _nth_or(headers: tuple[str, ...], number: int, *, alone: bool = False) -> pl.Expr:
    """The cell of the same place in another set; its first one where that is the only one."""
    if len(headers) > number:
        header = headers[number]
    elif len(headers) == 1 and not alone:
        header = headers[0]
    else:
        return pl.lit(None, pl.String)
    text = pl.col(header).fill_null("").str.strip_chars().str.to_uppercase()
    return pl.when(text != "").then(text)


def _remarks(rows: pl.DataFrame, headers: tuple[str, ...]) -> pl.Series:
    texts = [pl.col(header).fill_null("").str.to_uppercase() for header in headers]
    text = pl.concat_str([pl.repeat("", pl.len()), *texts], separator=" ")
    return rows.select(rarcs=text.str.extract_all(r"\b(?:MA|M|N)\d{1,4}\b"))["rarcs"]


def _described(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines as `REMITTANCE_LINE` has them."""
    given = [name for name in MODIFIERS if name in lines.columns]
    modifiers = pl.concat_str(
        [pl.col(name).cast(pl.String).fill_null("") for name in given] or [pl.lit("")],
        separator=" ",
    )
    named = {new: old for old, new in _FROM_CLAIMS.items() if old in lines.columns}
    code = pl.col("hcpcs_code").cast(pl.String).str.to_uppercase()
    status = pl.col("claim_status_code").str.strip_chars().str.to_lowercase()
    form = r"^([0-9A-Z]\d{3}[0-9A-Z])[\s,:/-]+([0-9A-Z]{2}(?:[\s,:/-]+[0-9A-Z]{2})*)$"
    own = modifiers.str.to_uppercase().str.extract_all(r"[A-Z0-9]{2}").list.join(" ")
    of_code = code.str.extract(form, 2).str.extract_all(r"[0-9A-Z]{2}").list.join(" ")
    lines = lines.with_columns(
        **{new: pl.col(old) for new, old in named.items() if new != old},
        modifiers=pl.when(own == "").then(of_code.fill_null("")).otherwise(own),
        hcpcs_code=pl.coalesce(code.str.extract(form, 1), code),
        claim_status=status.replace(_STATUS_WORDS),
        allowed=pl.col("allowed_amount") if "allowed_amount" in lines.columns else None,
        is_whole_claim=False,
        # Rows of one claim in one payment belong together.
        claim_row=pl.col("source_row")
        .first()
        .over("claim_id", "payer_claim_number", "payment_date", "claim_status_code"),
        adjudicated_code=None,
    )
    absent = [name for name in REMITTANCE_LINE if name not in lines.columns and name != "answer"]
    lines = lines.with_columns(pl.lit(None).alias(name) for name in absent)
    lines = with_answers(lines.with_columns(pl.col("charge").cast(CENTS, strict=False)))
    return lines.select(
        pl.col(name).cast(dtype, strict=False)
        for name, dtype in REMITTANCE_LINE.items()
        if name != "source"
    )
