"""The JSON Schema in `policies/`, which editors read, is the one that the program prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt77092.cli import main

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "policies/policy.schema.json"
LINES = {
    **dict.fromkeys((ROOT / "policies").glob("*.yaml"), "policy.schema.json"),
    **dict.fromkeys(
        (ROOT / "examples/policies").glob("*.yaml"), "../../policies/policy.schema.json"
    ),
}


def test_the_schema_is_the_one_that_the_program_prints(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_code:
        main.main(["policies", "schema"])
    assert not exit_code.value.code
    assert capfd.readouterr().out == SCHEMA.read_text(encoding="utf-8"), (
        "write it again: scrub policies schema > policies/policy.schema.json"
    )


@pytest.mark.parametrize("file", sorted(LINES), ids=lambda file: file.stem)
def test_the_first_line_of_a_policy_names_the_schema(file: Path) -> None:
    with file.open(encoding="utf-8") as lines:
        assert lines.readline() == f"# yaml-language-server: $schema={LINES[file]}\n"
    assert (file.parent / LINES[file]).resolve() == SCHEMA
