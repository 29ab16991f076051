"""What is remembered of a booking; its past states stand in the journal."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from labshare.booking.lifecycle import APPROVED, COMPANY, STATES
from labshare.kernel.db import Id, Model, UtcDateTime, guard
from labshare.kernel.errors import Busy, Conflict

REPLACED = guard("uq_booking_replaces_id", lambda: Conflict(code="changed_meanwhile"))
REMINDED = guard("uq_reminder_booking_id_kind_about", lambda: Busy(code="reminded"))


class Booking(Model):
    """A company's request for a slot of an instrument, and what became of it."""

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        CheckConstraint(f"awaiting IN ('', '{COMPANY}')", name="awaiting"),
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_booking_company_id_starts_at", "company_id", "starts_at"),
        Index("ix_booking_instrument_id_starts_at", "instrument_id", "starts_at"),
        Index("ix_booking_state_decide_by", "state", "decide_by"),
        Index("ix_booking_starts_at_id", "starts_at", "id"),
        UniqueConstraint("replaces_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    channel: Mapped[int] = mapped_column(default=1)
    purpose: Mapped[str] = mapped_column(Text)
    on_behalf: Mapped[bool] = mapped_column(default=False)
    # Until when the laboratory answers a request, its own company while it is `awaiting` that, or the company an offer.
    decide_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    awaiting: Mapped[str] = mapped_column(String(12), default="", server_default="")
    answer: Mapped[str] = mapped_column(String(500), default="")  # the manager's word on approving or rejecting
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by somebody of the laboratory, the first time
    excuse: Mapped[str] = mapped_column(String(20), default="")  # why a missed one is nobody's fault
    # Its day is open unless a notice that is not published yet says otherwise.
    provisional: Mapped[bool] = mapped_column(default=False, server_default=false())
    over_quota: Mapped[bool] = mapped_column(default=False)  # holds none of its company's hours until they are waived
    charge: Mapped[int] = mapped_column(default=0)  # per cent of its minutes that its absence cost the company
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))  # the displaced one it was taken for
    waitlist_id: Mapped[int | None] = mapped_column(ForeignKey("waitlist_entry.id"))  # the wait that it ended


