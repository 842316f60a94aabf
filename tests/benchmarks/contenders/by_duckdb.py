"""The rules as SQL, written by hand for DuckDB."""

from __future__ import annotations

import duckdb

from tests.benchmarks.contenders.job import Job, is_npi, load

CHECKED = """
CREATE TEMP TABLE checked AS
WITH lines AS (
    SELECT
        row_number() OVER () AS line,
        payer, hcpcs_code AS code, place_of_service_code AS place, claim_line_start_date AS day,
        coalesce(hcpcs_modifier_1, '') AS one, coalesce(hcpcs_modifier_2, '') AS two,
        service_unit_quantity AS units, charge_amount AS charge,
        rendering_npi, ordering_npi
    FROM read_csv(
        $batch, header = true, all_varchar = true, nullstr = '',
        types = {'claim_line_start_date': 'DATE', 'service_unit_quantity': 'DOUBLE',
                 'charge_amount': 'DECIMAL(18, 2)'}
    )
)
SELECT lines.*, p.*, f.place IS NOT NULL AS is_facility
FROM lines
LEFT JOIN (
    SELECT payer AS its_payer, code AS its_code, * EXCLUDE (payer, code)
    FROM read_csv($policies, header = true, nullstr = '', types = {'code': 'VARCHAR',
        'first_day': 'DATE', 'until': 'DATE', 'in_force': 'BOOLEAN',
        'facility_place_of_service': 'INTEGER'})
) p ON p.its_payer = lines.payer AND p.its_code = lines.code
    AND lines.day >= p.first_day AND lines.day < p.until
LEFT JOIN read_csv($facilities, header = true, types = {'place': 'VARCHAR',
    'facility_place_of_service': 'INTEGER'}) f
    ON f.facility_place_of_service = p.facility_place_of_service AND f.place = lines.place
WHERE lines.code IN (SELECT unnest($checked))
"""
RULES = {
    "MO001": "code IN {family} AND (one = '26' OR two = '26') AND modifier_26 = 'not_allowed'",
    "MO004": "code IN {family} AND (one = 'TC' OR two = 'TC') AND modifier_tc = 'not_allowed'",
    "MO005": "(one = '26' AND two = 'TC') OR (one = 'TC' AND two = '26')",
    "MO006": "one = two AND one <> ''",
    "MO009": "one = '' AND two <> ''",
    "UN002": "units <= 0 OR units % 1 <> 0",
    "DT001": "day IS NULL",
    "DT002": "code IN {family} AND NOT in_force",
    "DT003": "day > DATE '{as_of}'",
    "PO002": "coalesce(place, '') NOT IN {places}",
    "PO003": "(code IN {technical} OR (code NOT IN {family} AND (one = 'TC' OR two = 'TC')))"
    " AND is_facility AND technical_in_facility = 'not_payable'",
    "ID001": "coalesce(rendering_npi, '') NOT IN (SELECT npi FROM valid)",
    "ID003": "ordering_npi IS NULL AND ordering_provider = 'required'",
    "CH001": "charge IS NULL OR charge <= 0",
}


def _listed(values: list[str]) -> str:
    return "(" + ", ".join(f"'{value}'" for value in values) + ")"


def main() -> None:
    """Check the batch."""
    job, output = load()
    engine = duckdb.connect()
    files = {"batch": job.batch, "policies": job.policies, "facilities": job.facilities}
    engine.execute(CHECKED, {**files, "checked": job.checked})
    engine.execute(f"COPY ({_findings(job, engine)}) TO '{output}' (HEADER)")


def _findings(job: Job, engine: duckdb.DuckDBPyConnection) -> str:
    npis = engine.execute("SELECT DISTINCT rendering_npi FROM checked").fetchall()
    engine.execute("CREATE TEMP TABLE valid (npi VARCHAR)")
    valid = [[npi] for (npi,) in npis if npi is not None and is_npi(npi)]
    if valid:
        engine.executemany("INSERT INTO valid VALUES (?)", valid)
    lists = {name: _listed(getattr(job, name)) for name in ("family", "technical", "places")}
    return " UNION ALL ".join(
        f"SELECT line, '{code}' AS rule FROM checked WHERE {where}"  # noqa: S608
        for code, where in (
            (code, test.format(as_of=job.as_of, **lists)) for code, test in RULES.items()
        )
    )


if __name__ == "__main__":
    main()
