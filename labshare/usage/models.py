"""What is remembered of years: where they stand, what they said when they were closed, and what was corrected since."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from labshare.booking.models import Sums
from labshare.kernel.db import Id, Model, UtcDateTime
from labshare.usage.lifecycle import STATES

COMPANY, INSTRUMENT, YEAR = KINDS = ("company", "instrument", "year")


class UsageYear(Model):
    """A year and how far its figures are settled; one without a row is a draft.

    `digest` is the SHA-256 over the canonical lines of a closed year.
    """

    __tablename__ = "usage_year"
    __table_args__ = (CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="state"),)

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(20))
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    object_by: Mapped[datetime | None] = mapped_column(UtcDateTime)  # until then companies may object
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    digest: Mapped[str] = mapped_column(String(64), default="")
    version: Mapped[int] = mapped_column(default=1)


class ClosedSums(Sums):
    """The sums of a closed year, as they were."""

    __tablename__ = "closed_tally"


class ClosedLine(Model):
    """What else a closed year says: of a company, of an instrument, or of the year itself; canonical JSON."""

    __tablename__ = "closed_line"

    year: Mapped[int] = mapped_column(ForeignKey("usage_year.year"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # the company's or instrument's id
    said: Mapped[str] = mapped_column(Text)


class Heat(Model):
    """Effective minutes of a year in one hour of the week, where the instruments stand; counted every night."""

    __tablename__ = "usage_heat"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    weekday: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 0: Monday
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    minutes: Mapped[int] = mapped_column(BigInteger)


class Objection(Model):
    """What a company has against its figures of an issued year, and what it was answered."""

    __tablename__ = "usage_objection"
    __table_args__ = (Index("ix_usage_objection_year_company_id", "year", "company_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    year: Mapped[int]
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(default=1)


class Correction(Model):
    """By how much a closed year was corrected in one of its months; a line of the year in which that was done.

    `kind` is the fact that corrected it and `version` that of what it happened to: a fact corrects a month once.
    """

    __tablename__ = "usage_correction"
    __table_args__ = (
        UniqueConstraint("booking_id", "kind", "version", "of_year", "of_month"),
        Index("ix_usage_correction_year_company_id", "year", "company_id"),
        Index("ix_usage_correction_of_year", "of_year"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    year: Mapped[int]
    of_year: Mapped[int]
    of_month: Mapped[int]
    kind: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    uses: Mapped[int] = mapped_column(default=0)
    samples: Mapped[int] = mapped_column(BigInteger, default=0)
    effective_minutes: Mapped[int] = mapped_column(BigInteger, default=0)
    external_uses: Mapped[int] = mapped_column(default=0)
    external_minutes: Mapped[int] = mapped_column(BigInteger, default=0)
    credited_minutes: Mapped[int] = mapped_column(BigInteger, default=0)
    worth: Mapped[int] = mapped_column(BigInteger, default=0)
    late_cancels: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(500), default="")


CORRECTED = (  # the sums that a fact can still change once nothing of a year is ahead or in use
    *("uses", "samples", "effective_minutes", "external_uses", "external_minutes", "credited_minutes", "worth"),
    "late_cancels",
)
