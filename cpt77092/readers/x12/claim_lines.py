"""From segments to service lines: one row for each SV1, with what the loops around it say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from cpt77092.claims import columns
from cpt77092.claims.cells import source_cell, written_cell
from cpt77092.readers.classify import SORTING
from cpt77092.readers.code_cells import may_be_in_scope
from cpt77092.readers.scan import REJECT, ROW
from cpt77092.readers.x12.segments import (
    LOOP,
    NUMBER,
    OWNER,
    PARTS,
    TAG,
    TEXT,
    Segments,
    last,
    nth,
    parted,
)

UNIT = "unit"
"""The segment that opens the claim of a service line."""
SOURCES: Mapping[str, str] = {
    "claim_id": "CLM01",
    "claim_line_number": "LX01",
    "line_control_number": "2400 REF*6R",
    "person_id": "2010BA or 2010CA NM109",
    "payer": "2010BB NM103",
    "payer_id": "2010BB NM109",
    "claim_filing_indicator": "2000B SBR09",
    "claim_line_start_date": "DTP*472, first day",
    "claim_line_end_date": "DTP*472, last day",
    "place_of_service_code": "SV105, else CLM05-1",
    "hcpcs_code": "SV101-2",
    **{f"hcpcs_modifier_{n}": f"SV101-{n + 2}" for n in range(1, 5)},
    "service_unit_quantity": "SV104, with SV103 unless it is UN",
    "charge_amount": "SV102",
    **{name: f"HI, diagnosis {n}" for n, name in enumerate(columns.DIAGNOSES, start=1)},
    "diagnosis_pointer": "SV107",
    "rendering_npi": "2420A, else 2310B, else 2010AA NM109",
    "billing_npi": "2010AA NM109",
    "ordering_npi": "2420E, else 2420F, else 2310A NM109",
    "prior_authorization_number": "REF*G1",
    "claim_frequency_code": "CLM05-3",
    "original_reference_number": "REF*F8",
    "patient_sex": "DMG03",
    "patient_birth_date": "DMG02",
}
"""Where each canonical column is in an 837P."""


_ROLES = ("85", "82", "DN", "DK", "PR", "IL", "QC")
"""NM101 of billing, rendering, referring and ordering provider; payer, member and patient."""
DIAGNOSIS_QUALIFIERS = ("ABK", "ABF", "BK", "BF")
"""ICD-10 and, in old claims, ICD-9; every other HI is about procedures, conditions, occurrences."""


def read_lines(
    segments: Segments, *, needed: frozenset[str], scope: frozenset[str], of_history: bool
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The service lines of one piece that may be in scope, with the canonical columns needed.

    A loop that should hold a service line and does not (an LX without an SV1, a claim without an
    LX) is a rejected line of its own.

    Returns:
        The lines, `hcpcs_code, person_id, claim_line_start_date` of every service line of the piece
        (the patient only of history), and how many claims with such a line do not add up.
    """
    every = _service_lines(segments, scope)
    code = pl.col("hcpcs_code")
    kept = every.filter(pl.col(REJECT).is_not_null() | may_be_in_scope(code, scope))
    wanted = [name for name in SOURCES if name in needed or name in SORTING]
    described = _described(kept, segments).sort(ROW, maintain_order=True)
    return (
        described.select(
            ROW, REJECT, *(written_cell(name, columns.BY_NAME[name]) for name in wanted)
        ),
        _with_first_days(_with_people(every, segments) if of_history else every, segments),
        _totals_off(every, described),
    )


def claim_keys(segments: Segments, names: Sequence[str]) -> pl.DataFrame:
    """Every service line of one piece, and every loop that lacks one, with the claim it is in.

    Returns:
        `source_row`, as `read_lines` has it; `unit`, the number of the claim's first segment, null
        outside a claim; and the canonical columns named.
    """
    every = _service_lines(segments, frozenset()).sort(ROW, maintain_order=True)
    return _described(every, segments).select(
        pl.col(ROW).cast(pl.UInt32),
        pl.col("claim").cast(pl.UInt32).alias(UNIT),
        *(source_cell(name, columns.BY_NAME[name]) for name in names if name in SOURCES),
    )


