"""READMEs are true: every console block is run, every table and command compared."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from cpt77092 import __version__
from cpt77092.policies import PARAMETERS, decide, load_policies
from cpt77092.reports import reference_pages
from cpt77092.rules import CATALOGUE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = [
    ROOT / "README.md",
    ROOT / "policies" / "README.md",
    ROOT / "policies" / "own-rules.md",
    *sorted((ROOT / "cpt77092").glob("*/README.md")),
    ROOT / "tests" / "rules" / "README.md",
]
LONGEST_README = 250
"""Lines that a new user reads; the rest is in the guides of the folders."""
ELISION = "..."


def console_blocks() -> list[tuple[str, list[str]]]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    examples = []
    for block in blocks:
        command, *lines = block.splitlines()
        assert command.startswith("$ "), command
        examples.append((command[2:], [line.rstrip() for line in lines]))
    return examples


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "expected"), console_blocks(), ids=lambda value: str(value)[:60]
)
def test_a_console_block_shows_what_the_command_prints(command: str, expected: list[str]) -> None:
    program, *arguments = shlex.split(command)
    assert program == "scrub"
    done = subprocess.run(
        [sys.executable, "-m", "cpt77092", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "100"},
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    printed = [line.rstrip() for line in done.stdout.splitlines()]
    missing = _unmatched(expected, printed)
    assert missing is None, f"not printed: {missing!r}\nprinted:\n{done.stdout}"


def _unmatched(expected: list[str], printed: list[str]) -> str | None:
    """The first expected line that is not where it should be; `...` skips any number of lines."""
    at, may_skip = 0, False
    for line in expected:
        if line == ELISION:
            may_skip = True
            continue
        places = range(at, len(printed)) if may_skip else range(at, min(at + 1, len(printed)))
        place = next((n for n in places if printed[n] == line), None)
        if place is None:
            return line
        at, may_skip = place + 1, False
    return None if may_skip or at == len(printed) else printed[at]


def test_the_rules_table_is_the_catalogue() -> None:
    guide = (ROOT / "cpt77092" / "rules" / "README.md").read_text(encoding="utf-8")
    table = guide.partition("<!-- rules:")[2].partition("-->")[2].partition("<!-- end of rules")[0]
    assert table.strip() == reference_pages.rules_markdown(CATALOGUE)


def test_the_two_commands_are_the_ones_the_gate_runs() -> None:
    commands = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
    assert len(commands) == 2
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    # The gate takes them out of this page, so that no second copy can go stale.
    assert "README.md" in gate
    assert "pytest" not in re.sub(r"#.*", "", gate).replace("PYTEST_ADDOPTS", "")


def test_the_four_line_contract_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(payer: aetna\n.*?)```", README, re.DOTALL)
    assert len(text.splitlines()) == 4
    (tmp_path / "aetna.yaml").write_text(text, encoding="utf-8")
    decision = decide(load_policies(tmp_path), "aetna", "77092", "modifier_26", date(2026, 3, 2))
    assert (decision.value, decision.decided_by) == ("not_allowed", "Aetna")


def test_every_file_that_a_page_names_is_there() -> None:
    for page in GUIDES:
        text = page.read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)#]+)\)", text)
        paths = re.findall(r"`([\w.-]+/[\w./-]+\.(?:csv|json|md|py|txt|yaml))`", text)
        for name in links:
            assert (page.parent / name).exists(), f"{page.name}: {name}"
        for name in paths:
            known = name.replace("your-payer", "cigna").replace("NAME", "csv")
            places = (ROOT, ROOT / "cpt77092", page.parent)
            is_the_users = name.startswith("my-policies/")
            assert is_the_users or any((place / known).exists() for place in places), name


def test_every_parameter_is_in_the_schema_and_every_value_has_one() -> None:
    used = {name for p in load_policies().policies.values() for _, name in p.values}
    assert used <= PARAMETERS.keys()


def test_the_changes_end_with_this_version() -> None:
    newest = README.partition("## Changes")[2].split("**")[1]
    assert newest == __version__


@pytest.mark.slow
def test_no_page_or_code_names_this_workplace() -> None:
    banned = re.compile("/" + "work/|farm" + "-|/" + "tmp/x")
    for file in ROOT.rglob("*"):
        parts = file.relative_to(ROOT).parts
        if file.suffix in {".py", ".md", ".yaml", ".toml", ".csv", ".txt"} and not any(
            part.startswith(".") or part in {"build", "dist"} for part in parts
        ):
            assert not banned.search(file.read_text(encoding="utf-8", errors="replace")), file


def test_the_page_is_short_enough_for_a_new_user() -> None:
    assert len(README.splitlines()) <= LONGEST_README
