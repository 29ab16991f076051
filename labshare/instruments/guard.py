"""The database's own guard against overlaps: without it this house makes no promise, so it does not open."""

from __future__ import annotations

from labshare.instruments.models import OVERLAP
from labshare.kernel.db import has_guard


def overlap_guard() -> str | None:
    """What is wrong where the database would let two claims overlap; None where it would not."""
    if has_guard("claim", OVERLAP):
        return None
    return (
        "The database lacks its guard against double booking (ex_claim_overlap): "
        "run `labshare upgrade`, or restore the guard."
    )
