"""Parts in temporary files: the same findings, and no file is left."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cpt77092
from cpt77092.errors import UsageError
from cpt77092.findings import table
from cpt77092.findings import totals as totals_of
from cpt77092.findings.totals import add_up
from cpt77092.parts import on_disk
from cpt77092.run import Request, run, run_in_parts
from tests.parts.taking_apart import AS_OF

EXAMPLES = Path(__file__).parents[2] / "examples"
VISITS, HISTORY = str(EXAMPLES / "visits.csv"), str(EXAMPLES / "history.csv")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("parts", "select"), [(1, ()), (3, ()), (12, ()), (3, ["MO"])])
def test_findings_of_parts_come_as_those_of_the_whole(
    parts: int, select: Sequence[str], temporary: Path
) -> None:
    whole = cpt77092.check(VISITS, as_of=AS_OF, history=HISTORY, select=select).findings
    lazily = cpt77092.scan(VISITS, as_of=AS_OF, history=HISTORY, select=select, parts=parts)
    assert_frame_equal(lazily.collect(), whole)
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_pieces_of_findings_are_those_of_the_whole(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "FINDINGS_AT_ONCE", 7)
    monkeypatch.setattr(on_disk, "FINDINGS_AT_ONCE", 7)
    request = Request(paths=[VISITS], history=[HISTORY], as_of=AS_OF)
    whole = run(request)
    with run_in_parts(request, 3, extra=["person_id"]) as checked:
        pieces = list(checked.pieces())
        (folder,) = temporary.iterdir()
        assert folder.stat().st_mode & 0o077 == 0
        assert add_up(checked.sums, checked.result) == totals_of(whole)
        assert checked.result.batch.notes == whole.batch.notes
    for piece, expected in zip(pieces, table.as_pieces(whole, extra=["person_id"]), strict=True):
        assert_frame_equal(piece, expected)
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_first_findings_alone_leave_no_file(temporary: Path) -> None:
    lazily = cpt77092.scan(VISITS, as_of=AS_OF, parts=2)
    assert lazily.head(3).collect().height == 3
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_a_run_that_ends_early_leaves_no_file(temporary: Path) -> None:
    def pieces() -> Generator[pl.DataFrame, None, None]:
        with run_in_parts(Request(paths=[VISITS], as_of=AS_OF), 2) as checked:
            yield from checked.pieces()

    with closing(pieces()) as some:
        next(some)
        assert len(list(temporary.iterdir())) == 1
    assert list(temporary.iterdir()) == []


def test_an_interrupted_run_leaves_no_file(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        assert any(file.name.startswith("lines-") for file in temporary.rglob("*.arrow"))
        raise KeyboardInterrupt

    monkeypatch.setattr(on_disk, "result_of", interrupt)
    request = Request(paths=[VISITS], as_of=AS_OF)
    with pytest.raises(KeyboardInterrupt), run_in_parts(request, 2):
        pass
    assert list(temporary.iterdir()) == []


def test_what_a_killed_run_left_is_removed_and_what_a_run_holds_is_not(temporary: Path) -> None:
    left = temporary / f"{on_disk.FOLDER}left"
    left.mkdir()
    (left / "lines-0.parquet").touch()
    with on_disk.parts_folder() as first, on_disk.parts_folder() as second:
        assert sorted(temporary.iterdir()) == sorted([first, second])
    assert list(temporary.iterdir()) == []


def test_no_parts_are_no_number_of_parts() -> None:
    with pytest.raises(UsageError, match="is no number of parts"):
        cpt77092.scan(VISITS, as_of=AS_OF, parts=0)
