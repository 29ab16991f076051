"""Which rules staff may let pass by name, and what is left of the reasons then; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from labshare.kernel.errors import Reason

MANAGER = "lab_manager"
QUOTA = "quota_exceeded"
WAIVABLE = (
    *(QUOTA, "too_many_bookings", "restricted"),
    *("too_short", "too_long", "too_soon", "too_far_ahead", "outside_opening_hours"),
)


def left(reasons: Sequence[Reason], waive: Collection[str]) -> list[Reason]:
    """The reasons that stand although these are let pass; what nobody may waive always stands."""
    return [one for one in reasons if not (one.waivable_by and one.code in waive)]


def passed(reasons: Sequence[Reason], waive: Collection[str]) -> tuple[str, ...]:
    """The codes that had to be let pass, each once: a waiver that was not needed is none."""
    return tuple(dict.fromkeys(one.code for one in reasons if one.waivable_by and one.code in waive))
