"""What is the case with accounts: what a company may use, what stands in it, and its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.instruments.models import Category, Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import only_row, rows, table_of
from labshare.kernel.errors import NotFound
from labshare.people.models import Company, Person, Site
from labshare.quotas import policy
from labshare.quotas.allowances import Caps
from labshare.quotas.models import Account, Allowance, Balance, Line
from labshare.quotas.rules import Terms

_actor = table_of(Person).alias("actor")
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Standing:
    """One period of one allowance, with the names people know it by; minutes, days of its site."""

    id: int
    account_id: int
    company_id: int
    company_name: str
    allowance_id: int
    scope: str
    scope_id: int | None
    scope_en: str
    scope_zh: str
    period: str
    when_exceeded: str
    starts_on: date
    ends_on: date
    held: int
    used: int
    minutes: int | None
    extended: int
    granted: int
    lowered: int
    withdrawn_at: datetime | None

    @property
    def limit(self) -> int | None:
        """What may be used, with what was added once; None for any amount."""
        return None if self.minutes is None else self.minutes + self.extended

    @property
    def left(self) -> int | None:
        """What may still be asked for; None for any amount."""
        return None if self.limit is None else max(0, self.limit - self.held - self.used)

    @property
    def is_beyond(self) -> bool:
        """Does what a lowered limit has no room for still stand?"""
        over = self.limit is not None and self.held + self.used > self.limit
        return over and self.lowered > 0 and self.withdrawn_at is None

    @property
    def percent(self) -> int:
        """How much of the limit is held or used, rounded down; 100 where nothing is allowed."""
        return 0 if self.limit is None else 100 * (self.held + self.used) // self.limit if self.limit else 100


_OF_CATEGORY = sa.and_(Allowance.scope == "category", Category.id == Allowance.scope_id)
_OF_INSTRUMENT = sa.and_(Allowance.scope == "instrument", Instrument.id == Allowance.scope_id)
_OF_SITE = sa.and_(Allowance.scope == "site", Site.id == Allowance.scope_id)
_SCOPE = (
    sa.func.coalesce(Category.name_en, Instrument.code, Site.name_en, "").label("scope_en"),
    sa.func.coalesce(Category.name_zh, Instrument.code, Site.name_zh, "").label("scope_zh"),
)
STANDING: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # so many columns, typed one by one, are of no use here
        Balance.id,
        Balance.account_id,
        Account.company_id,
        Company.name.label("company_name"),
        Balance.allowance_id,
        Allowance.scope,
        Allowance.scope_id,
        *_SCOPE,
        Allowance.period,
        Allowance.when_exceeded,
        Balance.starts_on,
        Balance.ends_on,
        Balance.held,
        Balance.used,
        Balance.minutes,
        Balance.extended,
        Balance.granted,
        Balance.lowered,
        Allowance.withdrawn_at,
    )
    .select_from(Balance)
    .join(Allowance, Allowance.id == Balance.allowance_id)
    .join(Account, Account.id == Balance.account_id)
    .join(Company, Company.id == Account.company_id)
    .outerjoin(Category, _OF_CATEGORY)
    .outerjoin(Instrument, _OF_INSTRUMENT)
    .outerjoin(Site, _OF_SITE)
)


def balance(company_id: int, balance_id: int) -> Standing:
    """One period of an allowance of the company, whoever asks; raises NotFound."""
    return Standing(*only_row(STANDING.where(Balance.id == balance_id, Account.company_id == company_id)))


# ---------------------------------------------------------------- the company's account


@dataclass(frozen=True)
class Statement:
    """A company's account in one year: all it holds and used, and each of its limits."""

    company_id: int
    company_name: str
    year: int
    held: int
    used: int
    standings: Sequence[Standing]  # of its limits, every period of which a day lies in the year


def statement(actor: Actor, company_id: int, year: int) -> Statement:
    """The account in that year, in a number of rows that does not grow with its bookings. Raises NotFound."""
    name = _company(actor, company_id)
    first, last = date(year, 1, 1), date(year, 12, 31)
    # A week alone goes on over the end of a year: so no earlier ones need be looked through.
    within = sa.and_(Balance.starts_on.between(first - WEEK, last), Balance.ends_on > first)
    asked = STANDING.where(Account.company_id == company_id, within)
    found = [Standing(*row) for row in rows(asked.order_by(Balance.starts_on, Balance.allowance_id))]
    whole = [one for one in found if one.minutes is None]
    limits = [one for one in found if one.minutes is not None and (one.withdrawn_at is None or one.held or one.used)]
    return Statement(company_id, name, year, sum(one.held for one in whole), sum(one.used for one in whole), limits)


