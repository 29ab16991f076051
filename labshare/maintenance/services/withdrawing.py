"""Taking instruments, channels and companies out of the booking: shown first, then done in one act."""

from __future__ import annotations

from datetime import datetime, timedelta

from labshare.booking import displacement, suspension
from labshare.booking.change import refuse
from labshare.booking.displacement import Area, Cause
from labshare.booking.models import CHANNELS, RETIRED
from labshare.instruments import condition
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, transaction
from labshare.kernel.errors import N_, Forbidden, Invalid
from labshare.kernel.retry import Retry
from labshare.kernel.slots import Slot
from labshare.maintenance import access, planner, policy, rules
from labshare.maintenance.planner import Consequences, Line
from labshare.maintenance.services.planning import again
from labshare.people import queries as people
from labshare.people import standing
from labshare.quotas import account

FOR_GOOD = timedelta(days=3660)  # nobody can book further ahead


def preview_withdrawal(actor: Actor, code: str, channels: int = 0) -> Consequences:
    """What retiring an instrument would do, or taking away its channels above so many. Raises as `withdraw` does."""
    now = clock.now()
    known = access.keeper_of(actor, code)
    found = _foreseen(known, channels, now)
    return planner.with_nearest(found, now, taking=found.places)


def withdraw(actor: Actor, code: str, channels: int = 0, retry: Retry | None = None) -> Consequences:
    """Retire an instrument, or take away its channels above so many, with everything that does to bookings.

    Raises NotFound, Forbidden, Invalid, Conflict with every reason.
    """
    return again(lambda: _withdraw(actor, code, channels, retry))


def _withdraw(actor: Actor, code: str, channels: int, retry: Retry | None) -> Consequences:
    now = clock.now()
    instrument_id = access.keeper_of(actor, code).id
    with transaction(lock=[instrument_id], retry=retry) as tx:
        known = catalogue.known_by_id(instrument_id)
        found = _foreseen(known, channels, now, tx)
        refuse(found.reasons)
        cause = Cause(CHANNELS if channels else RETIRED, known.id)
        entries = displacement.displace(tx, actor, found.hit, cause, now)
        if channels:
            condition.change(tx, actor, known, now, channels=channels)
        else:
            condition.change(tx, actor, known, now, state="retired")
        displacement.give_back(tx, actor, entries, now)
        return tx.done(found)


def _foreseen(known: Known, channels: int, now: datetime, tx: Transaction | None = None) -> Consequences:
    if channels >= known.channels:
        text = N_("It has %(n)s channels; say fewer.", n=known.channels)
        raise Invalid(fields={"channels": [text]})
    whole = Slot(now, now + FOR_GOOD)
    found = displacement.hit([Area(known.id, whole, channels)], tx)
    reasons = rules.withdrawal_refusals(known.state, in_use=bool(found.in_use))
    places = [place for place in planner.all_of(known, whole) if place.channel > channels]
    return Consequences([Line(one) for one in found.bookings], places, reasons, found)


def preview_suspension(actor: Actor, company_id: int) -> Consequences:
    """What suspending the company would take back. Raises NotFound, Forbidden."""
    now = clock.now()
    people.company(actor, company_id)
    if not policy.may_suspend(actor):
        raise Forbidden
    return Consequences([Line(one) for one in suspension.ahead(company_id, now)])


def suspend(actor: Actor, company_id: int, reason: str, retry: Retry | None = None) -> Consequences:
    """Stop a company from booking, tell its people why, and take back what it has ahead, uncharged: in one act.

    Raises NotFound, Forbidden, Invalid, Conflict.
    """
    return again(lambda: _suspend(actor, company_id, reason, retry))


def _suspend(actor: Actor, company_id: int, reason: str, retry: Retry | None) -> Consequences:
    now = clock.now()
    if not policy.may_suspend(actor):
        people.company(actor, company_id)
        raise Forbidden
    with transaction(retry=retry) as tx:
        known = people.company(actor, company_id)
        standing.change(tx, actor, known, "suspend", reason, now)
        bookings = suspension.ahead(company_id, now, tx)
        entries = suspension.let_go(tx, actor, bookings, now)
        account.post(tx, actor, entries, now)
        return tx.done(Consequences([Line(one) for one in bookings]))