class Waiver(Model):
    """A rule that somebody of the laboratory let pass for a booking, by name, and why."""

    __tablename__ = "waiver"
    __table_args__ = (Index("ix_waiver_booking_id", "booking_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    code: Mapped[str] = mapped_column(String(40))  # of the reason that was let pass
    reason: Mapped[str] = mapped_column(String(500))
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageRecord(Model):
    """What was really used of a booking, whose it was and what it was called then; open while in use.

    Late, overtime and left early are facts; `excuse` says why they are not held against anybody.
    """

    __tablename__ = "usage_record"
    __table_args__ = (
        UniqueConstraint("booking_id"),
        CheckConstraint("source IN ('checked_in', 'operator', 'assumed')", name="source"),
        CheckConstraint("starts_at <= ends_at", name="order"),
        Index("ix_usage_record_instrument_id_freed_at", "instrument_id", "freed_at"),
        Index("ix_usage_record_company_id_starts_at", "company_id", "starts_at"),
        Index("ix_usage_record_person_id_starts_at", "person_id", "starts_at"),
        Index("ix_usage_record_starts_at_id", "starts_at", "id"),
        Index("ix_usage_record_instrument_id_starts_at", "instrument_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    channel: Mapped[int] = mapped_column(default=1)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("company.id"))  # whose instrument it was
    company_name: Mapped[str] = mapped_column(String(200))
    category_en: Mapped[str] = mapped_column(String(120))
    category_zh: Mapped[str] = mapped_column(String(120))
    rate_cny_per_hour: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=Decimal(0), server_default="0")
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    freed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # until then nobody else could begin
    minutes: Mapped[int | None]  # whole ones
    source: Mapped[str] = mapped_column(String(20))
    samples: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, default="")
    problem: Mapped[str] = mapped_column(Text, default="")
    late: Mapped[bool] = mapped_column(default=False)
    overtime: Mapped[bool] = mapped_column(default=False)
    left_early: Mapped[bool] = mapped_column(default=False)
    excuse: Mapped[str] = mapped_column(String(20), default="")
    version: Mapped[int] = mapped_column(default=1)


class Sums(Model):
    """What a company's bookings of an instrument add up to in a month of the instrument's zone; see rules.tallying.

    Month 0 is the whole year, so that a year's report reads a twelfth of it.
    """

    __abstract__ = True

    year: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"), primary_key=True)
    asked: Mapped[int]
    approved: Mapped[int]
    rejected: Mapped[int]
    cancelled: Mapped[int]
    late_cancels: Mapped[int]
    no_shows: Mapped[int]
    expired: Mapped[int]
    displaced: Mapped[int]
    answered: Mapped[int]
    answer_minutes: Mapped[int] = mapped_column(BigInteger)
    booked_minutes: Mapped[int] = mapped_column(BigInteger)
    credited_minutes: Mapped[int] = mapped_column(BigInteger)
    uses: Mapped[int]
    samples: Mapped[int] = mapped_column(BigInteger)
    effective_minutes: Mapped[int] = mapped_column(BigInteger)
    external_uses: Mapped[int]
    external_minutes: Mapped[int] = mapped_column(BigInteger)
    worth: Mapped[int] = mapped_column(BigInteger)  # minutes × fen an hour: 1/6,000 of it is CNY


class Tally(Sums):
    """The sums of today, changed by every transaction that changes such a booking, as its very last."""

    __tablename__ = "tally"
    __table_args__ = (
        Index("ix_tally_company_id_year", "company_id", "year"),
        Index("ix_tally_instrument_id_year", "instrument_id", "year"),
    )


DUE, OVERDUE, COMING_UP = REMINDERS = ("answer_due", "answer_overdue", "coming_up")


class Reminder(Model):
    """Somebody was reminded of a booking; `about` is the moment it was about, so a moved booking is reminded anew."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("booking_id", "kind", "about"),
        CheckConstraint(f"kind IN ({', '.join(map(repr, REMINDERS))})", name="kind"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    kind: Mapped[str] = mapped_column(String(20))
    about: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


WAITING, OFFERED, ACCEPTED, DECLINED, LAPSED = OFFER_STATES = ("waiting", "offered", "accepted", "declined", "lapsed")
MAINTENANCE, OUTAGE, CLOSED_DAY, RETIRED, CHANNELS = CAUSES = (
    *("maintenance", "outage", "closed_day", "retired", "channels"),
)


class Displacement(Model):
    """A booking whose time the laboratory took, why, and the other time that is held for its company meanwhile.

    `cause_id` is the window, the outage, the calendar's year or the instrument. One offer is made; its claim is of
    kind offer and belongs to this row while the offer is open.
    """

    __tablename__ = "displacement"
    __table_args__ = (
        UniqueConstraint("booking_id"),
        CheckConstraint(f"cause IN ({', '.join(map(repr, CAUSES))})", name="cause"),
        CheckConstraint(f"state IN ({', '.join(map(repr, OFFER_STATES))})", name="state"),
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_displacement_state_answer_by", "state", "answer_by"),
        Index("ix_displacement_cause_cause_id", "cause", "cause_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    was: Mapped[str] = mapped_column(String(20), default=APPROVED)  # the state the booking was in
    cause: Mapped[str] = mapped_column(String(20))
    cause_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(20), default=WAITING)
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"))
    channel: Mapped[int | None]
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


IN_LINE, ASKED, TAKEN, PASSED, LEFT, OVER = WAIT_STATES = ("waiting", "offered", "taken", "passed", "left", "over")


class WaitlistEntry(Model):
    """A company's place in the line for time that is taken: should it become free, they are asked in turn.

    The time that is held for them meanwhile is a booking in state offered, which names this row.
    """

    __tablename__ = "waitlist_entry"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(map(repr, WAIT_STATES))})", name="state"),
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_waitlist_entry_state_starts_at", "state", "starts_at"),
        Index("ix_waitlist_entry_instrument_id_state", "instrument_id", "state"),
        Index("ix_waitlist_entry_company_id_state", "company_id", "state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(20), default=IN_LINE)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    purpose: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


NO_SHOW, LATE_CANCEL, OVERTIME = HELD_AGAINST = ("no_show", "late_cancel", "overtime")
NOTED = guard("uq_conduct_entry_booking_id_what", lambda: Busy(code="noted"))


class ConductEntry(Model):
    """What is held against a person and their company; it expires, or is lifted, and is never deleted."""

    __tablename__ = "conduct_entry"
    __table_args__ = (
        UniqueConstraint("booking_id", "what"),
        CheckConstraint(f"what IN ({', '.join(map(repr, HELD_AGAINST))})", name="what"),
        Index("ix_conduct_entry_company_id_expires_at", "company_id", "expires_at"),
        Index("ix_conduct_entry_person_id_expires_at", "person_id", "expires_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    what: Mapped[str] = mapped_column(String(20))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    points: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    objection: Mapped[str] = mapped_column(Text, default="")
    objected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_by: Mapped[int | None] = mapped_column(BigInteger)  # null for the clockwork
    lift_reason: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)


class Restriction(Model):
    """Somebody, or everybody of a company, may not ask for time for a while, because of what is held against them."""

    __tablename__ = "restriction"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_restriction_company_id_ends_at", "company_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # null: everybody of the company
    points: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_by: Mapped[int | None] = mapped_column(BigInteger)
    lift_reason: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)
