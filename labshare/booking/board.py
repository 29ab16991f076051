"""Today's board: who is on which instrument now, who should be and is not, what is free, and who comes next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.booking import lifecycle, queries
from labshare.booking.models import Booking
from labshare.booking.queries import SEEN, Seen
from labshare.instruments import hours, timeline
from labshare.instruments import queries as catalogue
from labshare.instruments.models import Instrument
from labshare.instruments.queries import Known
from labshare.instruments.timeline import MAINTENANCE, OUTAGE
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows, table_of
from labshare.kernel.errors import N_, Text
from labshare.kernel.slots import MINUTE, Slot

OVERRUNNING, LATE, RUNNING, BROKEN, MAINTAINED, TAKEN, FREE, CLOSED, OUT = (
    *("overrunning", "late", "in_use", "outage", "maintenance", "taken", "free", "closed", "out_of_service"),
)
STANDINGS: dict[str, Text] = {  # what asks for somebody's attention first
    OVERRUNNING: N_("overrunning"),
    LATE: N_("nobody checked in"),
    RUNNING: N_("in use"),
    BROKEN: N_("out of order"),
    MAINTAINED: N_("in maintenance"),
    TAKEN: N_("time taken"),
    FREE: N_("free"),
    CLOSED: N_("closed now"),
    OUT: N_("not in service"),
}
_ORDER = {one: number for number, one in enumerate(STANDINGS)}


@dataclass(frozen=True)
class Present:
    """A booking whose time is now, and how it stands: in use, overrunning, or approved and nobody checked in."""

    booking: Seen
    standing: str


@dataclass(frozen=True)
class Line:
    """One instrument as it stands now."""

    known: Known
    standing: str
    present: Sequence[Present]
    free_channels: int
    next: Seen | None


def lines(actor: Actor, now: datetime) -> list[Line]:
    """The instruments of the actor's sites, by site, what asks for attention first; a constant number of statements."""
    known = [one for one in catalogue.known_in_service() if actor.manages(one.site_id)]
    if not known:
        return []
    moment = Slot(now, now + MINUTE)
    claims = timeline.taken([one.id for one in known], moment)
    held = [claim.owner_id for some in claims.values() for claim in some if claim.kind == timeline.BOOKING]
    present, coming = _present(actor, held, now), _next(actor, known, now)
    opening = hours.of(known)
    found = []
    for one in known:
        kinds = {claim.kind for claim in claims[one.id]}
        here = sorted(present[one.id], key=lambda each: _ORDER[each.standing])
        is_open = bool(opening[one.id].open_in(moment))
        # Whoever overruns holds no time any more, and is there all the same.
        busy = {claim.channel for claim in claims[one.id]} | {each.booking.channel for each in here}
        free = max(one.channels - len(busy), 0) if one.state == "in_service" and is_open else 0
        standing = _standing(one, [each.standing for each in here], kinds, free=free, is_open=is_open)
        found.append(Line(one, standing, here, free, coming.get(one.id)))
    return sorted(found, key=lambda line: (line.known.site_code, _ORDER[line.standing], line.known.code))


def count(found: Iterable[Line]) -> dict[str, int]:
    """How many uses overrun, how many are late and how many go on; and how many instruments have a free channel."""
    counts = dict.fromkeys((OVERRUNNING, LATE, RUNNING, FREE), 0)
    for line in found:
        for each in line.present:
            counts[each.standing] += 1
        counts[FREE] += line.free_channels > 0
    return counts


def _standing(known: Known, present: Sequence[str], kinds: set[str], *, free: int, is_open: bool) -> str:
    """What is said of the whole instrument: the first of its bookings', else why nobody is there."""
    if present:
        return min(present, key=lambda one: _ORDER[one])
    for kind, standing in ((OUTAGE, BROKEN), (MAINTENANCE, MAINTAINED)):
        if kind in kinds:
            return standing
    if known.state != "in_service":
        return MAINTAINED if known.state == "in_maintenance" else OUT
    if not is_open:
        return CLOSED
    return FREE if free > 0 else TAKEN


def _present(actor: Actor, held: Sequence[int], now: datetime) -> dict[int, list[Present]]:
    """The bookings whose time is now, by instrument: in use; or of those that hold it, approved, begun and not over."""
    begun = sa.and_(Booking.state == lifecycle.APPROVED, Booking.starts_at <= now, Booking.ends_at > now)
    here = sa.or_(Booking.state == lifecycle.IN_USE, sa.and_(Booking.id.in_(held), begun))
    statement = SEEN.where(queries.visible_to(actor), here).order_by(Booking.starts_at, Booking.id)
    found: dict[int, list[Present]] = defaultdict(list)
    for one in (Seen(*row) for row in rows(statement)):
        standing = LATE if one.state == lifecycle.APPROVED else OVERRUNNING if one.ends_at <= now else RUNNING
        found[one.instrument_id].append(Present(one, standing))
    return found


_place, _coming = table_of(Instrument).alias("place"), table_of(Booking).alias("coming")
_NEXT: sa.ScalarSelect[Any] = (  # of each instrument one step in an index, however many lie ahead
    sa.select(_coming.c.id)
    .where(_coming.c.instrument_id == _place.c.id, _coming.c.state == lifecycle.APPROVED)
    .where(_coming.c.starts_at > sa.bindparam("now", type_=_coming.c.starts_at.type))
    .order_by(_coming.c.starts_at, _coming.c.id)
    .limit(1)
    .correlate(_place)
    .scalar_subquery()
)


def _next(actor: Actor, known: Sequence[Known], now: datetime) -> dict[int, Seen]:
    """The next approved booking of each instrument, by instrument."""
    places = sa.select(_NEXT).select_from(_place).where(_place.c.id.in_([one.id for one in known]))
    statement = SEEN.where(queries.visible_to(actor), Booking.id.in_(places))
    return {one.instrument_id: one for one in (Seen(*row) for row in rows(statement, now=now))}
