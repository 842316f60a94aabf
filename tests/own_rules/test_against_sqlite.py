"""Own rules and SQLite agree on every line: true, false, and unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import cpt77092
from tests.own_rules.grammar import Condition, conditions, outcomes_of, rows

AS_OF = date(2026, 11, 23)


def outcomes(
    written: Sequence[Condition], lines: Sequence[Mapping[str, str]]
) -> list[list[bool | None]]:
    """What a check makes of each condition on each line."""
    rules = {
        f"OWN{number:03}": {
            "name": f"rule-{number}",
            "condition": condition.ours,
            "severity": "info",
            "message": "It holds.",
            "remedy": "Look.",
        }
        for number, condition in enumerate(written, start=1)
    }
    frame = pl.DataFrame(
        [
            {"row": str(number), "claim_id": f"C{number}", "payer": "Medicare"}
            | {"hcpcs_code": "77092", "claim_frequency_code": "1", **line}
            for number, line in enumerate(lines)
        ]
    )
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(yaml.safe_dump({"rules": rules}), encoding="utf-8")
        result = cpt77092.check(frame, as_of=AS_OF, policies=folder, select="OWN", row_id="row")
    true = set(result.findings.select("rule", "row_id").iter_rows())
    null = set(result.not_checked.select("rule", "claim_id").iter_rows())
    return [
        [
            True if (code, str(n)) in true else None if (code, f"C{n}") in null else False
            for n in range(len(lines))
        ]
        for code in rules
    ]


@pytest.mark.slow
@settings(max_examples=15, deadline=None, phases=[Phase.reuse, Phase.generate])  # a run is long
@given(written=st.lists(conditions, min_size=1, max_size=12), lines=rows)
def test_own_rules_and_sqlite_agree(written: list[Condition], lines: list[dict[str, str]]) -> None:
    expected = [outcomes_of(condition, lines) for condition in written]
    assert outcomes(written, lines) == expected, written
