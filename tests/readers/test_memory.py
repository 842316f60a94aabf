"""A batch that memory would not do for is refused early, in one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cpt77092.errors import ClaimsError
from cpt77092.readers import memory
from tests.conftest import Scrub

ROOT = Path(__file__).parents[2]
EXAMPLE = str(ROOT / "examples" / "claims.csv")
GROUP = (("memory.max", "memory.current", "inactive_file"),)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system of our own, which says nothing of its memory yet."""
    monkeypatch.setattr(memory, "MACHINE", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "GROUPS", tuple((tmp_path, *names) for names in GROUP))
    return tmp_path


def test_a_system_that_says_nothing_refuses_nothing(system: Path) -> None:
    assert system.is_dir()
    assert memory.free() is None
    memory.require(10**18, 1, memory.free())


def test_free_is_what_machine_and_group_both_have(system: Path) -> None:
    (system / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   8000 kB\n")
    assert memory.free() == 8_192_000
    (system / "memory.max").write_text("max\n")
    (system / "memory.current").write_text("3000000\n")
    assert memory.free() == 8_192_000
    (system / "memory.max").write_text("5000000\n")
    assert memory.free() == 2_000_000
    (system / "memory.stat").write_text("anon 7\ninactive_file 500000\n")
    assert memory.free() == 2_500_000
    (system / "memory.current").write_text("6000000\n")
    assert memory.free() == 0


def test_a_bound_of_the_user_holds_where_more_is_free(system: Path) -> None:
    (system / "meminfo").write_text("MemAvailable:   8000000 kB\n")
    assert memory.for_a_part() == 2_048_000_000
    with memory.bounded(2_000_000_000):
        assert memory.free() == 2_000_000_000 - memory.PROGRAM
        assert memory.for_a_part() == memory.free() // 2  # type: ignore[operator]
    assert memory.free() == 8_192_000_000


def test_memory_of_this_machine_is_known_on_linux() -> None:
    if not Path("/proc/meminfo").exists():
        assert memory.free() is None
        return
    free = memory.free()
    assert free is not None
    assert 10**6 < free < 10**15


def test_what_fits_exactly_is_not_refused() -> None:
    memory.require(2_000_000_000, 7, 2_000_000_000)
    with pytest.raises(ClaimsError) as refused:
        memory.require(2_000_000_001, 7_654_321, 1_500_000_000)
    assert refused.value.lines == (
        "7,654,321 lines in scope take 2.0 GB of memory to check, and 1.5 GB are free; check "
        "them in more parts on disk, or by fewer rules at a time: --parts auto -o NAME.csv, "
        "--select MO",
    )


def given_rooms(monkeypatch: pytest.MonkeyPatch, *rooms: int) -> None:
    """So much is free when it is asked for the first time, and so on; the last ever after."""
    left = list(rooms)
    monkeypatch.setattr(memory, "free", lambda: left.pop(0) if len(left) > 1 else left[0])


@pytest.mark.parametrize("rooms", [(1_000,), (1_000_000, 25_000)])
def test_a_batch_too_large_is_refused_while_reading_or_before_checking(
    rooms: Sequence[int], scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_rooms(monkeypatch, *rooms)
    code, out, err = scrub(EXAMPLE, "--as-of", "2026-11-23", "--format", "html")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "memory does not hold all lines at once" in err


def test_fewer_rules_take_less(scrub: Scrub, monkeypatch: pytest.MonkeyPatch) -> None:
    given_rooms(monkeypatch, 1_000_000, 25_000)
    assert scrub(EXAMPLE, "--as-of", "2026-11-23", "--select", "MO")[0] == 1
