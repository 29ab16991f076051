"""Asking for time: the dry run, the request and the move share one gathering of facts and one set of rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from labshare.booking import charging, free, gathering, lifecycle, queries, rules, tally
from labshare.booking.asker import company_of, instrument_of, may_ask, person_of
from labshare.booking.change import standing
from labshare.booking.events import BookingMoved
from labshare.booking.explaining import explained, others
from labshare.booking.gathering import Asker
from labshare.booking.models import Booking
from labshare.booking.placing import Whose, place, within_caps
from labshare.booking.queries import Seen
from labshare.booking.waivers import NOTHING, Waiving
from labshare.instruments import timeline
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of, transaction
from labshare.kernel.errors import N_, Invalid, Reason
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.kernel.slots import Slot
from labshare.quotas.account import Overdrawn


@dataclass(frozen=True)
class Draft:
    """What somebody asks for; `company_id` None means the asker's own company."""

    instrument: str
    slot: Slot
    purpose: str = ""
    company_id: int | None = None
    waive: tuple[str, ...] = ()  # codes of reasons that staff let pass
    reason: str = ""  # and why


@dataclass(frozen=True)
class Verdict:
    """What a dry run found: every reason against, the nearest slots that pass, the estimated price, and the facts.

    `over_quota`: a manager would have to waive the hours that are not left.
    """

    known: Known
    reasons: list[Reason]
    alternatives: list[free.Alternative]
    estimate_cny: float
    facts: rules.Facts
    over_quota: bool

    @property
    def allowed(self) -> bool:
        return not self.reasons

    @property
    def decide_by(self) -> datetime | None:
        """When it would be answered at the latest; None where nobody needs to be asked."""
        facts = self.facts
        waits = facts.in_house or self.known.approval or self.over_quota
        return rules.decide_by(self.known, facts.slot, facts.now) if waits else None


def check(actor: Actor, draft: Draft) -> Verdict:
    """Would the request pass now? Decided by the same rules on the same facts as the request itself."""
    now = clock.now()
    company_id = company_of(actor, draft.company_id)
    known, asker = gathering.asked(instrument_of(draft.instrument), company_id, person_of(actor, company_id))
    may_ask(actor, company_id, known, draft.waive)
    facts = _asked_anew(actor, asker, gathering.gather(known, draft.slot, now, asker))
    reasons = rules.left(rules.refusals(facts), draft.waive)
    nearest = others(known, draft.slot, now, reasons) if reasons else []
    over_quota = facts.over_quota and rules.QUOTA not in draft.waive
    estimate = round(float(known.rate_cny_per_hour) * draft.slot.hours, 2)
    return Verdict(known, reasons, nearest, estimate, facts, over_quota)


def request(actor: Actor, draft: Draft, retry: Retry | None = None) -> Seen:
    """Ask for time and hold it at once, and the company's hours; approved by itself where nobody needs to be asked.

    Over a quota that lets managers be asked, it holds the time and no hours. Staff may waive rules by name, and say
    why. Raises Forbidden or NotFound for a company that is not the actor's, Invalid, Conflict with every reason.
    """
    if draft.waive and not draft.reason:
        raise Invalid(fields={"reason": [N_("Say why.")]})
    try:
        return _request(actor, draft, retry)
    except Overdrawn:  # a colleague was faster: what is left now decides, and says what is wrong
        return _request(actor, draft, retry)


def _request(actor: Actor, draft: Draft, retry: Retry | None) -> Seen:
    now = clock.now()
    company_id = company_of(actor, draft.company_id)
    instrument_id = instrument_of(draft.instrument)
    with explained(now, draft.slot) as refusal, transaction(lock=[instrument_id], retry=retry) as tx:
        known, asker, number = gathering.asked_anew(instrument_id, company_id, person_of(actor, company_id))
        may_ask(actor, company_id, known, draft.waive)
        facts = _asked_anew(actor, asker, gathering.gather(known, draft.slot, now, asker))
        reasons = rules.refusals(facts)
        refusal.raise_if(rules.left(reasons, draft.waive), known)
        waiving = Waiving(rules.passed(reasons + rules.asks_for_hours(facts), draft.waive), draft.reason)
        whose = Whose(asker.id, asker.name, actor.person_id, actor.name, not actor.belongs_to(asker.id))
        booking = place(tx, actor, number, known, facts, whose, draft.purpose, waiving=waiving)
        if "too_many_bookings" not in waiving.codes:
            within_caps(tx, asker, facts)
        charging.hold(tx, actor, booking, facts.shares, waiving, now)
        return tx.done(booking)


def move(actor: Actor, booking_id: int, slot: Slot, version: int | None = None, retry: Retry | None = None) -> Seen:
    """Give a booking another time on its instrument; it waits for approval again where approval is needed.

    Raises NotFound, Forbidden, Conflict with every reason; the old time stands in the history.
    """
    now = clock.now()
    before = standing(actor, booking_id, "move")
    with explained(now, slot) as refusal, transaction(lock=[before.instrument_id], retry=retry) as tx:
        old = queries.seen(actor, booking_id)
        known, asker = gathering.asked(old.instrument_id, old.company_id, old.person_id)
        refusal.raise_if(rules.wrong_move(old.state, "move") + rules.too_late(now, old.starts_at))
        refusal.raise_if(rules.late_to_move(queries.charge_of_cancelling(actor, old, now)))
        facts = gathering.with_own_word(actor, asker, gathering.gather(known, slot, now, asker, but=booking_id))
        refusal.raise_if(rules.refusals(facts), known)
        booking = _carry_over(tx, actor, old, known, facts, version)
        charging.rehold(tx, actor, booking, facts.shares, NOTHING, now)
        return tx.done(booking)


def _asked_anew(actor: Actor, asker: Asker, facts: rules.Facts) -> rules.Facts:
    """The same of a new request: whoever has a booking may move it even where they may not ask for another."""
    return replace(gathering.with_own_word(actor, asker, facts), restricted_until=asker.restricted_until)


def _carry_over(
    tx: Transaction, actor: Actor, old: Seen, known: Known, facts: rules.Facts, version: int | None
) -> Seen:
    """Write the booking's new time: its row, its claim, its fact."""
    slot, now, channel = facts.slot, facts.now, facts.granted()
    waits = facts.approval or facts.in_house
    state = (lifecycle.after(old.state, "move") or old.state) if waits else lifecycle.APPROVED
    awaiting = lifecycle.COMPANY if facts.in_house else ""
    values: dict[str, Any] = {
        "state": state,
        "starts_at": slot.start,
        "ends_at": slot.end,
        "channel": channel,
        "decide_by": rules.decide_by(known, slot, now) if waits else None,
        "awaiting": awaiting,
        "over_quota": facts.over_quota,
        "provisional": facts.provisional,
    }
    table = table_of(Booking)
    new = swap(tx, table, old.id, old.version if version is None else version, values)
    timeline.shift(tx, kind=timeline.BOOKING, owner_id=old.id, channel=channel, slot=rules.held(known, slot))
    moved = BookingMoved(
        object_id=old.id,
        version=new,
        company_id=old.company_id,
        instrument_id=old.instrument_id,
        starts_at=slot.start,
        ends_at=slot.end,
        old_starts_at=old.starts_at,
        old_ends_at=old.ends_at,
        was=old.state,
        state=state,
        over_quota=facts.over_quota,
        provisional=facts.provisional,
        awaiting=awaiting,
    )
    publish(tx, actor, moved, now)
    seen = replace(old, version=new, **values)
    tally.changed(tx, old, seen)
    return seen
