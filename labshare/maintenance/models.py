"""What is remembered of maintenance: windows and their repeats, utilities, outages, what falls due, documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel.db import Id, Json, Model, UtcDateTime, guard
from labshare.kernel.errors import Busy
from labshare.maintenance.lifecycle import STATES

PREVENTIVE, CALIBRATION, REPAIR, VENDOR_VISIT = KINDS = ("preventive", "calibration", "repair", "vendor_visit")

WARNED = guard("uq_upkeep_warning_upkeep_id_since", lambda: Busy(code="warned"))


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(repr, words))})"


class Utility(Model):
    """What several instruments depend on: a chiller, a compressor, the clean room's air."""

    __tablename__ = "utility"
    __table_args__ = (Index("ix_utility_site_id", "site_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name_en: Mapped[str] = mapped_column(String(120))
    name_zh: Mapped[str] = mapped_column(String(120))
    version: Mapped[int] = mapped_column(default=1)


class Dependence(Model):
    """An instrument that stands still without the utility."""

    __tablename__ = "dependence"
    __table_args__ = (UniqueConstraint("utility_id", "instrument_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    utility_id: Mapped[int] = mapped_column(ForeignKey("utility.id"))
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))


class Series(Model):
    """A window that comes again and again, as it was said; each of its occurrences is a window of its own."""

    __tablename__ = "maintenance_series"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    repeat: Mapped[dict[str, Any]] = mapped_column(Json)


class Window(Model):
    """Planned maintenance of some instruments; its claims are of kind maintenance and belong to this row."""

    __tablename__ = "maintenance_window"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint(_one_of("state", STATES), name="state"),
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_maintenance_window_state_starts_at", "state", "starts_at"),
        Index("ix_maintenance_window_starts_at_id", "starts_at", "id"),
        Index("ix_maintenance_window_series_id", "series_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("maintenance_series.id"))
    utility_id: Mapped[int | None] = mapped_column(ForeignKey("utility.id"))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    performed_by: Mapped[str] = mapped_column(String(200), default="")
    fits: Mapped[bool] = mapped_column(default=False)  # lies around the bookings that were there
    person_id: Mapped[int | None] = mapped_column(BigInteger)  # who planned it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reminded_of: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the start people were reminded of
    version: Mapped[int] = mapped_column(default=1)


class WindowPlace(Model):
    """An instrument a window is about."""

    __tablename__ = "maintenance_window_place"
    __table_args__ = (
        UniqueConstraint("window_id", "instrument_id"),
        Index("ix_maintenance_window_place_instrument_id", "instrument_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("maintenance_window.id"))
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))


class Document(Model):
    """A file that belongs to a window: a calibration sheet, a vendor's report; kept in the database with the rest."""

    __tablename__ = "maintenance_document"
    __table_args__ = (Index("ix_maintenance_document_window_id", "window_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("maintenance_window.id"))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Outage(Model):
    """An instrument that broke down; nobody knows for how long, so its claims reach from day to day until it ends.

    `expected_until` is a guess; `claimed_until` is how far the time is taken.
    """

    __tablename__ = "outage"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'ended')", name="state"),
        CheckConstraint("began_at <= ended_at", name="order"),
        Index("ix_outage_state_claimed_until", "state", "claimed_until"),
        Index("ix_outage_instrument_id_began_at", "instrument_id", "began_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    state: Mapped[str] = mapped_column(String(20))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime] = mapped_column(UtcDateTime)
    expected_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    remedy: Mapped[str] = mapped_column(Text, default="")  # what was done
    person_id: Mapped[int | None] = mapped_column(BigInteger)  # who reported it
    version: Mapped[int] = mapped_column(default=1)


class Upkeep(Model):
    """What an instrument needs again and again: so many days after the last time, or after so many hours of use."""

    __tablename__ = "upkeep"
    __table_args__ = (
        UniqueConstraint("instrument_id", "kind"),
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint("every_days BETWEEN 1 AND 3660", name="days"),
        CheckConstraint("every_hours BETWEEN 1 AND 100000", name="hours"),
        CheckConstraint("every_days IS NOT NULL OR every_hours IS NOT NULL", name="some"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    kind: Mapped[str] = mapped_column(String(20))
    every_days: Mapped[int | None]
    every_hours: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # counted from here until a window of its kind was done
    version: Mapped[int] = mapped_column(default=1)


class UpkeepWarning(Model):
    """Managers were told that an upkeep is overdue; `since` is the last time it was done, so each lack is told once."""

    __tablename__ = "upkeep_warning"
    __table_args__ = (UniqueConstraint("upkeep_id", "since"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    upkeep_id: Mapped[int] = mapped_column(ForeignKey("upkeep.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
