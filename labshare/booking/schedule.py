"""The timeline as people see it: their own bookings in full, everybody else's as busy and nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from labshare.booking.models import Booking, Displacement, UsageRecord
from labshare.booking.queries import visible_to
from labshare.instruments import timeline
from labshare.instruments.models import Claim, Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import UtcDateTime, overlapping, rows
from labshare.kernel.slots import Slot
from labshare.people.models import Company

BUSY = "busy"


class Shown(Protocol):
    """One claim as the reader may know it; the booking's own fields are None where it is somebody else's."""

    instrument: str
    channel: int
    starts_at: datetime
    ends_at: datetime
    kind: str
    booking_id: int | None  # of an offer, the displaced one it is held for
    state: str | None
    company_id: int | None
    company: str | None
    person_id: int | None
    version: int | None
    booked_from: datetime | None  # once it is used, when that really was; of an offer, the time that is held
    booked_to: datetime | None


# An offer is time that is held for the company of a displaced booking, and is seen by whoever sees that booking.
_OF = sa.case(
    (Claim.kind == timeline.BOOKING, Claim.owner_id),
    (Claim.kind == timeline.OFFER, Displacement.booking_id),
)
# Redacted where it is read: of a booking that was not joined nothing but its claim is left.
_KIND = sa.case(
    (Claim.kind.in_((timeline.MAINTENANCE, timeline.OUTAGE)), Claim.kind),
    (Booking.id.is_(None), BUSY),
    else_=Claim.kind,
).label("kind")


def shown(
    actor: Actor, instrument_ids: Sequence[int], window: Slot, moments: type[UtcDateTime] = UtcDateTime
) -> Sequence[Shown]:
    """The claims of these instruments that touch the window, as the actor may see them; one statement."""
    mine, read = visible_to(actor), moments()  # what is not joined cannot leak
    statement = (
        sa.select(
            Instrument.code.label("instrument"),
            Claim.channel,
            sa.type_coerce(Claim.starts_at, read).label("starts_at"),
            sa.type_coerce(Claim.ends_at, read).label("ends_at"),
            _KIND,
            Booking.id.label("booking_id"),
            Booking.state,
            Booking.company_id,
            Company.name.label("company"),
            Booking.person_id,
            Booking.version,
            sa.type_coerce(_FROM, read).label("booked_from"),
            sa.type_coerce(_TO, read).label("booked_to"),
        )
        .select_from(Claim)
        .join(Instrument, Instrument.id == Claim.instrument_id)
        .outerjoin(Displacement, sa.and_(Claim.kind == timeline.OFFER, Displacement.id == Claim.owner_id))
        .outerjoin(Booking, sa.and_(Booking.id == _OF, mine))
        .outerjoin(UsageRecord, UsageRecord.booking_id == Booking.id)
        .outerjoin(Company, Company.id == Booking.company_id)
        .where(
            Claim.instrument_id.in_(list(instrument_ids)),
            overlapping(Claim.starts_at, Claim.ends_at, window.start, window.end),
        )
        .order_by(Claim.starts_at, Claim.id)
    )
    return rows(statement)


def _booked(offered: Any, used: Any, booked: Any) -> sa.ColumnElement[Any]:
    """A moment of what a claim is held for, without the buffers around it; None where it is not the reader's."""
    return sa.case(
        (Booking.id.is_(None), None), (Claim.kind == timeline.OFFER, offered), else_=sa.func.coalesce(used, booked)
    )


_FROM = _booked(Displacement.starts_at, UsageRecord.starts_at, Booking.starts_at)
_TO = _booked(Displacement.ends_at, UsageRecord.ends_at, Booking.ends_at)
