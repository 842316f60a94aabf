"""`--parts`: the same bytes, streams and exit code in less memory; what needs more is refused."""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

import pytest

from cpt77092.cli import in_parts
from cpt77092.readers import memory
from tests.conftest import Scrub

EXAMPLES = Path(__file__).parents[2] / "examples"
VISITS = (
    EXAMPLES / "visits.csv",
    "--history",
    EXAMPLES / "history.csv",
    "--as-of",
    "2026-11-23",
    "--isolated",
)


def written(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.slow
@pytest.mark.parametrize("parts", ["auto", "1", "4"])
def test_a_run_in_parts_gives_the_bytes_of_the_whole(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: str
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    came_to = []
    for name, more in (("whole", ()), ("parted", ("--parts", parts))):
        folder = tmp_path / name
        folder.mkdir()
        outputs = [f"f.{ending}" for ending in ("csv", "json", "jsonl", "parquet")] + ["findings/"]
        options = [part for output in outputs for part in ("-o", f"{folder}/{output}")]
        came = scrub(*VISITS, *options, "--show-phi", "--rework-cost", "25", *more)
        came_to.append((came, written(folder)))
    assert came_to[0] == came_to[1]
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "lacks", "message"),
    [
        (["--master", "local[2]"], "", "--master local[2]: is for Spark; add --engine spark"),
        (["--engine", "spark"], "pyspark", "pip install 'cpt77092[spark]'"),
        (["--engine", "spark"], "java", "Java is not installed; install Java 17"),
        (["--engine", "spark", "--show-phi"], "", "--show-phi: not with --engine spark"),
        (["--engine", "spark", "-o", "r.html"], "", "with --engine spark write .csv, .json"),
        (["--engine", "spark", "--by", "claim"], "", "leave it out, or leave out --engine spark"),
    ],
)
def test_spark_is_refused_in_one_line(
    scrub: Scrub,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    lacks: str,
    message: str,
) -> None:
    monkeypatch.setattr(in_parts, "find_spec", lambda name: None if name == lacks else name)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == lacks else name)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    code, out, err = scrub(*VISITS, *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.slow
def test_quiet_and_limit_are_as_of_the_whole(scrub: Scrub) -> None:
    for options in (["-q"], ["--limit", "3"], ["-q", "--format", "csv"], ["-v"]):
        assert scrub(*VISITS, *options, "--parts", "2") == scrub(*VISITS, *options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "f.html"], "-o f.html: needs all findings at once"),
        (["-o", "f.xlsx"], "-o f.xlsx: needs all findings at once"),
        (["--format", "table"], "--format table: needs all findings at once"),
        (["--by", "claim"], "--by: needs all lines at once"),
        (["--sort", "severity"], "--sort: needs all lines at once"),
        (["--clean-to", "clean.csv"], "--clean-to: needs all lines at once"),
        (["--hold-list", "hold.csv"], "--hold-list: needs all lines at once"),
        (["-o", "f.json", "--checked-lines"], "--checked-lines: needs all lines at once"),
        (["-o", "f.json", "--not-checked"], "--not-checked: needs all lines at once"),
        (["--since", "f.csv"], "--since: needs all lines at once"),
    ],
)
def test_what_needs_all_at_once_is_refused(scrub: Scrub, options: list[str], message: str) -> None:
    code, out, err = scrub(*VISITS, "--parts", "2", *options)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_decisions_on_file_are_refused(scrub: Scrub, tmp_path: Path) -> None:
    (tmp_path / "scrub-accepted.yaml").write_text("accepted: []\n")
    code, _, err = scrub(*VISITS[:-1], "--parts", "2")
    assert code == 2
    assert "--parts: the decisions in" in err


@pytest.mark.parametrize("parts", ["0", "-1", "many", "10000"])
def test_parts_are_a_number_or_auto(scrub: Scrub, parts: str) -> None:
    code, _, err = scrub(*VISITS, f"--parts={parts}")
    assert code == 2
    assert err == f"scrub: --parts {parts}: write 1 to 9999, or auto\n"


@pytest.mark.parametrize("amount", ["3", "4TB", "900MB", "-4GB", "much"])
def test_memory_is_an_amount(scrub: Scrub, amount: str) -> None:
    code, _, err = scrub(*VISITS, f"--memory={amount}")
    assert code == 2
    assert err == f"scrub: --memory {amount}: write an amount from 1GB, as 4GB or 2.5GB\n"


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that holds the lines of a part, and not those of the example."""
    monkeypatch.setattr(memory, "free", lambda: 25_000)


INSTEAD = "memory does not hold all lines at once: checked in parts on disk, which takes longer\n"


@pytest.mark.slow
@pytest.mark.usefixtures("little_memory")
def test_what_memory_does_not_hold_is_checked_in_parts(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = [tmp_path / "parted.csv", tmp_path / "whole.csv"]
    came = [scrub(*VISITS, "-o", outputs[0])]
    monkeypatch.undo()
    came.append(scrub(*VISITS, "-o", outputs[1]))
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    (code, out, err), (_, whole_out, whole_err) = came
    assert (code, out, err) == (1, whole_out, INSTEAD + whole_err)


@pytest.mark.usefixtures("little_memory")
def test_a_format_that_needs_all_lines_at_once_is_refused_with_what_to_write(scrub: Scrub) -> None:
    code, out, err = scrub(*VISITS, "--format", "table")
    assert (code, out) == (2, "")
    assert err == (
        "scrub: memory does not hold all lines at once, and in parts: --format table: needs all "
        "findings at once; with --parts write .csv, .json, .jsonl, .parquet or NAME/\n"
    )


@pytest.mark.usefixtures("little_memory")
def test_standard_input_is_read_once(scrub: Scrub, monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO((EXAMPLES / "visits.csv").read_bytes())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(content))
    code, _, err = scrub("-", "--as-of", "2026-11-23", "--isolated")
    assert code == 2
    assert "lines in scope take" in err
    assert err.count("\n") == 1
