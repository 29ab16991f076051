"""What is remembered of messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel.db import Id, Model, UtcDateTime, guard
from labshare.kernel.errors import Busy

DELIVERED = guard("uq_delivery_journal_id", lambda: Busy(code="delivery_claimed"))


class InboxMark(Model):
    """How far a person has read: every fact up to `seen_id` is old news to them."""

    __tablename__ = "inbox_mark"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    seen_id: Mapped[int] = mapped_column(BigInteger)


class Delivery(Model):
    """One mail for one fact: waiting for its next try, sent, dead after the last one, or not needed any more."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'dead', 'needless')", name="state"),
        Index("ix_delivery_state_next_try_at", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), unique=True)
    state: Mapped[str] = mapped_column(String(20))
    tries: Mapped[int]
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_error: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)
