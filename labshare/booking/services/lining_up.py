"""The waiting list: joining and leaving it; and by the clock, time that became free is held for the first who may."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from labshare.booking import charging, gathering, policy, rules, waitlist
from labshare.booking.asker import company_of, instrument_of, may_ask, person_of
from labshare.booking.change import by_the_clock, refuse
from labshare.booking.events import WaitlistJoined, WaitlistLeft, WaitlistOffered, WaitlistOver
from labshare.booking.explaining import explained
from labshare.booking.models import ASKED, IN_LINE, LEFT, OVER, WaitlistEntry
from labshare.booking.placing import Whose, hold_for, within_caps
from labshare.booking.services.asking import Draft
from labshare.booking.waitlist import Wait
from labshare.booking.waivers import NOTHING
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import table_of, transaction
from labshare.kernel.errors import Forbidden
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry

_entry = table_of(WaitlistEntry)


def join(actor: Actor, draft: Draft, retry: Retry | None = None) -> Wait:
    """Wait for time that is taken; the instrument is locked, so nobody joins one line twice.

    Raises Forbidden or NotFound for a company that is not the actor's, Invalid, Conflict with every reason.
    """
    now = clock.now()
    company_id = company_of(actor, draft.company_id)
    instrument_id = instrument_of(draft.instrument)
    with explained(now, draft.slot) as refusal, transaction(lock=[instrument_id], retry=retry) as tx:
        known, asker = gathering.asked(instrument_id, company_id, person_of(actor, company_id))
        may_ask(actor, company_id, known)
        facts = gathering.gather(known, draft.slot, now, asker)
        refusal.raise_if(rules.joining_refusals(facts, waitlist.line(known, draft.slot, company_id)), known)
        about: dict[str, Any] = {"instrument_id": known.id, "company_id": company_id, "person_id": actor.person_id or 0}
        about |= {"starts_at": draft.slot.start, "ends_at": draft.slot.end}
        row = {**about, "state": IN_LINE, "purpose": draft.purpose, "created_at": now, "version": 1}
        number = tx.insert(_entry, row, None)
        publish(tx, actor, WaitlistJoined(object_id=number, version=1, **about), now)
        return tx.done(waitlist.seen(actor, number))


def leave(actor: Actor, entry_id: int, retry: Retry | None = None) -> Wait:
    """Wait no more. Raises NotFound, Forbidden, Conflict."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        wait = waitlist.seen(actor, entry_id)
        if not policy.may_leave(actor, wait):
            raise Forbidden
        refuse(rules.leaving_refusals(wait.state))
        waitlist.turn(tx, actor, wait, LEFT, WaitlistLeft, now)
        return tx.done(waitlist.seen(actor, entry_id))


def offer_next(actor: Actor, entry_id: int, now: datetime) -> bool:
    """Hold time that became free for whoever waits for it, until they have answered; whether they could have it.

    Decided by the same rules on the same facts as a request of theirs. Who may not have it now stays in line. Raises
    Conflict where somebody was faster.
    """
    by_the_clock(actor)
    before = waitlist.seen(actor, entry_id)
    with transaction(lock=[before.instrument_id]) as tx:
        wait = waitlist.seen(actor, entry_id)
        if wait.state != IN_LINE:
            return False
        person_id = None if wait.on_behalf else wait.person_id
        known, asker, number = gathering.asked_anew(wait.instrument_id, wait.company_id, person_id)
        facts = gathering.gather(known, wait.slot, now, asker)
        facts = replace(facts, restricted_until=asker.restricted_until)
        if rules.offering_refusals(facts):
            return False
        whose = Whose(wait.company_id, wait.company_name, wait.person_id, wait.person_name, wait.on_behalf)
        until = rules.hold_until(wait.slot, now, rules.WAITED_FOR)
        booking = hold_for(tx, actor, number, known, facts, whose, wait.purpose, wait.id, until)
        within_caps(tx, asker, facts)
        waitlist.turn(tx, actor, wait, ASKED, WaitlistOffered, now, booking_id=booking.id)
        charging.hold(tx, actor, booking, facts.shares, NOTHING, now)
        return True


def close_past(actor: Actor, entry_id: int, now: datetime) -> bool:
    """The time they waited for has come; whether that was still to be said. Raises Conflict where they left now."""
    by_the_clock(actor)
    with transaction() as tx:
        wait = waitlist.seen(actor, entry_id)
        if wait.state != IN_LINE or wait.starts_at > now:
            return False
        waitlist.turn(tx, actor, wait, OVER, WaitlistOver, now)
        return True
