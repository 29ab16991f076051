"""What is remembered of instruments and of their occupied time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel.db import Id, Json, Model, UtcDateTime, guard
from labshare.kernel.errors import N_, Conflict, Reason

STATES = ("in_service", "in_maintenance", "out_of_service", "retired")
WORKDAY, RESTDAY, HOLIDAY, MAKEUP_WORKDAY = DAY_KINDS = ("workday", "restday", "holiday", "makeup_workday")
MODES = ("self_operated", "assisted", "commissioned", "self_operated_clean_room", "long_run")


def slot_taken() -> Conflict:
    """What an asker is told whose time overlaps another claim."""
    reason = Reason("slot_taken", N_("Somebody else holds this time."))
    return Conflict(reason.message, code=reason.code, reasons=[reason])


OVERLAP = guard("ex_claim_overlap", slot_taken)
CODE_TAKEN = guard("uq_instrument_code", lambda: Conflict(N_("Another instrument has this code."), code="code_taken"))


class Category(Model):
    """A group of instruments, named in both languages."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name_en: Mapped[str] = mapped_column(String(120), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))


class Instrument(Model):
    """One bookable instrument and the rules of its slots; lengths and buffers in minutes."""

    __tablename__ = "instrument"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="state"),
        CheckConstraint("channels BETWEEN 1 AND 500", name="channels"),
        CheckConstraint("grid_minutes BETWEEN 1 AND 1440", name="grid"),
        CheckConstraint("min_minutes BETWEEN 1 AND max_minutes", name="lengths"),
        CheckConstraint("warmup_minutes >= 0 AND cooldown_minutes >= 0", name="buffers"),
        Index("ix_instrument_category_id", "category_id"),
        Index("ix_instrument_site_id", "site_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_en: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    class_code: Mapped[str] = mapped_column(String(6), default="")
    manufacturer: Mapped[str] = mapped_column(String(120), default="")
    model: Mapped[str] = mapped_column(String(120), default="")
    original_value_cny: Mapped[int | None] = mapped_column(BigInteger)
    owner_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    location: Mapped[str] = mapped_column(String(120), default="")
    state: Mapped[str] = mapped_column(String(20), default="in_service")
    booking_modes: Mapped[str] = mapped_column(String(120), default="self_operated")  # joined by |
    channels: Mapped[int] = mapped_column(default=1)
    grid_minutes: Mapped[int] = mapped_column(default=30)
    min_minutes: Mapped[int] = mapped_column(default=30)
    max_minutes: Mapped[int] = mapped_column(default=480)
    warmup_minutes: Mapped[int] = mapped_column(default=0)
    cooldown_minutes: Mapped[int] = mapped_column(default=0)
    notice_minutes: Mapped[int] = mapped_column(default=120)
    horizon_days: Mapped[int] = mapped_column(default=60)
    decide_minutes: Mapped[int] = mapped_column(default=2880)  # a request is answered within this time
    check_in_minutes: Mapped[int] = mapped_column(default=15)  # so early one may check in
    grace_minutes: Mapped[int] = mapped_column(default=30)  # nobody came for so long: a no-show
    late_minutes: Mapped[int] = mapped_column(default=10)
    overtime_minutes: Mapped[int] = mapped_column(default=10)
    early_minutes: Mapped[int] = mapped_column(default=30)  # left so long before the end: left early
    auto_end_minutes: Mapped[int] = mapped_column(default=60)  # a use nobody ended ends so long after the booked end
    cancel_minutes: Mapped[int] = mapped_column(default=1440)  # until so long before the start one cancels for nothing
    late_cancel_percent: Mapped[int] = mapped_column(default=50)  # of its minutes, charged to the account
    no_show_percent: Mapped[int] = mapped_column(default=100)
    approval: Mapped[bool] = mapped_column(default=True)
    qualification_required: Mapped[bool] = mapped_column(default=False)
    rate_cny_per_hour: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=Decimal(0))
    maintenance_note: Mapped[str] = mapped_column(String(500), default="")
    description: Mapped[str] = mapped_column(Text, default="")  # Markdown, sanitised when shown
    version: Mapped[int] = mapped_column(default=1)


class Claim(Model):
    """Occupied time of one channel, buffers included; the database refuses any overlap.

    `owner_id` names the row, of the slice that `kind` belongs to, which holds the time; freed time is a deleted claim.
    """

    __tablename__ = "claim"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("kind IN ('booking', 'maintenance', 'outage', 'offer')", name="kind"),
        UniqueConstraint("kind", "owner_id", "instrument_id", "channel", "starts_at"),
        Index("ix_claim_instrument_id_channel_starts_at", "instrument_id", "channel", "starts_at"),
        Index("ix_claim_instrument_id_ends_at", "instrument_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    channel: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int] = mapped_column(BigInteger)


class Ownership(Model):
    """Whose an instrument is from a day on; the latest is also the instrument's own `owner_id`."""

    __tablename__ = "ownership"
    __table_args__ = (UniqueConstraint("instrument_id", "valid_from"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    valid_from: Mapped[date]  # in the site's zone


class OpeningPattern(Model):
    """The weekly hours of a site, or of one instrument there, from a day on; the latest that is valid counts.

    `week` has seven lists of [from, to] in minutes of the local day, Monday first; null: as the site. With `holidays`
    the calendar of workdays changes nothing; with `unattended` a use must only begin within the hours.
    """

    __tablename__ = "opening_pattern"
    __table_args__ = (
        UniqueConstraint("site_id", "instrument_id", "valid_from"),  # of the site's own `hours_are_said_once` holds it
        Index("ix_opening_pattern_instrument_id", "instrument_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"))
    valid_from: Mapped[date]  # in the site's zone
    week: Mapped[list[Any] | None] = mapped_column(Json)
    holidays: Mapped[bool] = mapped_column(default=False)
    unattended: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)


class OpeningException(Model):
    """Other hours on one day, of a site or an instrument there, whatever pattern and calendar say; empty: closed."""

    __tablename__ = "opening_exception"
    __table_args__ = (Index("ix_opening_exception_site_id_day", "site_id", "day"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"))
    day: Mapped[date]
    intervals: Mapped[list[Any]] = mapped_column(Json)
    note: Mapped[str] = mapped_column(String(200), default="")
    person_id: Mapped[int | None] = mapped_column(BigInteger)  # who said so; null for the clockwork
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalendarDay(Model):
    """A day of a site's calendar that is not what its weekday says; `year` is the one whose notice says so."""

    __tablename__ = "calendar_day"
    __table_args__ = (
        UniqueConstraint("site_id", "day"),
        CheckConstraint(f"kind IN ({', '.join(map(repr, DAY_KINDS))})", name="kind"),
        Index("ix_calendar_day_site_id_year", "site_id", "year"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    year: Mapped[int]
    day: Mapped[date]
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120), default="")
    source: Mapped[str] = mapped_column(String(20))  # library, notice or hand
    note: Mapped[str] = mapped_column(String(200), default="")
    updated_by: Mapped[int | None] = mapped_column(BigInteger)  # null for the clockwork
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalendarYear(Model):
    """A year of a site's calendar: is its notice known, and were the bookings looked at since it last changed?

    A year that is forgotten keeps its row, or it would be seeded again.
    """

    __tablename__ = "calendar_year"
    __table_args__ = (UniqueConstraint("site_id", "year"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    year: Mapped[int]
    source: Mapped[str] = mapped_column(String(20))
    published: Mapped[bool]
    rechecked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
