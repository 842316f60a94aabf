"""X12 835 remittances (005010X221, and 004010X091), by one Polars pipeline over their segments.

A row is an SVC, or a CLP without one. What cannot be read of it is rejected, with its segment.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.readers.failures import native_errors_silenced, reading
from cpt77092.readers.text.encoding import plain_bytes
from cpt77092.readers.x12.envelope import REMITTANCE, Transactions
from cpt77092.readers.x12.interchange import bare_interchanges
from cpt77092.readers.x12.segments import (
    ENVELOPE,
    LOOP,
    NUMBER,
    OWNER,
    PARTS,
    TAG,
    Segments,
    last,
    nth,
    parted,
    tagged_segments,
)
from cpt77092.reference.adjustments import PREDETERMINATION
from cpt77092.remittances.answers import by_row, with_answers
from cpt77092.remittances.schema import CENTS, REMITTANCE_LINE, RemittanceFile

TAGS = pl.Enum(
    [*ENVELOPE, "BPR", "N1", "CLP", "SVC", "CAS", "DTM", "REF", "AMT", "LQ", "MIA", "MOA", "PLB"]
)
_OPENERS = ("ST", "N1", "CLP", "SVC", "PLB", "SE")
_TRIPLES = range(2, 20, 3)
"""Where the reasons of a CAS are; amount and quantity follow each."""
_PAIRS = range(3, 15, 2)
"""Where the reasons of a PLB are; the amount follows each."""


def read_835(path: str, data: Path | bytes, *, lenient: bool) -> RemittanceFile:
    """Read the lines of a remittance.

    Raises:
        ClaimsError: the file is cut off, is no 835, or (unless lenient) its counts are off.
    """
    with reading(path), native_errors_silenced():
        content = bare_interchanges(plain_bytes(path, data))
        split = partial(tagged_segments, tags_read=TAGS)
        transactions = Transactions(REMITTANCE, path, content, split)
        parts = [_read(segments) for segments in transactions]
    if not lenient:
        transactions.require_right()
    faults = tuple(f"{fault.segment}: {fault.text}" for fault in transactions.faults)
    return _together(parts, transactions.notes, faults)


@frozen
class _Part:
    """What one piece of a file holds."""

    lines: pl.DataFrame
    rejects: pl.DataFrame
    payments: pl.DataFrame
    claims_off: int
    lines_off: int
    plb: pl.DataFrame


def _together(
    parts: list[_Part], notes: tuple[str, ...], faults: tuple[str, ...]
) -> RemittanceFile:
    payments = pl.concat(part.payments for part in parts)
    off = {
        "payments that are not the sum of their claims and provider adjustments (BPR02)": int(
            (~payments["balances"]).sum()
        ),
        "claims that do not balance (CLP03 is not CLP04 and the adjustments)": sum(
            part.claims_off for part in parts
        ),
        "lines that do not balance (SVC02 is not SVC03 and the adjustments)": sum(
            part.lines_off for part in parts
        ),
    }
    unbalanced = tuple(f"{text}: {number:,}" for text, number in off.items() if number)
    lines = pl.concat(part.lines for part in parts)
    rejects = pl.concat(part.rejects for part in parts)
    plb = pl.concat(part.plb for part in parts)
    withheld = plb.group_by("code", maintain_order=True).agg(pl.col("amount").sum())
    return RemittanceFile(
        lines=lines,
        rejects=rejects,
        rows=lines.height + rejects.height,
        kind="X12 835",
        notes=(*notes, *unbalanced),
        faults=faults,
        payments=payments.height,
        provider_adjustments=dict(zip(withheld["code"], withheld["amount"], strict=True)),
    )


def _read(segments: Segments) -> _Part:
    frame = _with_loops(segments.frame)
    component = segments.delimiters.component.decode()
    tagged = {
        str(tag): parted(rows, segments.delimiters)
        for (tag,), rows in frame.group_by(TAG, maintain_order=True)
    }
    empty = parted(frame.clear(), segments.delimiters)
    of = {tag: tagged.get(tag, empty) for tag in TAGS.categories}
    claims = _claims(of)
    lines, rejects = _service_lines(of, claims, component)
    adjustments = _adjustments(of["CAS"])
    lines = _with_reasons(lines, adjustments, of)
    payments, plb = _payments(of, claims, component)
    return _Part(
        lines.select(
            pl.col(name).cast(dtype) for name, dtype in REMITTANCE_LINE.items() if name != "source"
        ),
        rejects,
        payments,
        *_off_balance(lines, claims, adjustments),
        plb,
    )


def _with_loops(frame: pl.DataFrame) -> pl.DataFrame:
    """Segments with the loop they are in, their claim and their transaction."""
    tag = pl.col(TAG)

    is_opener = tag.is_in(list(_OPENERS))
    # A payment's payer comes before its claims; what follows a claim's end is no claim's.
    ends = tag.is_in(["ST", "PLB", "SE"])
    return (
        frame.with_columns(
            pl.when(is_opener).then(tag).forward_fill().alias(LOOP),
            last(is_opener).alias(OWNER),
            last(tag == "CLP").alias("claim"),
            last(tag == "ST").alias("payment"),
            last(ends).alias("end"),
        )
        .with_columns(claim=pl.when(pl.col("claim") > pl.col("end")).then("claim"))
        .drop("end")
    )


def _money(number: int, *, of: str = PARTS) -> pl.Expr:
    return nth(number, of=of).cast(CENTS, strict=False)


def _day(text: pl.Expr) -> pl.Expr:
    return text.str.slice(0, 8).str.to_date("%Y%m%d", strict=False)


def _claims(of: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """One row for each CLP, with its payment's payer and day."""
    payers = of["N1"].filter(nth(1) == "PR").select("payment", remitting_payer=nth(2))
    produced = of["DTM"].filter(nth(1) == "405", pl.col(LOOP) != "CLP")
    days = of["BPR"].select("payment", of_check=_day(nth(16)))
    for table in (
        produced.select("payment", produced=_day(nth(2))).unique("payment", keep="first"),
        payers.unique("payment", keep="first", maintain_order=True),
    ):
        days = days.join(table, on="payment", how="left", maintain_order="left")
    days = days.with_columns(payment_date=pl.coalesce("of_check", "produced"))
    service = of["DTM"].filter(pl.col(LOOP) == "CLP", nth(1).is_in(["232", "472", "150"]))
    service = service.select(OWNER, claim_day=_day(nth(2)))
    listed = [
        of[tag].filter(pl.col(LOOP) == "CLP").select(OWNER, rarc=nth(number))
        for tag, numbers in (("MOA", (3, 4, 5, 6, 7)), ("MIA", (5, 20, 21, 22, 23)))
        for number in numbers
    ]
    named = pl.concat(listed).filter(pl.col("rarc") != "")
    rarcs = named.group_by(OWNER, maintain_order=True).agg(claim_rarcs="rarc")
    claims = of["CLP"].select(
        NUMBER,
        OWNER,
        "payment",
        claim_id=nth(1),
        claim_status=nth(2),
        claim_charge=_money(3),
        claim_paid=_money(4),
        payer_claim_number=nth(7),
    )
    claims = claims.join(days, on="payment", how="left", maintain_order="left")
    for table in (service.unique(OWNER, keep="first", maintain_order=True), rarcs):
        claims = claims.join(table, on=OWNER, how="left", maintain_order="left")
    return claims.drop(OWNER, "of_check", "produced")