def _service_lines(segments: Segments, scope: frozenset[str]) -> pl.DataFrame:
    """Every SV1 with its code and the loops it is in, and every loop that lacks its SV1."""
    component = segments.delimiters.component.decode()
    lines = (
        parted(segments.frame.filter(pl.col(TAG) == "SV1"), segments.delimiters)
        .drop(TEXT, TAG)
        .with_columns(pieces=nth(1).str.split(component))
        .with_columns(qualifier=nth(0, of="pieces"), code=nth(1, of="pieces"))
    )
    around = _loops_around(segments)
    lines = pl.concat([lines, *_without_service(segments, lines, around)], how="diagonal").join(
        around, on=OWNER, how="left", maintain_order="left"
    )
    qualifier, code = pl.col("qualifier"), pl.col("code")
    is_hcpcs = qualifier.str.to_uppercase() == "HC"
    is_line = pl.col(LOOP) == "LX"
    shown = component if component.isprintable() else f"{ord(component):#04x}"
    problems = {
        "SV1 outside a service line: no LX before it": ~is_line,
        "a second SV1 after one LX": is_line & ~pl.struct(LOOP, OWNER).is_first_distinct(),
        "a service line outside a claim: no CLM before its LX": pl.col("claim").is_null(),
        f"SV101 is not separated by {shown}, which the ISA declares": (qualifier != "")
        & (pl.col("pieces").list.len() < 2),
        "SV101 does not have HC before its code": (pl.col("pieces").list.len() > 1)
        & ~is_hcpcs
        & may_be_in_scope(code, scope),
    }
    reasons = [pl.when(test).then(pl.lit(text)) for text, test in problems.items()]
    return lines.with_columns(
        pl.when(is_line).then(OWNER).otherwise(NUMBER).alias(ROW),
        pl.coalesce(REJECT, *reasons).alias(REJECT),
        pl.when(is_hcpcs | (pl.col("pieces").list.len() < 2))
        .then(code)
        .otherwise(pl.col("pieces").list.join(component))
        .alias("hcpcs_code"),
    )


def _without_service(
    segments: Segments, lines: pl.DataFrame, around: pl.DataFrame
) -> list[pl.DataFrame]:
    """Rejected rows for every LX without an SV1, every claim without an LX."""
    opened = segments.frame.filter(pl.col(NUMBER) == pl.col(OWNER)).select(NUMBER, LOOP, OWNER)
    in_claims = around.filter(pl.col("claim") < pl.col(OWNER)).select(pl.col("claim").alias(OWNER))
    lone = {
        "LX": (lines.select(OWNER), "no SV1 after this LX"),
        "CLM": (pl.concat([in_claims, lines.select(OWNER)]), "a claim without a service line"),
    }
    return [
        opened.filter(pl.col(LOOP) == loop)
        .join(filled, on=OWNER, how="anti")
        .with_columns(pl.lit(text).alias(REJECT))
        for loop, (filled, text) in lone.items()
    ]


def _with_people(lines: pl.DataFrame, segments: Segments) -> pl.DataFrame:
    """The lines with who their patient is."""
    names, births = (
        parted(segments.frame.filter(pl.col(TAG) == tag), segments.delimiters)
        for tag in ("NM1", "DMG")
    )
    people = _joined(lines, _people(names.with_columns(who=nth(1)), births))
    return people.with_columns(person_id=_person(pl.col("dependent").is_not_null()))


def _with_first_days(lines: pl.DataFrame, segments: Segments) -> pl.DataFrame:
    """Code, patient and first day of service of every line, blank where it has none."""
    dates = segments.frame.filter(pl.col(TAG) == "DTP", pl.col(LOOP) == "LX").select(OWNER, TEXT)
    # A file has few distinct days and many lines: part each segment once.
    texts = parted(dates.select(TEXT).unique(), segments.delimiters)
    days = texts.filter(nth(1) == "472").select(TEXT, claim_line_start_date=_first_day())
    first = dates.join(days, on=TEXT, maintain_order="left").unique(
        OWNER, keep="first", maintain_order=True
    )
    return lines.join(first, on=OWNER, how="left", maintain_order="left").select(
        "hcpcs_code",
        (pl.col("person_id") if "person_id" in lines.columns else pl.lit(""))
        .fill_null("")
        .alias("person_id"),
        pl.col("claim_line_start_date").fill_null(""),
    )


