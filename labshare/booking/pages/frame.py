"""The blueprint all booking pages hang on, and what their forms have in common."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, request, url_for
from flask_babel import gettext as _

from labshare.booking import policy, rules
from labshare.booking.free import Alternative
from labshare.booking.queries import Seen
from labshare.instruments.queries import Known
from labshare.instruments.words import length
from labshare.kernel.actor import Actor
from labshare.kernel.slots import MINUTE
from labshare.web.i18n import moment as written
from labshare.web.i18n import own, say, span
from labshare.web.wall import as_local

pages = Blueprint("bookings", __name__, template_folder="../templates")

TONES = {
    "requested": "wait",
    "approved": "good",
    "rejected": "bad",
    "cancelled": "neutral",
    "expired": "neutral",
    "in_use": "info",
    "completed": "neutral",
    "missed": "bad",
    "displaced": "wait",
    "offered": "wait",
    "lapsed": "neutral",
}


@pages.app_context_processor
def words() -> dict[str, Any]:
    """What templates need to name a booking's state."""
    return {"state_words": rules.STATE_WORDS, "state_tones": TONES}


def asked_day(zone: ZoneInfo, now: datetime, later: int = 0, otherwise: str = "") -> date:
    """The day named in the address, else the day of `otherwise`, else today or so many days later.

    Bounded to the years 2000 to 2100.
    """
    day = now.astimezone(zone).date() + timedelta(days=later)
    for said in (request.args.get("day", ""), otherwise[:10]):
        try:
            day = date.fromisoformat(said)
            break
        except ValueError:
            continue
    return min(max(day, date(2000, 1, 8)), date(2100, 12, 1))


def minutes_into(day: date, moment: datetime, zone: ZoneInfo) -> int:
    """Whole minutes of wall-clock time from the day's midnight; negative before it."""
    local = moment.astimezone(zone).replace(tzinfo=None)
    return int((local - datetime.combine(day, time())) / timedelta(minutes=1))


def another_end(who: Actor, booking: Seen, known: Known, now: datetime) -> dict[str, Any]:
    """What the form shows that makes a use longer or shorter."""
    waivable = rules.WAIVABLE_AT_THE_END if policy.may_waive(who, booking.site_id) else ()
    return {
        "ends": _later_ends(booking, known, now),
        "end_waivable": [(code, say(rules.RULE_WORDS[code])) for code in waivable],
    }


def _later_ends(booking: Seen, known: Known, now: datetime) -> list[tuple[str, str]]:
    """The later ends that are offered at one press: the moment as a form has it, and what the button says.

    From the end as it is, or the next step of the grid where that has passed.
    """
    step = known.grid_minutes * MINUTE
    base = booking.ends_at + max(0, -((booking.ends_at - now) // step)) * step
    found = []
    for minutes in rules.steps(known):
        later = base + minutes * MINUTE
        end = as_local(later, known.zone)
        same_day = end[:10] == as_local(now, known.zone)[:10]
        at = end[-5:] if same_day else written(later, known.zone)
        found.append((end, _("+%(length)s: until %(at)s", length=say(length(minutes)), at=at)))
    return found


def offers(found: Iterable[Alternative], code: str) -> list[dict[str, str]]:
    """Alternatives as links that fill the form; `pick` says the same to the form that is filled already."""
    shown = []
    for one in found:
        known = one.instrument
        start, end = as_local(one.slot.start, known.zone), as_local(one.slot.end, known.zone)
        href = url_for("bookings.new", instrument=known.code, starts_at=start, ends_at=end)
        note = "" if known.code == code else f"{known.code} {own(known.name_en, known.name_zh)}"
        label = span(one.slot.start, one.slot.end, known.zone)
        shown.append({"href": href, "label": label, "note": note, "pick": f"{known.code} {start} {end}"})
    return shown
