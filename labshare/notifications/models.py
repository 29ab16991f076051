"""What is remembered of messages."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel.db import Id, Model


class InboxMark(Model):
    """How far a person has read: every fact up to `seen_id` is old news to them."""

    __tablename__ = "inbox_mark"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    seen_id: Mapped[int] = mapped_column(BigInteger)
