"""What is remembered of a company's account of hours: what it is allowed, what stands in it, and every line of it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel.db import Id, Model, UtcDateTime, guard
from labshare.kernel.errors import N_, Conflict, Reason

ALL, CATEGORY, INSTRUMENT, SITE = SCOPES = ("all", "category", "instrument", "site")
WEEK, MONTH, QUARTER, YEAR = PERIODS = ("week", "month", "quarter", "year")
REFUSE, ASK = EXCEEDED = ("refuse", "ask")  # over it a request is refused, or passed to the manager, marked
HOLD, RELEASE, USE, NO_SHOW, LATE_CANCEL = "hold", "release", "use", "no_show", "late_cancel"
OUTAGE_CREDIT, CORRECTION = "outage_credit", "correction"
WAIVER, OVERTIME, LOWERED, EXTENSION = "waiver", "overtime", "lowered", "extension"
# What a minute of a line does to its balance: to what is held, used, extended and granted.
EFFECTS: dict[str, tuple[int, int, int, int]] = {
    HOLD: (1, 0, 0, 0),
    RELEASE: (-1, 0, 0, 0),
    OUTAGE_CREDIT: (-1, 0, 0, 0),  # given back because the instrument could not be used
    USE: (0, 1, 0, 0),
    NO_SHOW: (0, 1, 0, 0),
    LATE_CANCEL: (0, 1, 0, 0),  # may be negative: given back, for others took the time
    CORRECTION: (0, 1, 0, 0),  # may be negative
    EXTENSION: (0, 0, 1, 0),  # may be negative
    WAIVER: (0, 0, 0, 1),
    OVERTIME: (0, 0, 0, 1),
    LOWERED: (0, 0, 0, 1),
}
KINDS = tuple(EFFECTS)
GRANTS = (WAIVER, OVERTIME, LOWERED)

_TEXT = N_("The hours your company is allowed do not suffice.")
OVER_LIMIT = guard(
    "ck_balance_within_limit",
    lambda: Conflict(_TEXT, code="quota_exceeded", reasons=[Reason("quota_exceeded", _TEXT)]),
)

guard("uq_account_company_id", lambda: Conflict(code="changed_meanwhile"))  # two opened one company's account at once


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


class Account(Model):
    """A company's account of hours; the one without a company is the default that others follow.

    `follows` is the version of the default it has taken over, None where the company has allowances of its own.
    Caps count bookings ahead; None: as many as they like.
    """

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("company_cap >= 0 AND person_cap >= 0", name="caps"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    follows: Mapped[int | None]
    company_cap: Mapped[int | None]
    person_cap: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)


class Allowance(Model):
    """So many minutes of a scope in every period; the one without a limit is the account itself and counts all.

    `counts_from` and `valid_to` are days where the instrument stands, both included; minutes of other days do not
    count. Scope, period and days never change: another set withdraws it.
    """

    __tablename__ = "allowance"
    __table_args__ = (
        CheckConstraint(_one_of("scope", SCOPES), name="scope"),
        CheckConstraint(_one_of("period", PERIODS), name="period"),
        CheckConstraint(_one_of("when_exceeded", EXCEEDED), name="when_exceeded"),
        CheckConstraint("minutes >= 0", name="minutes"),
        Index("ix_allowance_account_id", "account_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    scope: Mapped[str] = mapped_column(String(20), default="all")
    scope_id: Mapped[int | None] = mapped_column(BigInteger)  # of the category, instrument or site
    period: Mapped[str] = mapped_column(String(20), default="year")
    minutes: Mapped[int | None]
    when_exceeded: Mapped[str] = mapped_column(String(20), default="refuse")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    counts_from: Mapped[date]
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class Balance(Model):
    """What stands in one period of an allowance, in minutes; it changes in the transaction that books, as its last.

    `minutes` is the limit, `extended` what an admin added once. `granted` lets stand what a waiver, overtime or a
    lowered limit brought about, and makes room for nothing new; `lowered` is what a lowered limit left to look at.
    `terms` grows when the account's allowances change: whoever reckoned with others reckons again.
    """

    __tablename__ = "balance"
    __table_args__ = (
        UniqueConstraint("allowance_id", "starts_on"),
        CheckConstraint("held + used <= minutes + extended + granted", name="within_limit"),
        CheckConstraint("held >= 0 AND used >= 0 AND granted >= 0 AND lowered >= 0", name="order"),
        CheckConstraint("starts_on < ends_on", name="period"),
        Index("ix_balance_account_id_starts_on", "account_id", "starts_on"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    allowance_id: Mapped[int] = mapped_column(ForeignKey("allowance.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]  # excluded
    held: Mapped[int] = mapped_column(default=0)
    used: Mapped[int] = mapped_column(default=0)
    minutes: Mapped[int | None]
    extended: Mapped[int] = mapped_column(default=0)
    granted: Mapped[int] = mapped_column(default=0)
    lowered: Mapped[int] = mapped_column(default=0)
    terms: Mapped[int] = mapped_column(default=1)


class Line(Model):
    """One line of the ledger; the database lets it be neither changed nor deleted.

    `person_id` is whose booking it is, `actor_id` who did it; a clock is nobody.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        Index("ix_ledger_balance_id_id", "balance_id", "id"),
        Index("ix_ledger_booking_id", "booking_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    balance_id: Mapped[int] = mapped_column(ForeignKey("balance.id"))
    kind: Mapped[str] = mapped_column(String(20))
    minutes: Mapped[int]
    booking_id: Mapped[int | None] = mapped_column(BigInteger)
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"))
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(500), default="")


class Warned(Model):
    """People were told that so many per cent of a limit are spoken for, once for each limit."""

    __tablename__ = "warned"
    __table_args__ = (UniqueConstraint("balance_id", "percent", "minutes"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    balance_id: Mapped[int] = mapped_column(ForeignKey("balance.id"))
    percent: Mapped[int]
    minutes: Mapped[int]  # the limit it was about
    at: Mapped[datetime] = mapped_column(UtcDateTime)
