"""What is printed: no character that drives a terminal, no name among the commonest codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

HEADER = "claim_id,payer,claim_line_start_date,hcpcs_code"
ESCAPES = "\x1b[31m\u202e\x9b"
Scrub = Callable[..., tuple[int, str, str]]


def test_names_are_no_common_codes(scrub: Scrub, tmp_path: Path) -> None:
    rows = [f"C,medicare,2026-03-02,{code}" for code in ("SMITH JOHN", "123-45-6789", "99213")]
    (tmp_path / "claims.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    _, _, err = scrub("claims.csv")
    assert "Most common codes: 99213 (1)." in err
    assert "SMITH" not in err
    assert "6789" not in err


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        [ESCAPES],
        *(
            ["claims.csv", option, ESCAPES]
            for option in ("--payer", "--format", "--as-of", "--map")
        ),
        *(["claims.csv", option, ESCAPES] for option in ("--select", "--limit", "--rework-cost")),
        *(["claims.csv", option, ESCAPES] for option in ("--encoding", "--settings", "--clean-to")),
        *(["claims.csv", option, f"{ESCAPES}.csv"] for option in ("-o", "--rejects")),
        *([command, ESCAPES] for command in ("explain", "brief", "verify", "columns")),
        ["policies", "show", ESCAPES],
        ["--show-settings", "--payer", ESCAPES],
    ],
)
def test_an_option_drives_no_terminal(scrub: Scrub, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "claims.csv").write_text(f"{HEADER}\nC,medicare,2026-03-02,77092\n")
    _, out, err = scrub(*arguments)
    assert not set(ESCAPES) & set(out + err) - set("[31m")
