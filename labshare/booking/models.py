"""What is remembered of a booking; its past states stand in the journal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from labshare.booking.lifecycle import STATES
from labshare.kernel.db import Id, Model, UtcDateTime


class Booking(Model):
    """A company's request for a slot of an instrument, and what became of it."""

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_booking_company_id_starts_at", "company_id", "starts_at"),
        Index("ix_booking_instrument_id_starts_at", "instrument_id", "starts_at"),
        Index("ix_booking_state_decide_by", "state", "decide_by"),
        Index("ix_booking_starts_at_id", "starts_at", "id"),
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
    decide_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(String(500), default="")  # the manager's word on approving or rejecting
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