@dataclass(frozen=True)
class Sought:
    """Which lines of a statement are wanted: of a year as a whole, or of one period of an allowance."""

    year: int
    balance_id: int | None = None
    instrument: str | None = None
    person_id: int | None = None


def lines(actor: Actor, company_id: int, sought: Sought) -> sa.Select[Any]:
    """Lines of one balance of the account, for a paged list by id: without another, of that which counts all.

    Raises NotFound.
    """
    _company(actor, company_id)
    mine = sa.select(_mine.c.id).join(Account, Account.id == _mine.c.account_id).where(Account.company_id == company_id)
    if sought.balance_id is not None:
        mine = mine.where(_mine.c.id == sought.balance_id)
    else:
        mine = mine.where(_mine.c.starts_on == date(sought.year, 1, 1), _mine.c.minutes.is_(None))
    # Found first, and by itself: so its newest lines are read off their index, however many there are.
    chosen = _LINES.where(Line.balance_id == mine.scalar_subquery())
    if sought.instrument is not None:
        chosen = chosen.where(_instrument.c.code == sought.instrument)
    if sought.person_id is not None:
        chosen = chosen.where(Line.person_id == sought.person_id)
    return chosen


_instrument = table_of(Instrument).alias("of_line")
_mine = table_of(Balance).alias("mine")
_LINES: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]  # likewise
        Line.id,
        Line.at,
        Line.kind,
        Line.minutes,
        Line.booking_id,
        Line.reason,
        Line.person_id,
        Line.actor_id,
        Balance.starts_on,
        Allowance.scope,
        Allowance.period,
        _instrument.c.code.label("instrument"),
        _instrument.c.name_en.label("instrument_en"),
        _instrument.c.name_zh.label("instrument_zh"),
        Person.name.label("person"),
        _actor.c.name.label("actor"),
    )
    .select_from(Line)
    .join(Balance, Balance.id == Line.balance_id)
    .join(Account, Account.id == Balance.account_id)
    .join(Allowance, Allowance.id == Balance.allowance_id)
    .outerjoin(_instrument, _instrument.c.id == Line.instrument_id)
    .outerjoin(Person, Person.id == Line.person_id)
    .outerjoin(_actor, _actor.c.id == Line.actor_id)
)


# ---------------------------------------------------------------- what is set


@dataclass(frozen=True)
class Set:
    """The allowances and caps of a company, or of the default; `follows`: they are the default's."""

    account_id: int
    version: int
    follows: bool
    items: Sequence[Item]
    caps: Caps


@dataclass(frozen=True)
class Item:
    """One allowance of a set, with the names of its scope."""

    id: int
    terms: Terms
    scope_code: str  # of an instrument or a site
    scope_en: str
    scope_zh: str


def allowances_of(actor: Actor, company_id: int) -> Set:
    """What the company may use, as it is set. Raises NotFound."""
    _company(actor, company_id)
    return _set(Account.company_id == company_id)


def default() -> Set:
    """What companies without allowances of their own may use."""
    return _set(Account.company_id.is_(None))


def _set(which: sa.ColumnElement[bool]) -> Set:
    mine = only_row(
        sa.select(
            Account.id, Account.version, Account.company_id, Account.follows, Account.company_cap, Account.person_cap
        ).where(which)
    )
    columns = (getattr(Allowance, name) for name in Terms.__dataclass_fields__)
    code = sa.func.coalesce(Instrument.code, Site.code, "")
    limits = (
        sa.select(Allowance.id, code, *_SCOPE, *columns)
        .outerjoin(Category, _OF_CATEGORY)
        .outerjoin(Instrument, _OF_INSTRUMENT)
        .outerjoin(Site, _OF_SITE)
        .where(Allowance.account_id == mine.id, Allowance.withdrawn_at.is_(None), Allowance.minutes.is_not(None))
        .order_by(Allowance.id)
    )
    items = [Item(number, Terms(*terms), said, en, zh) for number, said, en, zh, *terms in rows(limits)]
    follows = mine.company_id is not None and mine.follows is not None
    return Set(mine.id, mine.version, follows, items, Caps(mine.company_cap, mine.person_cap))


def _company(actor: Actor, company_id: int) -> str:
    """The company's name, if its account exists for the actor; raises NotFound."""
    if not policy.sees_account(actor, company_id):
        raise NotFound
    return str(only_row(sa.select(Company.name).where(Company.id == company_id)).name)
