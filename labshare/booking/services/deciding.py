"""Answering requests and giving time back; none of these takes time, so none of them locks."""

from __future__ import annotations

from labshare.booking import lifecycle, policy, queries, rules
from labshare.booking.change import change
from labshare.booking.events import BookingApproved, BookingCancelled, BookingRejected
from labshare.booking.queries import Seen
from labshare.instruments import queries as catalogue
from labshare.instruments import timeline
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import transaction
from labshare.kernel.errors import Conflict, Forbidden, Reason
from labshare.kernel.retry import Retry


def approve(
    actor: Actor, booking_id: int, answer: str = "", version: int | None = None, retry: Retry | None = None
) -> Seen:
    """Say yes to a request; its time is held already. Raises NotFound, Forbidden, Conflict with every reason."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = _about(actor, booking_id, "approve")
        known = catalogue.known_by_id(old.instrument_id)
        active = queries.company(old.company_id).state == "active"
        _refuse(
            rules.wrong_move(old.state, "approve") or rules.approval_refusals(now, old.starts_at, known.state, active)
        )
        values = {"state": lifecycle.APPROVED, "answer": answer, "decide_by": None}
        return tx.done(change(tx, actor, old, version, values, BookingApproved, now, answer=answer))


def reject(actor: Actor, booking_id: int, reason: str, version: int | None = None, retry: Retry | None = None) -> Seen:
    """Say no to a request, and why; its time is free at once. Raises NotFound, Forbidden, Conflict."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = _about(actor, booking_id, "reject")
        _refuse(rules.wrong_move(old.state, "reject"))
        values = {"state": lifecycle.REJECTED, "answer": reason, "decide_by": None}
        seen = change(tx, actor, old, version, values, BookingRejected, now, answer=reason)
        timeline.release(tx, kind=timeline.BOOKING, owner_id=booking_id)
        return tx.done(seen)


def cancel(actor: Actor, booking_id: int, version: int | None = None, retry: Retry | None = None) -> Seen:
    """Give the time back before it begins; it is free at once. Raises NotFound, Forbidden, Conflict."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = _about(actor, booking_id, "cancel")
        _refuse(rules.wrong_move(old.state, "cancel") or rules.too_late(now, old.starts_at))
        values = {"state": lifecycle.CANCELLED, "decide_by": None}
        seen = change(tx, actor, old, version, values, BookingCancelled, now, was=old.state)
        timeline.release(tx, kind=timeline.BOOKING, owner_id=booking_id)
        return tx.done(seen)


def _about(actor: Actor, booking_id: int, move: str) -> Seen:
    """The booking as it stands, if the actor may make this move with it."""
    old = queries.seen(actor, booking_id)
    if not policy.MAY[move](actor, old):
        raise Forbidden
    return old


def _refuse(reasons: list[Reason]) -> None:
    if reasons:
        raise Conflict(reasons[0].message, code=reasons[0].code, reasons=reasons)
