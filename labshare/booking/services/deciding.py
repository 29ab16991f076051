"""Answering requests and giving time back; none of these takes time, so none of them locks."""

from __future__ import annotations

from collections.abc import Collection

from labshare.booking import charging, lifecycle, queries, rules
from labshare.booking.change import change, refuse, standing
from labshare.booking.events import BookingApproved, BookingCancelled, BookingRejected
from labshare.booking.queries import Seen
from labshare.instruments import queries as catalogue
from labshare.instruments import timeline
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import transaction
from labshare.kernel.errors import N_, Invalid
from labshare.kernel.retry import Retry
from labshare.quotas import account, quotes


def approve(
    actor: Actor,
    booking_id: int,
    answer: str = "",
    version: int | None = None,
    retry: Retry | None = None,
    waive: Collection[str] = (),
) -> Seen:
    """Say yes to a request; its time is held already, and its hours unless it is over quota: then they are held now.

    What is waived by name needs a reason, which is the answer. Raises NotFound, Forbidden, Invalid, Conflict with
    every reason.
    """
    now = clock.now()
    if waive and not answer:
        raise Invalid(fields={"reason": [N_("Say why.")]})
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "approve")
        known = catalogue.known_by_id(old.instrument_id)
        active = queries.company(old.company_id).state == "active"
        refuse(rules.wrong_move(old.state, "approve"))
        shares = quotes.of_slot(old.company_id, known, old.slot).shares if old.over_quota else ()
        refuse(rules.approval_refusals(now, old.starts_at, known.state, active, shares, waive))
        values = {"state": lifecycle.APPROVED, "answer": answer, "decide_by": None, "over_quota": False}
        waived = tuple(code for code in (rules.QUOTA,) if code in waive and rules.too_much(shares))
        seen = change(tx, actor, old, version, values, BookingApproved, now, answer=answer, waived=waived)
        if waived:
            account.waive(tx, actor, charging.whose(old, answer), shares, now)
        else:
            account.hold(tx, actor, charging.whose(old), shares, now)
        return tx.done(seen)


def reject(actor: Actor, booking_id: int, reason: str, version: int | None = None, retry: Retry | None = None) -> Seen:
    """Say no to a request, and why; its time is free at once, and its hours. Raises NotFound, Forbidden, Conflict."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "reject")
        refuse(rules.wrong_move(old.state, "reject"))
        values = {"state": lifecycle.REJECTED, "answer": reason, "decide_by": None}
        seen = change(tx, actor, old, version, values, BookingRejected, now, answer=reason)
        timeline.release(tx, kind=timeline.BOOKING, owner_id=booking_id)
        charging.let_go(tx, actor, old, now)
        return tx.done(seen)


def cancel(actor: Actor, booking_id: int, version: int | None = None, retry: Retry | None = None) -> Seen:
    """Give the time back before it begins; it is free at once, and so are the hours, unless it is late.

    Late is what the company itself gives back of an approved booking after the instrument's deadline. Raises
    NotFound, Forbidden, Conflict.
    """
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "cancel")
        refuse(rules.wrong_move(old.state, "cancel") or rules.too_late(now, old.starts_at))
        charge = queries.charge_of_cancelling(actor, old, now)
        values = {"state": lifecycle.CANCELLED, "decide_by": None, "charge": charge}
        seen = change(tx, actor, old, version, values, BookingCancelled, now, was=old.state, charge=charge)
        timeline.release(tx, kind=timeline.BOOKING, owner_id=booking_id)
        charging.cancelled(tx, actor, old, charge, now)
        return tx.done(seen)