def _loops_around(segments: Segments) -> pl.DataFrame:
    """For every LX and CLM the loops it is in, each named by the segment that opened it."""
    openers = segments.frame.filter(pl.col(NUMBER) == pl.col(OWNER))
    levels = parted(openers.filter(pl.col(LOOP) == "HL"), segments.delimiters).select(
        NUMBER, level=nth(3)
    )

    loop, level = pl.col(LOOP), pl.col("level")
    loops = openers.join(levels, on=NUMBER, how="left", maintain_order="left").select(
        OWNER,
        LOOP,
        begin=last(loop.is_in(["ST", "SE"])),
        any_level=last(loop == "HL"),
        billing=last(level == "20"),
        subscriber=last(level == "22"),
        dependent=last(level == "23"),
        claim=last(loop == "CLM"),
    )

    def within(inner: str, *outer: str) -> pl.Expr:
        """The loop, unless a wider one was opened after it."""
        return pl.when(pl.col(inner) > pl.max_horizontal(outer)).then(inner).alias(inner)

    return loops.filter(loop.is_in(["LX", "CLM"])).select(
        OWNER,
        within("billing", "begin"),
        within("subscriber", "begin", "billing"),
        within("dependent", "begin", "billing", "subscriber"),
        within("claim", "begin", "any_level"),
    )


def _totals_off(every: pl.DataFrame, described: pl.DataFrame) -> int:
    """How many claims with a kept line have another total (CLM02) than their charges (SV102)."""
    stated = described.select("claim", total=_money("claim_total")).unique("claim")
    charge = pl.col("charge")
    sums = (
        every.lazy()
        .join(stated.lazy(), on="claim", how="semi")
        .select("claim", charge=_money(nth(2)))
        .group_by("claim")
        .agg(charges=pl.when(charge.null_count() == 0).then(charge.sum()))
        .collect()
    )
    return stated.join(sums, on="claim").filter(pl.col("total") != pl.col("charges")).height


def _money(text: str | pl.Expr) -> pl.Expr:
    cell = pl.col(text) if isinstance(text, str) else text
    return cell.cast(pl.Decimal(18, 2), strict=False)


def _described(kept: pl.DataFrame, segments: Segments) -> pl.DataFrame:
    """The lines with every canonical column that an 837P has."""
    loops = ("billing", "subscriber", "dependent", "claim")
    keys = pl.concat([kept.select(pl.col(key).alias(OWNER)) for key in (OWNER, *loops)]).unique()
    near = segments.frame.join(keys, on=OWNER, how="semi")
    named = {
        tag: parted(near.filter(pl.col(TAG) == tag), segments.delimiters)
        for tag in ("CLM", "LX", "REF", "DTP", "NM1", "DMG", "HI", "SBR")
    }
    component = segments.delimiters.component.decode()
    # A payer would refuse a claim without it.
    is_blank = pl.col("claim_frequency_code") == ""
    no_frequency = pl.lit("CLM05-3, the claim frequency code, is blank")
    frequency_problem = pl.when(is_blank).then(no_frequency)
    return _joined(kept, _tables(named, component)).with_columns(
        pl.coalesce(REJECT, "dates_problem", "diagnoses_problem", frequency_problem).alias(REJECT),
        **_from_the_line(component),
    )


def _joined(lines: pl.DataFrame, tables: Iterable[tuple[str, pl.DataFrame]]) -> pl.DataFrame:
    """The lines with the columns of some tables (`_tables`), each of which has a loop once."""
    more = [
        lines.select(key)
        .join(table, left_on=key, right_on=OWNER, how="left", maintain_order="left")
        .drop(key)
        for key, table in tables
    ]
    return pl.concat([lines, *more], how="horizontal")


