"""What can be announced of a company's account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class AccountFact(Event):
    """What every fact about an account is about."""

    OBJECT: ClassVar[str] = "account"


@dataclass(frozen=True, kw_only=True)
class AccountOpened(AccountFact):
    """A company's account has so many periods it had not; in a new one `added` allowances have counted nothing yet."""

    periods: int
    added: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AllowancesSet(AccountFact):
    """A company's account has other allowances or caps; with `follows` they are the default ones."""

    follows: bool
    items: tuple[str, ...]  # scope, its id, period, minutes, what happens over them; joined by blanks
    company_cap: int | None = None
    person_cap: int | None = None
    added: tuple[int, ...] = ()  # allowances that have counted nothing yet


@dataclass(frozen=True, kw_only=True)
class DefaultAllowancesSet(AccountFact):
    """Companies without allowances of their own get others."""

    items: tuple[str, ...]
    company_cap: int | None = None
    person_cap: int | None = None


@dataclass(frozen=True, kw_only=True)
class BalanceFact(AccountFact):
    """What every fact about one period of an allowance says; hours are in minutes."""

    balance_id: int
    scope: str
    scope_en: str  # of a category, instrument or site; empty for all
    scope_zh: str
    period: str
    starts_on: str  # ISO, as the journal keeps it
    limit: int


@dataclass(frozen=True, kw_only=True)
class AllowanceExtended(BalanceFact):
    """An admin added minutes to one period of an allowance, once, and why."""

    minutes: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class AllowanceNearlyUsed(BalanceFact):
    """So many per cent of one period of an allowance are held or used."""

    percent: int
    spoken_for: int
