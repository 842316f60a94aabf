"""Colors of the terminal report."""

from __future__ import annotations

STYLES = {"error": "bold red", "warning": "bold color(166)", "info": "bold color(31)"}
"""By severity. Colors that can be read on dark and on light screens; yellow and cyan vanish on
white."""
