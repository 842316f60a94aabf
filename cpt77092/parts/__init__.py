"""Lines of a batch checked apart: which belong together, and the check of one part.

README.md says how parts come to what the whole would.
"""

from __future__ import annotations
