"""An independent recount: the figures of a year in plain Python over raw rows, sharing no code with the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.kernel.db import db

CHENGDU = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
HELD = ("approved", "in_use", "completed", "missed")
BOOKINGS = """
    SELECT b.id, b.state, b.company_id, b.instrument_id, b.starts_at, b.ends_at, b.charge, b.excuse, b.created_at,
           b.answered_at, d.cause
    FROM booking b LEFT JOIN displacement d ON d.booking_id = b.id
"""
USES = """
    SELECT u.company_id, u.instrument_id, u.owner_id, u.person_id, u.starts_at, u.ends_at, u.samples, u.excuse,
           u.rate_cny_per_hour, b.starts_at AS booked_from, b.ends_at AS booked_to
    FROM usage_record u JOIN booking b ON b.id = u.booking_id WHERE u.ends_at IS NOT NULL
"""


def moment(value: Any) -> datetime:
    """What either engine stores, in local time."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo("UTC"))).astimezone(CHENGDU)


def rows(statement: str) -> list[Any]:
    return list(db.session.connection().execute(sa.text(statement)))


def months(start: datetime, end: datetime) -> Iterator[tuple[int, int, int]]:
    """Year, month and minutes of each part: a minute belongs where it ends."""
    done, at = 0, start
    while at < end:
        following = datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=CHENGDU)
        until = min(end, following)
        so_far = int((until - start) / MINUTE)
        yield at.year, at.month, so_far - done
        done, at = so_far, until


class Recount:
    """Every figure of a year, by company, instrument, month, and company on instrument."""

    def __init__(self, year: int) -> None:
        self.year = year
        self.figures: dict[tuple[str, Any], dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self.people: dict[int, set[int]] = defaultdict(set)
        self.used: dict[int, set[int]] = defaultdict(set)
        self.served: dict[int, set[int]] = defaultdict(set)
        self.days: dict[int, list[datetime]] = defaultdict(list)
        for row in rows(BOOKINGS):
            self._booking(row)
        for row in rows(USES):
            self._use(row)

    def of(self, kind: str, key: Any) -> dict[str, float]:
        return self.figures[kind, key]

    def _add(self, row: Any, year: int, month: int, name: str, value: float) -> None:
        if year == self.year:
            keys = {"company": row.company_id, "instrument": row.instrument_id, "month": month, "all": None}
            keys |= {"both": (row.company_id, row.instrument_id)}
            for kind, key in keys.items():
                self.figures[kind, key][name] += value

    def _booking(self, row: Any) -> None:
        start, end = moment(row.starts_at), moment(row.ends_at)
        begins = (row, start.year, start.month)
        self._add(*begins, "bookings", 1)
        outcome = {"rejected": "rejected", "cancelled": "cancelled", "expired": "expired", "lapsed": "expired"}
        outcome |= {"displaced": "displaced"} | dict.fromkeys(HELD, "approved")
        if row.state in outcome:
            self._add(*begins, outcome[row.state], 1)
        self._add(*begins, "late_cancels", row.state == "cancelled" and row.charge > 0)
        self._add(*begins, "no_shows", row.state == "missed" and not row.excuse)
        lost = row.cause == "outage" or (row.state == "missed" and row.excuse == "closed")
        self._add(*begins, "credited_hours", (end - start) / MINUTE / 60 if lost else 0)
        if row.answered_at is not None:
            self._add(*begins, "answered", 1)
            self._add(*begins, "answer_minutes", (moment(row.answered_at) - moment(row.created_at)) // MINUTE)
        if row.state in HELD:
            for year, month, minutes in months(start, end):
                self._add(row, year, month, "booked_hours", minutes / 60)

    def _use(self, row: Any) -> None:
        start, end = moment(row.starts_at), moment(row.ends_at)
        external = row.owner_id != row.company_id
        begins = (row, start.year, start.month)
        self._add(*begins, "uses", 1)
        self._add(*begins, "external_uses", external)
        self._add(*begins, "samples", row.samples or 0)
        if start.year == self.year:
            self.people[row.company_id].add(row.person_id)
            self.used[row.company_id].add(row.instrument_id)
            self.served[row.instrument_id].add(row.company_id)
            self.days[row.company_id].append(start)
        for year, month, minutes in months(start, end):
            self._add(row, year, month, "effective_hours", minutes / 60)
            self._add(row, year, month, "external_hours", minutes / 60 if external else 0)
            self._add(row, year, month, "estimate_cny", float(row.rate_cny_per_hour) * minutes / 60)
        if row.excuse == "closed":
            booked = moment(row.booked_from), moment(row.booked_to)
            unused = max(0, (booked[1] - booked[0]) // MINUTE - (end - start) // MINUTE)
            self._add(row, booked[0].year, booked[0].month, "credited_hours", unused / 60)
