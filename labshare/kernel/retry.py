"""Asking twice is asking once: the answer to a keyed request is stored in the transaction that made it true."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel import clock
from labshare.kernel.db import Id, Model, Transaction, UtcDateTime, guard, rows, table_of
from labshare.kernel.errors import N_, Busy, Invalid

UNIQUE = guard("uq_answer_person_id_key", lambda: Busy(code="retry_in_progress"))


class Answer(Model):
    """What a keyed request was told: 2xx only, kept for at least a day."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("person_id", "key"), Index("ix_answer_at", "at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Replayed(Exception):
    """This request was answered before; carries that answer, byte for byte."""

    def __init__(self, status: int, body: str) -> None:
        self.status, self.body = status, body
        super().__init__("answered before")


_answers = table_of(Answer)
_FIND = select(_answers.c.fingerprint, _answers.c.status, _answers.c.body).where(
    _answers.c.person_id == bindparam("whose"), _answers.c.key == bindparam("said")
)


@dataclass
class Retry:
    """A request that may come again: whose, under which key, saying what, and how its answer is written."""

    person_id: int
    key: str
    fingerprint: str
    status: int
    render: Callable[[Any], str]
    body: str | None = None

    @property
    def lock_key(self) -> int:
        digest = hashlib.sha256(f"{self.person_id}:{self.key}".encode()).digest()
        return 1 << 61 | int.from_bytes(digest[:7], "big")

    def part(self, number: int) -> Retry:
        """The same request's, of one of the many things it asks for, where each is done by itself."""
        key = hashlib.sha256(f"{self.key}\0{number}".encode()).hexdigest()
        return Retry(self.person_id, key, self.fingerprint, self.status, lambda _result: "")

    def replay(self) -> None:
        """Raise Replayed where this key was answered before, Invalid where it asked for something else."""
        answers = rows(_FIND, whose=self.person_id, said=self.key)
        if not answers:
            return
        found = answers[0]
        if found.fingerprint != self.fingerprint:
            message = N_("This key was used before for another request.")
            raise Invalid(message, code="idempotency_key_reused", fields={"Idempotency-Key": [message]})
        raise Replayed(found.status, found.body)

    def keep(self, tx: Transaction, result: Any) -> None:
        """Write the answer and store it with the change it reports."""
        self.body = self.render(result)
        tx.note(
            _answers,
            {
                "person_id": self.person_id,
                "key": self.key,
                "fingerprint": self.fingerprint,
                "status": self.status,
                "body": self.body,
                "at": clock.now(),
            },
        )
