"""The facts that a decision about time rests on: who asks, and what is in the way; gathered under the lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.booking import lifecycle, rules
from labshare.booking.models import Booking, Restriction
from labshare.instruments import hours, timeline
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel.actor import Actor
from labshare.kernel.db import next_id, only_row, rows, table_of
from labshare.kernel.errors import NotFound
from labshare.kernel.slots import Slot
from labshare.people.models import Company
from labshare.quotas import account, quotes
from labshare.quotas.quotes import Quote


@dataclass(frozen=True)
class Asker:
    """Who asks: a company, and a person of it or None for staff; may it book, and until when may they not?

    Of bookings of `in_house_minutes` or more its own admins approve first; None: of none.
    """

    id: int
    name: str
    active: bool
    in_house_minutes: int | None
    restricted_until: datetime | None
    person_id: int | None


_asker, _restriction = table_of(Company).alias("asker"), table_of(Restriction)
_KEPT = sa.and_(
    _restriction.c.company_id == _asker.c.id,
    _restriction.c.lifted_at.is_(None),
    sa.or_(_restriction.c.person_id.is_(None), _restriction.c.person_id == sa.bindparam("person", type_=sa.BigInteger)),
)
_UNTIL = sa.select(sa.func.max(_restriction.c.ends_at)).where(_KEPT).correlate(_asker).scalar_subquery()
_ASKED = catalogue.KNOWN_BY_ID.add_columns(
    *(_asker.c.id, _asker.c.name, _asker.c.state, _asker.c.in_house_minutes, _UNTIL)
).outerjoin(_asker, _asker.c.id == sa.bindparam("asker"))
_ASKED_ANEW = _ASKED.add_columns(next_id(table_of(Booking)))


def asked(instrument_id: int, company_id: int, person_id: int | None) -> tuple[Known, Asker]:
    """The instrument, and who asks for it, in one statement. Raises NotFound."""
    *found, number, name, state, in_house, until = only_row(
        _ASKED, wanted=instrument_id, asker=company_id, person=person_id
    )
    return catalogue.as_known(found), _asker_of(number, name, state, in_house, until, person_id)


def asked_anew(instrument_id: int, company_id: int, person_id: int | None) -> tuple[Known, Asker, int | None]:
    """The same, and the number of the booking that is about to be written, where it can be known."""
    *found, number, name, state, in_house, until, new = only_row(
        _ASKED_ANEW, wanted=instrument_id, asker=company_id, person=person_id
    )
    return catalogue.as_known(found), _asker_of(number, name, state, in_house, until, person_id), new


def _asker_of(number: int | None, name: str, state: str, *rest: Any) -> Asker:
    if number is None:
        raise NotFound
    return Asker(number, name, state == "active", *rest)


def gather(
    known: Known, slot: Slot, now: datetime, whose: Asker, but: int | None = None, offer: int | None = None
) -> rules.Facts:
    """The facts a decision about this slot rests on; what the booking `but` claims and holds is not in its own way.

    Nor is the `offer` that is held for whoever asks.
    """
    wanted = rules.held(known, slot)
    claims = timeline.taken([known.id], wanted)[known.id]
    mine = {(timeline.BOOKING, but), (timeline.OFFER, offer)}
    others = [claim for claim in claims if (claim.kind, claim.owner_id) not in mine]
    channel = timeline.free_channel(others, wanted, known.channels)
    facts = rules.Facts(now, slot, known, whose.active, channel, others, hours=hours.of([known])[known.id])
    before = [] if but is None else account.standing(but)
    try:
        quote = quotes.of_slot(whose.id, known, slot, before)
    except account.NotOpen:  # for a time that cannot be had anyway, no account need be open
        if not rules.refusals(facts):
            raise
        return facts
    ahead = _ahead(whose, quote, now) if but is None else None  # a move adds none
    return replace(facts, shares=quote.shares, ahead=ahead)


def _ahead(whose: Asker, quote: Quote, now: datetime) -> rules.Ahead | None:
    caps = quote.company_cap, quote.person_cap
    if caps == (None, None):
        return None
    return rules.Ahead(*ahead_of(whose.id, whose.person_id, now), *caps, quote.account_id)


def ahead_of(company_id: int, person_id: int | None, now: datetime) -> tuple[int, int]:
    """How many bookings the company, and that person of it, have ahead."""
    of_person = sa.func.sum(sa.case((Booking.person_id == person_id, 1), else_=0))
    ahead = sa.select(sa.func.count(), sa.func.coalesce(of_person, 0)).where(
        Booking.company_id == company_id,
        Booking.state.in_(lifecycle.AHEAD),
        Booking.starts_at > now,
    )
    [(company, person)] = rows(ahead)
    return int(company), int(person)


def with_own_word(actor: Actor, asker: Asker, facts: rules.Facts) -> rules.Facts:
    """The facts, with whether the company's admins have to say yes first; they need not ask themselves."""
    asks = actor.belongs_to(asker.id) and not actor.is_company_admin
    return replace(facts, in_house=asks and rules.in_house(asker.in_house_minutes, facts.slot))
