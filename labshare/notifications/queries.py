"""What an inbox holds: the journal's facts about bookings the person may see, told by others."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from labshare.booking.models import Booking
from labshare.booking.queries import visible_to
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows
from labshare.kernel.journal import Entry
from labshare.notifications.models import InboxMark
from labshare.people.models import Company, Person, Site

MANY = 100  # a count stops here and says so


def news(actor: Actor) -> sa.Select[Any]:
    """The facts of the actor's inbox, for a paged list: all that others did to bookings the actor may see."""
    return (
        sa.select(
            Entry.id,
            Entry.at,
            Entry.kind,
            Entry.data,
            Entry.object_id.label("booking_id"),
            Person.name.label("who"),
            Company.name.label("company"),
            Instrument.code.label("instrument"),
            Site.zone,
        )
        .join(Booking, sa.and_(Entry.object == "booking", Booking.id == Entry.object_id))
        .join(Instrument, Instrument.id == Booking.instrument_id)
        .join(Site, Site.id == Instrument.site_id)
        .join(Company, Company.id == Booking.company_id)
        .outerjoin(Person, Person.id == Entry.actor_id)
        .where(visible_to(actor), sa.or_(Entry.actor_id.is_(None), Entry.actor_id != actor.person_id))
    )


def seen_id(actor: Actor) -> int:
    """Up to which fact the actor has read."""
    found = rows(sa.select(InboxMark.seen_id).where(InboxMark.person_id == actor.person_id))
    return int(found[0].seen_id) if found else 0


def unread(actor: Actor) -> int:
    """How many facts are new to the actor, at most MANY."""
    mark = sa.func.coalesce(
        sa.select(InboxMark.seen_id).where(InboxMark.person_id == actor.person_id).scalar_subquery(), 0
    )
    fresh = news(actor).with_only_columns(Entry.id).where(Entry.id > mark).limit(MANY).subquery()
    return int(rows(sa.select(sa.func.count()).select_from(fresh))[0][0])
