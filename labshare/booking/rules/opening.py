"""Whether a slot lies within an instrument's opening hours; pure."""

from __future__ import annotations

from labshare.instruments.rules.opening import Hours
from labshare.instruments.words import hours as in_words
from labshare.kernel.errors import N_, Reason
from labshare.kernel.slots import Slot

CODE = "outside_opening_hours"


def closed(hours: Hours, slot: Slot, waivable_by: str) -> list[Reason]:
    """The reason why the slot lies outside the hours, with those of the day where it first does; none means it fits."""
    if hours.lets(slot):
        return []
    days = slot.by_local_day(hours.zone)
    day = next((day for day, piece in days if hours.closed_in(piece)), days[0][0])
    stretches, _ = hours.of_day(day)
    if stretches:
        text = N_("On %(day)s it is open %(hours)s.", day=day, hours=in_words(stretches))
    else:
        text = N_("It is closed on %(day)s.", day=day)
    return [Reason(CODE, text, waivable_by)]
