"""What the published rules do: hold something against people, begin a restriction, end it; in the caller's transaction.

By the rules alone and in nobody's name; only a lift is somebody's. Who writes for a company is alone with it meanwhile:
two at once would each count without the other's points.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.booking.conduct.reading import Barred, Entry, about, of_booking, running_in
from labshare.booking.conduct.standing import standing_of
from labshare.booking.events import ConductLifted, ConductNoted, RestrictionBegan, RestrictionLifted
from labshare.booking.models import NOTED, Booking, ConductEntry, Restriction
from labshare.booking.rules import conduct as rules
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import Transaction, rows, swap, table_of
from labshare.kernel.journal import publish
from labshare.people.models import Person

_entry, _restriction = map(table_of, (ConductEntry, Restriction))

_BOOKED = (
    sa.select(
        *(Booking.person_id, Booking.instrument_id, Person.name, Person.company_id.label("own")),
    )
    .join(Person, Person.id == Booking.person_id)
    .where(Booking.id == sa.bindparam("wanted"))
)


def note(
    tx: Transaction, company_id: int, booking_id: int, what: str, now: datetime, happened: datetime | None = None
) -> bool:
    """Hold this against whose booking it is, once, from when it `happened` on, and begin what follows from it.

    Whether it was to be noted: it may stand in the record already, or have expired by now.
    """
    expires_at = (happened or now) + rules.EXPIRES_AFTER
    if expires_at <= now:
        return False
    tx.alone_with(company_id)
    [booked] = rows(_BOOKED, wanted=booking_id)
    row = {"booking_id": booking_id, "what": what, "company_id": company_id, "person_id": booked.person_id}
    row |= {"points": rules.POINTS[what], "at": now, "expires_at": expires_at, "version": 1}
    number = tx.insert_or_nothing(_entry, row, NOTED)
    if number is None:
        return False
    in_person = booked.own == company_id  # or else somebody of the laboratory had booked it
    name = booked.name if in_person else ""
    said: dict[str, Any] = {"company_id": company_id, "person_id": booked.person_id, "name": name, "what": what}
    said |= {"booking_id": booking_id, "instrument_id": booked.instrument_id, "points": rules.POINTS[what]}
    publish(tx, SYSTEM, ConductNoted(object_id=number, version=1, expires_at=expires_at, **said), now)
    _begin_what_is_due(tx, company_id, (booked.person_id, booked.name) if in_person else None, now)
    return True


def _begin_what_is_due(tx: Transaction, company_id: int, person: tuple[int, str] | None, now: datetime) -> None:
    """Restrict the person, or the company, where there are too many points now; one that runs is not made longer."""
    found = standing_of([person[0]] if person else [], [company_id], now)
    run = {one.person_id for one in running_in(company_id, now)}
    points: list[tuple[int | None, str, int]] = [(None, "", found.of_company(company_id).points)]
    if person is not None:
        points.append((*person, found.of_person(person[0]).points))
    for person_id, name, count in points:
        limit = rules.limit_of(person_id)
        if rules.restriction_due(count, limit, runs=person_id in run):
            ends_at = now + limit.lasts
            row = {"company_id": company_id, "person_id": person_id, "points": count, "version": 1}
            number = tx.insert(_restriction, row | {"starts_at": now, "ends_at": ends_at}, None)
            said: dict[str, Any] = {"company_id": company_id, "person_id": person_id, "name": name, "points": count}
            publish(tx, SYSTEM, RestrictionBegan(object_id=number, version=1, ends_at=ends_at, **said), now)


def lift(tx: Transaction, actor: Actor, one: Entry, reason: str, now: datetime, version: int | None = None) -> None:
    """It counts no more, and a restriction that has not enough left to rest on is over.

    Whoever calls is alone with the company.
    """
    values = {"lifted_at": now, "lifted_by": actor.person_id, "lift_reason": reason}
    new = swap(tx, _entry, one.id, one.version if version is None else version, values)
    publish(tx, actor, ConductLifted(object_id=one.id, version=new, reason=reason, **about(one)), now)
    found = standing_of([one.person_id], [one.company_id], now)
    for barred in running_in(one.company_id, now):
        if barred.person_id not in (None, one.person_id):
            continue
        tally = found.of_company(one.company_id) if barred.person_id is None else found.of_person(one.person_id)
        if tally.points < rules.limit_of(barred.person_id).points:
            end(tx, SYSTEM, barred, rules.BELOW_LIMIT, now)


def lift_of_booking(tx: Transaction, company_id: int, booking_id: int, what: str, reason: str, now: datetime) -> bool:
    """What this rested on is gone: it counts no more; whether there was anything to lift."""
    tx.alone_with(company_id)
    for one in of_booking(booking_id):
        if one.what == what and one.lifted_at is None:
            lift(tx, SYSTEM, one, reason, now)
            return True
    return False


def end(tx: Transaction, actor: Actor, barred: Barred, reason: str, now: datetime, version: int | None = None) -> None:
    """They may ask again."""
    values = {"lifted_at": now, "lifted_by": actor.person_id, "lift_reason": reason}
    new = swap(tx, _restriction, barred.id, barred.version if version is None else version, values)
    said: dict[str, Any] = {"company_id": barred.company_id, "person_id": barred.person_id, "ends_at": barred.ends_at}
    said |= {"name": barred.person_name or "", "reason": reason}
    publish(tx, actor, RestrictionLifted(object_id=barred.id, version=new, **said), now)