def _tables(segments: Mapping[str, pl.DataFrame], component: str) -> list[tuple[str, pl.DataFrame]]:
    """Columns to add to the lines, each with the loop of a line by whose opener they are joined."""
    names = segments["NM1"].with_columns(who=nth(1))
    who = {code: names.lazy().filter(pl.col("who") == code) for code in _ROLES}
    # A line may carry other payers' authorizations too, which say whose they are.
    permits = segments["REF"].filter(nth(1) == "G1", nth(4) == "", nth(2) != "")
    controls = segments["REF"].filter(nth(1) == "6R")
    # An identifier of another kind (a tax number in old files) is no NPI.
    npi = pl.when(nth(8) == "XX").then(nth(9)).otherwise(pl.lit(""))
    return [
        ("claim", _claims(segments["CLM"], component)),
        (OWNER, segments["LX"].select(OWNER, claim_line_number=nth(1))),
        (OWNER, _firsts(controls, "LX", line_control_number=nth(2))),
        (OWNER, _dates(segments["DTP"])),
        (OWNER, _firsts(permits, "LX", line_permit=nth(2))),
        ("claim", _firsts(permits, "CLM", claim_permit=nth(2))),
        ("claim", _original_references(segments["REF"], segments["SBR"])),
        ("billing", _firsts(who["85"], "HL", billing_npi=npi)),
        ("claim", _firsts(who["82"], "CLM", claim_rendering=npi)),
        (OWNER, _firsts(who["82"], "LX", line_rendering=npi)),
        ("claim", _firsts(who["DN"], "CLM", claim_referring=npi)),
        (OWNER, _firsts(who["DN"], "LX", line_referring=npi)),
        (OWNER, _firsts(who["DK"], "LX", line_ordering=npi)),
        ("subscriber", _firsts(who["PR"], "HL", payer=nth(3), payer_id=nth(9))),
        *_people(names, segments["DMG"]),
        ("subscriber", _firsts(segments["SBR"], "HL", claim_filing_indicator=nth(9))),
        ("claim", _diagnoses(segments["HI"], component)),
    ]


