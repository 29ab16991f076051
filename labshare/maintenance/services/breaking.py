"""An instrument breaks down, and works again: its time is taken from now on, from day to day, until it is repaired."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.booking import displacement, ending
from labshare.booking.change import refuse
from labshare.booking.displacement import Area, Cause, Hit
from labshare.booking.models import OUTAGE
from labshare.instruments import condition, timeline
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.instruments.timeline import Place
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of, transaction
from labshare.kernel.errors import Forbidden
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.kernel.slots import MINUTE, Slot
from labshare.maintenance import access, lifecycle, planner, policy, queries, rules
from labshare.maintenance.events import OutageBegan, OutageEnded, OutageExtended
from labshare.maintenance.models import Outage
from labshare.maintenance.planner import Consequences, Line
from labshare.maintenance.queries import Broken
from labshare.maintenance.services.planning import again
from labshare.quotas.account import Entry

_outage = table_of(Outage)


def preview_report(actor: Actor, code: str, expected_until: datetime | None = None) -> Consequences:
    """Whom an outage that is reported now would hit, and where they could go. Raises as `report` does, but Conflict."""
    now = clock.now()
    known = access.keeper_of(actor, code)
    has_one = queries.open_outage_of(known.id) is not None
    reasons = rules.outage_refusals(known.state, has_one=has_one, until=expected_until, now=now)
    if reasons:
        return Consequences(reasons=reasons)
    slot = Slot(now, expected_until or now + rules.UNTIL_KNOWN)
    found = displacement.hit([Area(known.id, slot)])
    foreseen = Consequences([Line(one) for one in found.bookings], hit=found)
    return planner.with_nearest(foreseen, now, taking=planner.all_of(known, slot))


def report(
    actor: Actor, code: str, note: str = "", expected_until: datetime | None = None, retry: Retry | None = None
) -> Broken:
    """The instrument is broken from now on: who uses it ends, who comes next is displaced, nobody new may come.

    Raises NotFound, Forbidden, Conflict with every reason.
    """
    return again(lambda: _report(actor, code, note, expected_until, retry))


def _report(actor: Actor, code: str, note: str, expected_until: datetime | None, retry: Retry | None) -> Broken:
    now = clock.now()
    instrument_id = access.keeper_of(actor, code).id
    with transaction(lock=[instrument_id], retry=retry) as tx:
        known = catalogue.known_by_id(instrument_id)
        has_one = queries.open_outage_of(instrument_id) is not None
        refuse(rules.outage_refusals(known.state, has_one=has_one, until=expected_until, now=now))
        until = expected_until or now + rules.UNTIL_KNOWN
        row: dict[str, Any] = {
            "instrument_id": known.id,
            "state": lifecycle.OPEN,
            "began_at": now,
            "claimed_until": until,
        }
        row |= {"expected_until": expected_until, "note": note, "person_id": actor.person_id, "version": 1}
        number = int(tx.execute(sa.insert(_outage).values(row).returning(_outage.c.id)).scalar_one())
        found = displacement.hit([Area(known.id, Slot(now, until))], tx)
        entries: list[Entry] = []
        for booking in found.in_use:
            entries += ending.cut_short(tx, actor, booking, known, now)
        entries += _take(tx, actor, known, number, Slot(now, until), found, now)
        condition.change(tx, actor, known, now, state="out_of_service")
        said: dict[str, Any] = {"instrument_id": known.id, "began_at": now, "claimed_until": until}
        told: dict[str, Any] = {"note": note, "displaced": len(found.bookings)}
        publish(tx, actor, OutageBegan(object_id=number, version=1, **said, **told), now)
        displacement.give_back(tx, actor, entries, now)
        return tx.done(queries.outage(actor, number))


def _take(
    tx: Transaction, actor: Actor, known: Known, outage_id: int, slot: Slot, found: Hit, now: datetime
) -> list[Entry]:
    """Displace what is in the way and take what is free then: other maintenance keeps its time."""
    entries = displacement.displace(tx, actor, found, Cause(OUTAGE, outage_id), now)
    displacement.clear(tx, found, max(slot.start, now))  # what was used meanwhile all the same stays where it was
    claims = timeline.taken([known.id], slot)[known.id]
    gaps = timeline.free_gaps(claims, slot, known.channels)
    places = [Place(known.id, channel, gap) for channel, some in enumerate(gaps, 1) for gap in some]
    timeline.claim_all(tx, timeline.OUTAGE, [(outage_id, place) for place in places])
    return entries


def extend(actor: Actor, outage_id: int, now: datetime) -> bool:
    """Take the time of a broken instrument for another day; whether that was still to be done."""
    access.by_the_clock(actor)
    return again(lambda: _extend(actor, outage_id, now))


def _extend(actor: Actor, outage_id: int, now: datetime) -> bool:
    with transaction(lock=[queries.outage(actor, outage_id).instrument_id]) as tx:
        old = queries.outage(actor, outage_id)
        if old.state != lifecycle.OPEN or old.claimed_until > now + rules.BEFORE_IT_IS_UP:
            return False
        known = catalogue.known_by_id(old.instrument_id)
        more = Slot(old.claimed_until, max(old.claimed_until, now) + rules.UNTIL_KNOWN)
        found = displacement.hit([Area(known.id, more)], tx)
        version = swap(tx, _outage, old.id, old.version, {"claimed_until": more.end})
        entries = _take(tx, actor, known, old.id, more, found, now)
        said: dict[str, Any] = {"instrument_id": known.id, "began_at": old.began_at, "claimed_until": more.end}
        fact = OutageExtended(object_id=old.id, version=version, displaced=len(found.bookings), **said)
        publish(tx, actor, fact, now)
        displacement.give_back(tx, actor, entries, now)
        return True


def repaired(
    actor: Actor, outage_id: int, remedy: str = "", version: int | None = None, retry: Retry | None = None
) -> Broken:
    """It works again: the rest of the time is free at once, and who was displaced is told.

    Raises NotFound, Forbidden, Conflict.
    """
    now = clock.now()
    before = queries.outage(actor, outage_id)
    with transaction(lock=[before.instrument_id], retry=retry) as tx:
        old = queries.outage(actor, outage_id)
        known = catalogue.known_by_id(old.instrument_id)
        if not policy.may_plan(actor, [old.site_id]):
            raise Forbidden
        refuse(rules.outage_is_over(old.state))
        values: dict[str, Any] = {"state": lifecycle.ENDED, "ended_at": now, "remedy": remedy}
        new = swap(tx, _outage, old.id, old.version if version is None else version, values)
        timeline.release(tx, kind=timeline.OUTAGE, owner_id=old.id, after=max(now, old.began_at + MINUTE))
        if known.state == "out_of_service":
            in_window = bool(queries.open_elsewhere([known.id], but=0))
            condition.change(tx, actor, known, now, state="in_maintenance" if in_window else "in_service")
        said: dict[str, Any] = {"instrument_id": known.id, "began_at": old.began_at, "ended_at": now, "remedy": remedy}
        publish(tx, actor, OutageEnded(object_id=old.id, version=new, **said), now)
        displacement.ease(tx, actor, Cause(OUTAGE, old.id), None, now)
        return tx.done(queries.outage(actor, outage_id))