def _service_lines(
    of: dict[str, pl.DataFrame], claims: pl.DataFrame, component: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every SVC, and every claim without one; and those of them that cannot be read."""
    lines = _services(of["SVC"], component)
    alone = claims.join(lines, left_on=NUMBER, right_on="claim", how="anti").select(
        NUMBER,
        pl.col(NUMBER).alias("claim"),
        is_whole_claim=True,
        charge="claim_charge",
        paid="claim_paid",
    )
    lines = pl.concat([lines, alone], how="diagonal")
    shown = component if component.isprintable() else f"{ord(component):#04x}"
    amounts = pl.col("charge", "paid").is_null()
    problems = {
        "an SVC outside a claim: no CLP before it": pl.col("claim").is_null(),
        f"SVC01 is not separated by {shown}, which the ISA declares": pl.col("is_undivided"),
        "SVC01 has no procedure code": ~pl.col("is_whole_claim") & (pl.col("hcpcs_code") == ""),
        "the charge or the payment is no amount": pl.any_horizontal(amounts),
    }
    problem = pl.coalesce(pl.when(test).then(pl.lit(text)) for text, test in problems.items())
    lines = lines.with_columns(reason=problem)
    rejects = lines.filter(pl.col("reason").is_not_null())
    readable = lines.filter(pl.col("reason").is_null()).drop("reason", "is_undivided")
    described = readable.join(claims.rename({NUMBER: "claim"}), on="claim", how="left")
    return (
        described.sort(NUMBER),
        rejects.select(pl.col(NUMBER).cast(pl.UInt32).alias("source_row"), "reason"),
    )


def _services(segments: pl.DataFrame, component: str) -> pl.DataFrame:
    """The SVC segments with code and modifiers as they were submitted (SVC06 where it is there)."""
    pieces = {"now": nth(1).str.split(component), "then": nth(6).str.split(component)}
    lines = segments.with_columns(**pieces).with_columns(code=_code("now"), original=_code("then"))
    code, original = pl.col("code"), pl.col("original")
    lines = lines.with_columns(submitted=pl.when(original != "").then("then").otherwise("now"))
    # A payer may give back the submitted code without its modifiers.
    has_modifiers = (original == "") | (pl.col("submitted").list.len() > 2)
    return lines.select(
        NUMBER,
        "claim",
        is_whole_claim=False,
        is_undivided=(pl.col("now").list.len() < 2) & (nth(1) != "HC"),
        hcpcs_code=pl.when(original != "").then(original).otherwise(code),
        adjudicated_code=pl.when((original != "") & (original != code)).then(code),
        modifiers=pl.when(has_modifiers).then(_modifiers("submitted")),
        units=pl.coalesce(nth(5).cast(pl.Float64, strict=False), pl.lit(1.0)),
        charge=_money(2),
        paid=pl.when(nth(3) == "").then(pl.lit(0, CENTS)).otherwise(_money(3)),
    )


def _code(parts: str) -> pl.Expr:
    """The code of a composite; with its qualifier where it is no HCPCS code."""
    qualifier, code = nth(0, of=parts).str.to_uppercase(), nth(1, of=parts).str.to_uppercase()
    is_plain = (qualifier == "HC") | (code == "")
    return pl.when(is_plain).then(code).otherwise(pl.format("{}:{}", qualifier, code))


def _modifiers(parts: str) -> pl.Expr:
    """`26 59`: the modifiers of a composite in order."""
    return (
        pl.col(parts).list.slice(2, 4).list.join(" ").str.to_uppercase().str.strip_chars()
        .str.replace_all(r"\s+", " ")
    )  # fmt: skip


def _adjustments(segments: pl.DataFrame) -> pl.DataFrame:
    """Every reason of every CAS, with the loop that it is in."""
    triples = [
        segments.filter(pl.col(PARTS).list.len() > number).select(
            pl.col(OWNER).alias("row"),
            LOOP,
            NUMBER,
            "claim",
            group_code=nth(1).str.to_uppercase(),
            carc=nth(number).str.to_uppercase().str.strip_chars_start("0"),
            amount=_money(number + 1),
        )
        for number in _TRIPLES
    ]
    return pl.concat(triples).filter(pl.col("carc") != "").sort(NUMBER, maintain_order=True)


def _with_reasons(
    lines: pl.DataFrame, adjustments: pl.DataFrame, of: dict[str, pl.DataFrame]
) -> pl.DataFrame:
    """The lines with adjustments, remarks, dates, amounts; their claim's where they have none."""
    own = by_row(adjustments.filter(pl.col(LOOP) == "SVC"))
    whole = by_row(adjustments.filter(pl.col(LOOP) == "CLP"))
    lines = lines.join(own, left_on=NUMBER, right_on="row", how="left", maintain_order="left")
    lines = lines.join(
        whole, left_on="claim", right_on="row", how="left", maintain_order="left", suffix="_claim"
    )
    lacks_own = pl.col("adjustments").is_null()
    lines = lines.with_columns(
        pl.when(lacks_own).then(f"{name}_claim").otherwise(name).alias(name)
        for name in ("group_code", "carc", "carcs", "patient_share", "adjustments")
    )
    for table in _tables(of):
        lines = lines.join(table, left_on=NUMBER, right_on=OWNER, how="left", maintain_order="left")
    rarcs = [pl.col(name).fill_null([]) for name in ("line_rarcs", "claim_rarcs")]
    return with_answers(
        lines.with_columns(
            patient_share=pl.col("patient_share").fill_null(0),
            carcs=pl.col("carcs").fill_null([]),
            rarcs=pl.concat_list(rarcs),
            claim_line_start_date=pl.coalesce("line_day", "claim_day"),
            source_row=NUMBER,
            claim_row="claim",
            claim_line_number=None,
        )
    )


def _tables(of: dict[str, pl.DataFrame]) -> list[pl.DataFrame]:
    """What segments below an SVC give it, by its number."""
    below = {tag: of[tag].filter(pl.col(LOOP) == "SVC") for tag in ("DTM", "REF", "AMT", "LQ")}
    days = below["DTM"].filter(nth(1).is_in(["472", "150"]))
    controls = below["REF"].filter(nth(1) == "6R")
    allowed = below["AMT"].filter(nth(1) == "B6")
    remarks = below["LQ"].filter(nth(1) == "HE", nth(2) != "").select(OWNER, rarc=nth(2))
    return [
        days.select(OWNER, line_day=_day(nth(2))).unique(OWNER, keep="first"),
        controls.select(OWNER, line_control_number=nth(2)).unique(OWNER, keep="first"),
        allowed.select(OWNER, allowed=_money(2)).unique(OWNER, keep="first"),
        remarks.group_by(OWNER, maintain_order=True).agg(line_rarcs=pl.col("rarc")),
    ]


def _payments(
    of: dict[str, pl.DataFrame], claims: pl.DataFrame, component: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each payment with whether it is the sum of its parts, and the provider adjustments."""
    pairs = [
        of["PLB"]
        .filter(pl.col(PARTS).list.len() > number)
        .select(
            "payment",
            code=nth(number).str.split(component).list.get(0),
            amount=_money(number + 1),
        )
        for number in _PAIRS
    ]
    plb = pl.concat(pairs).filter(pl.col("code") != "")
    withheld = plb.group_by("payment").agg(pl.col("amount").sum())
    paid = claims.group_by("payment").agg(pl.col("claim_paid").sum())
    payments = (
        of["ST"]
        .select("payment")
        .join(of["BPR"].select("payment", total=_money(2)), on="payment", how="left")
    )
    for table in (withheld, paid):
        payments = payments.join(table, on="payment", how="left")
    parts = pl.col("claim_paid").fill_null(0) - pl.col("amount").fill_null(0)
    return payments.select(balances=(pl.col("total") == parts).fill_null(value=False)), plb


def _off_balance(
    lines: pl.DataFrame, claims: pl.DataFrame, adjustments: pl.DataFrame
) -> tuple[int, int]:
    """How many claims, and how many lines, are not the sum of payment and adjustments."""
    amount = pl.col("amount").fill_null(0)
    of_lines, of_claims = (
        adjustments.group_by(key).agg(pl.col("amount").sum()) for key in ("row", "claim")
    )
    own = lines.filter(~pl.col("is_whole_claim")).select(NUMBER, "charge", "paid")
    own = own.join(of_lines, left_on=NUMBER, right_on="row", how="left")
    whole = claims.filter(pl.col("claim_status") != PREDETERMINATION)
    whole = whole.join(of_claims, left_on=NUMBER, right_on="claim", how="left")
    return (
        whole.filter(pl.col("claim_charge") != pl.col("claim_paid") + amount).height,
        own.filter(pl.col("charge") != pl.col("paid") + amount).height,
    )
