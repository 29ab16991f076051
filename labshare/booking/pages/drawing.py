"""A day of an instrument as the timeline draws it: what is taken, held, closed, and which of it the reader may move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, cast

from flask import url_for
from flask_babel import gettext as _

from labshare.booking import lifecycle, policy
from labshare.booking.pages.frame import minutes_into
from labshare.booking.schedule import Shown
from labshare.instruments import timeline
from labshare.instruments.queries import Known
from labshare.instruments.rules.opening import Hours
from labshare.kernel.actor import Actor
from labshare.kernel.slots import Slot, day_of
from labshare.web.wall import as_local

Bar = dict[str, Any]
NOW = 5  # minutes: as exact as the line is drawn, so that a page need not be renewed each minute
MANY = 4  # channels; of more, others' claims are drawn as one


@dataclass(frozen=True)
class Row:
    """One day of one instrument, and who looks at it when."""

    known: Known
    day: date
    opening: Hours
    reader: Actor
    now: datetime
    named: Mapping[str, str]  # what kinds of claims are called, looked up once a page

    @cached_property
    def whole(self) -> Slot:
        return day_of(self.day, self.known.zone)

    @property
    def today(self) -> bool:
        return self.day == self.now.astimezone(self.known.zone).date()

    @property
    def provisional(self) -> bool:
        """Is the day's holiday notice still to come?"""
        return self.opening.of_day(self.day)[1]


def names() -> dict[str, str]:
    """What claims that say no company are called, in the reader's language."""
    return {
        "busy": _("busy"),
        "maintenance": _("maintenance"),
        "outage": _("out of service"),
        "closed": _("closed"),
        "buffer": _("warm-up or cool-down"),
    }


def drawn(row: Row, claims: Sequence[Shown]) -> dict[str, Any]:
    """The row as the macro `timeline` wants it; what it is called and where it leads is the page's to say."""
    whole = row.whole
    bars = [bar for claim in claims if whole.meet(Slot(claim.starts_at, claim.ends_at)) for bar in _claim(row, claim)]
    asks = row.known.state == "in_service" and whole.end > row.now
    return {
        "code": row.known.code,
        "day": row.day.isoformat(),
        "grid": row.known.grid_minutes,
        "ask": url_for("bookings.new", instrument=row.known.code) if asks else None,
        "now": minutes_into(row.day, row.now, row.known.zone) // NOW * NOW if row.today else None,
        "claims": sorted(_closed(row) + _few(row.known, bars), key=lambda bar: int(bar["start"])),
    }


def hours_shown(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The hours of the day in which any of these rows is open or has anything, as `from_hour` and `to_hour`."""
    first, last = 1440, 0
    for row in rows:
        closed = {bar["start"]: bar["start"] + bar["minutes"] for bar in row["claims"] if bar["kind"] == "closed"}
        used = [bar for bar in row["claims"] if bar["kind"] != "closed"]
        opens = closed.get(0, 0)
        closes = next((start for start, end in closed.items() if end == 1440), 1440)
        if opens < closes:  # else it is closed all day
            first, last = min(first, opens), max(last, closes)
        first = min([first, *(bar["start"] for bar in used)])
        last = max([last, *(bar["start"] + bar["minutes"] for bar in used)])
    return {"from_hour": first // 60, "to_hour": -(-last // 60)} if first < last else {}


def _closed(row: Row) -> list[Bar]:
    return [
        _stretch(row, "closed", slot.start, slot.end)
        for slot in row.opening.closed_in(row.whole)
        if row.known.state == "in_service"
    ]


def _few(known: Known, bars: list[Bar]) -> list[Bar]:
    """Of an instrument with many channels, the own bars and one line for how many others are busy."""
    others = [bar for bar in bars if bar["kind"] == "busy"]
    if known.channels <= MANY or len(others) < 2:
        return bars
    start, end = min(bar["start"] for bar in others), max(bar["start"] + bar["minutes"] for bar in others)
    text = _("%(n)s of %(all)s channels busy", n=len(others), all=known.channels)
    together = {"kind": "busy", "start": start, "minutes": end - start, "text": text, "href": None, "move": None}
    return [bar for bar in bars if bar["kind"] != "busy"] + [together]


def _claim(row: Row, claim: Shown) -> list[Bar]:
    """Own bookings with their buffers apart, others as busy."""
    if claim.booked_from is None or claim.booked_to is None:
        return [_bar(row, claim, claim.starts_at, claim.ends_at)]
    parts = [_bar(row, claim, claim.booked_from, claim.booked_to)]
    if claim.booked_from > claim.starts_at:
        parts.insert(0, _stretch(row, "buffer", claim.starts_at, claim.booked_from))
    if claim.ends_at > claim.booked_to:
        parts.append(_stretch(row, "buffer", claim.booked_to, claim.ends_at))
    return [bar for bar in parts if 0 <= bar["start"] < 1440 and bar["minutes"] > 0]


def _bar(row: Row, claim: Shown, start: datetime, end: datetime) -> Bar:
    kind = _kind(claim)
    what = row.named.get(kind) or claim.company or ""
    if kind == timeline.OFFER:
        what = _("held for %(company)s", company=what)
    if claim.booking_id and row.known.channels > 1:
        what = _("%(what)s, channel %(number)s", what=what, number=claim.channel)
    bar = _stretch(row, kind, start, end, what)
    if claim.booking_id:
        bar |= {"href": url_for("bookings.show", booking_id=claim.booking_id), "move": _movable(row, claim)}
    return bar


def _movable(row: Row, claim: Shown) -> dict[str, Any] | None:
    """What a browser needs to ask for another time of this booking; None where the reader may not."""
    if claim.booked_from is None or claim.booked_to is None or claim.kind == timeline.OFFER:
        return None
    ahead = claim.booked_from > row.now and claim.state and lifecycle.after(claim.state, "move")
    if not ahead or not policy.may_move(row.reader, cast(policy.Held, claim)):  # it is joined, so both are there
        return None
    return {
        "version": claim.version,
        "at": as_local(claim.booked_from, row.known.zone),
        "long": Slot(claim.booked_from, claim.booked_to).minutes,
        "asks": claim.state == lifecycle.APPROVED and row.known.approval,
    }


def _stretch(row: Row, kind: str, start: datetime, end: datetime, what: str = "") -> Bar:
    """A stretch of time as the day's row has it, cut at the day's ends; of none of it, nothing."""
    whole, zone = row.whole, row.known.zone
    first, last = max(start, whole.start), min(end, whole.end)
    begin = minutes_into(row.day, first, zone)
    until = minutes_into(row.day, last, zone) if last < whole.end else 1440
    text = f"{begin // 60:02}:{begin % 60:02}–{until // 60:02}:{until % 60:02} {what or row.named[kind]}"
    minutes = max(until - begin, 1) if first < last else 0
    return {"kind": kind, "start": begin, "minutes": minutes, "text": text, "href": None, "move": None}


def _kind(claim: Shown) -> str:
    if claim.booking_id is None or claim.kind == timeline.OFFER:
        return claim.kind
    if claim.state == lifecycle.OFFERED:
        return timeline.OFFER
    return "waiting" if claim.state == lifecycle.REQUESTED else "own"
