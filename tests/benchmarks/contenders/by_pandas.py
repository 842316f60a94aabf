"""The rules in vectorised pandas, the file read by its fastest reader (pyarrow)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.benchmarks.contenders.job import Job, is_npi, load

COLUMNS = (
    "payer", "hcpcs_code", "claim_line_start_date", "place_of_service_code", "hcpcs_modifier_1",
    "hcpcs_modifier_2", "service_unit_quantity", "charge_amount", "rendering_npi",
    "ordering_npi",
)  # fmt: skip


def prepared(job: Job) -> Any:
    """The checked lines of the batch, with the policy in force beside each."""
    lines = pd.read_csv(
        job.batch, usecols=COLUMNS, dtype="string[pyarrow]", engine="pyarrow", keep_default_na=False
    )
    lines["line"] = lines.index + 1
    lines = lines[lines["hcpcs_code"].isin(job.checked)]
    lines = lines.fillna("")
    lines["day"] = pd.to_datetime(
        lines["claim_line_start_date"], format="%Y-%m-%d", errors="coerce"
    )
    lines["units"] = pd.to_numeric(lines["service_unit_quantity"], errors="coerce")
    lines["charge"] = pd.to_numeric(lines["charge_amount"], errors="coerce")
    policies = pd.read_csv(job.policies, dtype={"code": "string[pyarrow]"})
    policies = policies.astype({"payer": "string[pyarrow]"}).drop(columns="until")
    # A date of the year 1 is none to pandas; the first it knows comes before any claim.
    policies["first_day"] = pd.to_datetime(
        policies["first_day"].replace("0001-01-01", "1900-01-01"), format="%Y-%m-%d"
    ).astype(lines["day"].dtype)
    dated = pd.merge_asof(
        lines[lines["day"].notna()].sort_values("day"),
        policies.sort_values("first_day").rename(columns={"code": "hcpcs_code"}),
        left_on="day",
        right_on="first_day",
        by=["payer", "hcpcs_code"],
    )
    return pd.concat([dated, lines[lines["day"].isna()]], ignore_index=True)


def rules(job: Job, lines: Any) -> dict[str, Any]:
    """Each rule's flag."""
    one, two = lines["hcpcs_modifier_1"], lines["hcpcs_modifier_2"]
    has_26, has_tc = ((one == code) | (two == code) for code in ("26", "TC"))
    of_family = lines["hcpcs_code"].isin(job.family)
    of_technical = lines["hcpcs_code"].isin(job.technical)
    facilities = pd.read_csv(job.facilities, dtype={"place": "string"})
    in_facility = pd.Series(data=False, index=lines.index)
    for number, places in facilities.groupby("facility_place_of_service")["place"]:
        its_set = lines["facility_place_of_service"] == number
        in_facility |= its_set & lines["place_of_service_code"].isin(list(places))
    valid = [npi for npi in lines["rendering_npi"].unique() if is_npi(npi)]
    units, charge = lines["units"], lines["charge"]
    return {
        "MO001": of_family & has_26 & (lines["modifier_26"] == "not_allowed"),
        "MO004": of_family & has_tc & (lines["modifier_tc"] == "not_allowed"),
        "MO005": has_26 & has_tc,
        "MO006": (one == two) & (one != ""),
        "MO009": (one == "") & (two != ""),
        "UN002": (units <= 0) | (units.notna() & (units % 1 != 0)),
        "DT001": lines["day"].isna(),
        "DT002": of_family & (lines["in_force"] == False),  # noqa: E712 - it may be missing
        "DT003": lines["day"] > pd.Timestamp(job.as_of),
        "PO002": ~lines["place_of_service_code"].isin(job.places),
        "PO003": (of_technical | (~of_family & has_tc))
        & in_facility
        & (lines["technical_in_facility"] == "not_payable"),
        "ID001": ~lines["rendering_npi"].isin(valid),
        "ID003": (lines["ordering_npi"] == "") & (lines["ordering_provider"] == "required"),
        "CH001": charge.isna() | (charge <= 0),
    }


def main() -> None:
    """Check the batch."""
    job, output = load()
    lines = prepared(job)
    findings = [
        pd.DataFrame({"line": lines["line"][flag.fillna(value=False).astype(bool)], "rule": code})
        for code, flag in rules(job, lines).items()
    ]
    pd.concat(findings).to_csv(output, index=False)


if __name__ == "__main__":
    main()
