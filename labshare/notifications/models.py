"""What is remembered of messages: what each person was told, by which way, and how far the journal was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel.db import Id, Model, UtcDateTime

WAITING, SENT, DEAD, NEEDLESS = "waiting", "sent", "dead", "needless"
STATES = (WAITING, SENT, DEAD, NEEDLESS)
JOURNAL = "journal"  # the only thing that is told from


class Message(Model):
    """One fact in one person's inbox; `booking_id` is what it leads to, and without that booking it is not shown."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("journal_id", "person_id"),
        Index("ix_message_person_id_read_at", "person_id", "read_at"),
        Index("ix_message_person_id_id", "person_id", "id"),
        Index("ix_message_at", "at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    group: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # of the fact
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Delivery(Model):
    """One mail of one fact to one address: waiting for its next try, sent, dead after the last, or not needed."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'dead', 'needless')", name="state"),
        UniqueConstraint("journal_id", "address"),
        Index("ix_delivery_state_next_try_at", "state", "next_try_at"),
        Index("ix_delivery_changed_at", "changed_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal.id"))
    address: Mapped[str] = mapped_column(String(254))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # nobody yet, where somebody is invited
    state: Mapped[str] = mapped_column(String(20))
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_error: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)


class Told(Model):
    """How far the journal was told for good: nothing up to `journal_id` is looked at again."""

    __tablename__ = "told"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    journal_id: Mapped[int] = mapped_column(BigInteger)


class MessageChoice(Model):
    """Whether a person wants mail of one group of messages; where there is no row, they do."""

    __tablename__ = "message_choice"
    __table_args__ = (UniqueConstraint("person_id", "group"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    group: Mapped[str] = mapped_column(String(20))
    mail: Mapped[bool]
