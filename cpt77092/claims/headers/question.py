"""What only the user knows about a header, with the answer to type."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from cpt77092.claims.columns import MODIFIERS

CRITICAL = frozenset({"claim_id", "hcpcs_code", "claim_line_start_date"})


@dataclass(frozen=True, slots=True)
class Question:
    """A column that several headers may mean, or one that may mean another thing."""

    column: str
    headers: tuple[str, ...]
    reason: str

    @property
    def is_critical(self) -> bool:
        """Whether a run without the answer would take a line for another."""
        return self.column in CRITICAL or self.column in MODIFIERS

    @property
    def answer(self) -> str:
        """What to type, if it is the first of them."""
        return f"--map {shlex.quote(f'{self.column}={self.headers[0]}')}"

    def __str__(self) -> str:
        which = "choose one" if len(self.headers) > 1 else "if so"
        return f"{self.reason}; {which}: {self.answer}"
