"""The rules written by hand in Polars; also the frame and expressions of two validation libraries.

`prepared` lays the policy beside each line; `RULES` flags. What a library checks is the opposite
of a flag, with null taken for *no finding*.
"""

from __future__ import annotations

import polars as pl

from tests.benchmarks.contenders.job import Job, is_npi, load

MODIFIERS = ("hcpcs_modifier_1", "hcpcs_modifier_2")


def prepared(job: Job) -> pl.DataFrame:
    """The checked lines of the batch, with the policy in force beside each."""
    lines = (
        pl.scan_csv(job.batch, infer_schema=False, row_index_name="row")
        .filter(pl.col("hcpcs_code").is_in(job.checked))
        .with_columns(
            pl.col(pl.String).fill_null(""),
            line=pl.col("row") + 1,
            day=pl.col("claim_line_start_date").str.to_date("%Y-%m-%d", strict=False),
            units=pl.col("service_unit_quantity").cast(pl.Float64, strict=False),
            charge=pl.col("charge_amount").cast(pl.Float64, strict=False),
        )
        .collect(engine="streaming")
    )
    types = {"code": pl.String, "first_day": pl.Date, "in_force": pl.Boolean}
    policies = pl.read_csv(job.policies, schema_overrides=types).sort("first_day")
    facilities = pl.read_csv(job.facilities, schema_overrides={"place": pl.String})
    npis = lines["rendering_npi"].unique()
    valid = npis.filter(pl.Series([is_npi(npi) for npi in npis], dtype=pl.Boolean))
    dated = lines.filter(pl.col("day").is_not_null()).sort("day")
    in_force = dated.join_asof(
        policies,
        left_on="day",
        right_on="first_day",
        by_left=["payer", "hcpcs_code"],
        by_right=["payer", "code"],
        check_sortedness=False,
    )
    undated = lines.filter(pl.col("day").is_null())
    return (
        pl.concat([in_force, undated], how="diagonal")
        .join(
            facilities.with_columns(is_facility=True),
            left_on=["facility_place_of_service", "place_of_service_code"],
            right_on=["facility_place_of_service", "place"],
            how="left",
        )
        .with_columns(npi_is_valid=pl.col("rendering_npi").is_in(valid.implode()))
    )


def rules(job: Job) -> dict[str, pl.Expr]:
    """Each rule's flag: true is a finding, null is none."""
    one, two = (pl.col(name) for name in MODIFIERS)
    has_26, has_tc = ((one == code) | (two == code) for code in ("26", "TC"))
    day = pl.col("day")
    of_family = pl.col("hcpcs_code").is_in(job.family)
    of_technical = pl.col("hcpcs_code").is_in(job.technical)
    return {
        "MO001": of_family & has_26 & (pl.col("modifier_26") == "not_allowed"),
        "MO004": of_family & has_tc & (pl.col("modifier_tc") == "not_allowed"),
        "MO005": has_26 & has_tc,
        "MO006": (one == two) & (one != ""),
        "MO009": (one == "") & (two != ""),
        "UN002": (pl.col("units") <= 0) | (pl.col("units") % 1 != 0),
        "DT001": day.is_null(),
        "DT002": of_family & ~pl.col("in_force"),
        "DT003": day > pl.lit(job.as_of).str.to_date(),
        "PO002": ~pl.col("place_of_service_code").is_in(job.places),
        "PO003": (of_technical | (~of_family & has_tc))
        & pl.col("is_facility")
        & (pl.col("technical_in_facility") == "not_payable"),
        "ID001": ~pl.col("npi_is_valid"),
        "ID003": (pl.col("ordering_npi") == "") & (pl.col("ordering_provider") == "required"),
        "CH001": pl.col("charge").is_null() | (pl.col("charge") <= 0),
    }


def write(findings: dict[str, pl.Series], output: str) -> None:
    """Write the numbers of the lines that each rule flagged."""
    frames = [
        pl.DataFrame({"line": lines.cast(pl.UInt32)}).with_columns(rule=pl.lit(code))
        for code, lines in findings.items()
    ]
    pl.concat(frames).write_csv(output)


def main() -> None:
    """Check the batch."""
    job, output = load()
    lines = prepared(job)
    flags = lines.select("line", *(flag.alias(code) for code, flag in rules(job).items()))
    write({code: flags["line"].filter(flags[code]) for code in flags.columns[1:]}, output)


if __name__ == "__main__":
    main()