def _people(names: pl.DataFrame, births: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """What is known of members and of patients who depend on them, as `_tables` has it."""
    members, patients = (names.lazy().filter(pl.col("who") == who) for who in ("IL", "QC"))
    name = pl.concat_str([nth(n) for n in (3, 4, 5, 7)], separator=" ").str.to_uppercase()
    return [
        ("subscriber", _firsts(members, "HL", member=nth(9))),
        ("subscriber", _firsts(births, "HL", member_birth=nth(2), member_sex=nth(3))),
        ("dependent", _firsts(patients, "HL", own_number=nth(9), own_name=name)),
        ("dependent", _firsts(births, "HL", own_birth=nth(2), own_sex=nth(3))),
    ]


def _original_references(references: pl.DataFrame, payers: pl.DataFrame) -> pl.DataFrame:
    """The payer's number of the claim that each claim replaces or voids.

    Behind an SBR of the claim it is the number that another payer gave it.
    """
    others = payers.filter(pl.col(LOOP) == "CLM").group_by(OWNER).agg(end=pl.col(NUMBER).min())
    own = references.join(others, on=OWNER, how="left").filter(
        nth(1) == "F8", (pl.col(NUMBER) < pl.col("end")).fill_null(value=True)
    )
    return _firsts(own, "CLM", original_reference_number=nth(2))


def _claims(claims: pl.DataFrame, component: str) -> pl.DataFrame:
    places = nth(5).str.split(component)
    return claims.select(OWNER, claim_id=nth(1), claim_total=nth(2), places=places).select(
        OWNER,
        "claim_id",
        "claim_total",
        claim_place=nth(0, of="places"),
        claim_frequency_code=nth(2, of="places"),
    )


def _dates(dates: pl.DataFrame) -> pl.DataFrame:
    """First and last day of service; a line that states two different ones has none."""
    stated = (
        dates.filter(pl.col(LOOP) == "LX", nth(1) == "472")
        .select(OWNER, form=nth(2), day=nth(3), claim_line_start_date=_first_day())
        .unique([OWNER, "form", "day"], maintain_order=True)
    )
    last = pl.col("day").str.splitn("-", 2).struct["field_1"]
    contradicts = pl.lit("two different dates of service (DTP*472)")
    return stated.select(
        OWNER,
        "claim_line_start_date",
        claim_line_end_date=pl.when(pl.col("form") == "RD8").then(last).otherwise("day"),
        dates_problem=pl.when(pl.col(OWNER).is_duplicated()).then(contradicts),
    ).unique(OWNER, keep="first", maintain_order=True)


def _first_day() -> pl.Expr:
    """The day of a DTP segment, the first one of a range."""
    first = nth(3).str.splitn("-", 2).struct["field_0"]
    return pl.when(nth(2) == "RD8").then(first).otherwise(nth(3))


def _firsts(rows: pl.DataFrame | pl.LazyFrame, loop: str, **columns: pl.Expr) -> pl.DataFrame:
    """The first of the rows in each loop of a kind, with what these columns take from it."""
    return (
        rows.lazy()
        .filter(pl.col(LOOP) == loop)
        .select(OWNER, **columns)
        .unique(OWNER, keep="first", maintain_order=True)
        .collect()
    )


def _diagnoses(lists: pl.DataFrame, component: str) -> pl.DataFrame:
    """The diagnoses of each claim in their order, whatever number of HI segments they fill."""
    codes = (
        lists.filter(pl.col(LOOP) == "CLM")
        .select(OWNER, pieces=pl.col(PARTS).list.slice(1))
        .explode("pieces")
        .with_columns(pl.col("pieces").str.split(component))
        .select(OWNER, kind=nth(0, of="pieces").str.to_uppercase(), code=nth(1, of="pieces"))
        .filter(pl.col("kind").is_in(DIAGNOSIS_QUALIFIERS), pl.col("code") != "")
        .group_by(OWNER, maintain_order=True)
        .agg("code")
    )
    too_many = pl.when(pl.col("code").list.len() > len(columns.DIAGNOSES)).then(
        pl.lit(f"more than {len(columns.DIAGNOSES)} diagnoses (HI)")
    )
    return codes.select(
        OWNER,
        *(nth(n, of="code").alias(name) for n, name in enumerate(columns.DIAGNOSES)),
        diagnoses_problem=too_many,
    )


def _units() -> pl.Expr:
    """SV104 where SV103 says that it counts units (UN); else both, which is no number."""
    qualifier, quantity = nth(3).str.to_uppercase(), nth(4)
    is_minutes = qualifier == "MJ"
    return (
        pl.when((qualifier == "UN") | (quantity == ""))
        .then(quantity)
        .when(is_minutes)
        .then(pl.format("{} minutes (SV103 MJ)", quantity))
        .when(qualifier == "")
        .then(pl.format("{} (SV103 blank)", quantity))
        .otherwise(pl.format("{} (SV103 {})", quantity, qualifier))
    )


def _pointer(component: str) -> pl.Expr:
    """SV107 as it is written in a table; with its name where it is no list of one to four numbers.

    It is required of a claim that has diagnoses.
    """
    pointer = nth(7).str.replace_all(component, ":", literal=True)
    is_right = pointer.str.contains(r"^(?:[1-9]|1[0-2])(?::(?:[1-9]|1[0-2])){0,3}:*$")
    has_diagnoses = pl.col("diagnosis_code_1").fill_null("") != ""
    return (
        pl.when(is_right | ((pointer == "") & ~has_diagnoses))
        .then(pointer)
        .when(pointer == "")
        .then(pl.lit("blank SV107"))
        .otherwise(pl.format("{} (SV107)", pointer))
    )


def _from_the_line(component: str) -> dict[str, pl.Expr]:
    """Canonical columns that the service line gives, or that it has from the loops around it."""
    place = nth(5)
    # No rendering provider means that the billing provider rendered the service (TR3, 2310B);
    # one without an NPI is there and blank.
    rendering = pl.coalesce("line_rendering", "claim_rendering", "billing_npi")
    ordering = pl.coalesce("line_ordering", "line_referring", "claim_referring")
    is_dependent = pl.col("dependent").is_not_null()
    return {
        **{f"hcpcs_modifier_{n}": nth(n + 1, of="pieces") for n in range(1, 5)},
        "charge_amount": nth(2),
        "service_unit_quantity": _units(),
        "place_of_service_code": pl.when(place != "").then(place).otherwise("claim_place"),
        "diagnosis_pointer": _pointer(component),
        "rendering_npi": rendering,
        "ordering_npi": ordering,
        "prior_authorization_number": pl.coalesce("line_permit", "claim_permit"),
        "patient_sex": pl.when(is_dependent).then("own_sex").otherwise("member_sex"),
        "patient_birth_date": pl.when(is_dependent).then("own_birth").otherwise("member_birth"),
        "person_id": _person(is_dependent),
    }


def _person(is_dependent: pl.Expr) -> pl.Expr:
    """Who the patient is: a member, or a dependent known by name and birth date.

    A dependent has no number, so one is made that does not show the name. It holds within a run.
    """
    described = pl.concat_str("own_name", pl.col("own_birth").fill_null(""), separator=" ")
    is_known = (pl.col("member") != "") & (described.str.strip_chars() != "")
    derived = pl.format("{}/{}", "member", described.hash(seed=77092))
    dependent = (
        pl.when(pl.col("own_number") != "")
        .then("own_number")
        .when(is_known)
        .then(derived)
        .otherwise(pl.lit(""))
    )
    return pl.when(is_dependent).then(dependent).otherwise("member")
