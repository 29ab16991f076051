"""Which rules staff may let pass by name, and what is left of the reasons then; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from labshare.kernel.errors import N_, Reason, Text

MANAGER = "lab_manager"
QUOTA = "quota_exceeded"
WAIVABLE = (
    *(QUOTA, "too_many_bookings", "restricted"),
    *("too_short", "too_long", "too_soon", "too_far_ahead", "outside_opening_hours"),
)

RULE_WORDS: dict[str, Text] = {
    "quota_exceeded": N_("The hours that are not left"),
    "too_many_bookings": N_("The number of bookings ahead"),
    "restricted": N_("The restriction because of the conduct record"),
    "too_short": N_("The shortest length"),
    "too_long": N_("The longest length"),
    "too_soon": N_("The notice to be given"),
    "too_far_ahead": N_("How far ahead may be booked"),
    "outside_opening_hours": N_("The opening hours"),
}


def left(reasons: Sequence[Reason], waive: Collection[str]) -> list[Reason]:
    """The reasons that stand although these are let pass; what nobody may waive always stands."""
    return [one for one in reasons if not (one.waivable_by and one.code in waive)]


def passed(reasons: Sequence[Reason], waive: Collection[str]) -> tuple[str, ...]:
    """The codes that had to be let pass, each once: a waiver that was not needed is none."""
    return tuple(dict.fromkeys(one.code for one in reasons if one.waivable_by and one.code in waive))


def waivable(reasons: Sequence[Reason], waived: Collection[str] = ()) -> dict[str, Text]:
    """What may be let pass of these, by code, and why it has to be; and what is let pass already."""
    found: dict[str, Text] = {}
    for one in reasons:
        if one.waivable_by:
            found.setdefault(one.code, one.message)
    return {**{code: RULE_WORDS[code] for code in WAIVABLE if code in waived}, **found}
