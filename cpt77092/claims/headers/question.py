"""What only the user knows about a header, with the answer to type."""

from __future__ import annotations

import shlex

from cpt77092.frozen import frozen


@frozen
class Question:
    """A column that several headers may mean, or one that may mean another thing."""

    column: str
    headers: tuple[str, ...]
    reason: str

    @property
    def answer(self) -> str:
        """What to type, if it is the first of them."""
        return f"--map {shlex.quote(f'{self.column}={self.headers[0]}')}"

    def __str__(self) -> str:
        which = "choose one" if len(self.headers) > 1 else "if so"
        return f"{self.reason}; {which}: {self.answer}"
