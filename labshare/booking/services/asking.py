"""Asking for time: the dry run, the request and the move share one gathering of facts and one set of rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from labshare.booking import charging, free, lifecycle, policy, queries, rules
from labshare.booking.change import refuse, standing
from labshare.booking.events import BookingMoved
from labshare.booking.models import Booking
from labshare.booking.placing import Whose, place, within_caps
from labshare.booking.queries import Asked, Asker, Seen
from labshare.instruments import queries as catalogue
from labshare.instruments import timeline
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of, transaction
from labshare.kernel.errors import N_, Conflict, Forbidden, Invalid, NotFound, Reason
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.kernel.slots import Slot
from labshare.quotas import account
from labshare.quotas.account import Overdrawn
from labshare.quotas.rules import Share


@dataclass(frozen=True)
class Draft:
    """What somebody asks for; `company_id` None means the asker's own company."""

    instrument: str
    slot: Slot
    purpose: str = ""
    company_id: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What a dry run found: every reason against, the nearest slots that pass, the estimated price, and the hours.

    `over_quota`: a manager would have to waive the hours that are not left. `provisional`: a year's notice that is not
    published yet may close the day.
    """

    known: Known
    reasons: list[Reason]
    alternatives: list[free.Alternative]
    estimate_cny: float
    shares: Sequence[Share]
    over_quota: bool
    provisional: bool

    @property
    def allowed(self) -> bool:
        return not self.reasons


def check(actor: Actor, draft: Draft) -> Verdict:
    """Would the request pass now? Decided by the same rules on the same facts as the request itself."""
    now = clock.now()
    company_id = _company(actor, draft)
    known, asker = queries.asked(catalogue.id_of(_code(draft.instrument)), company_id)
    company = _may_ask(actor, company_id, known, asker)
    facts = queries.gather(known, draft.slot, now, _asked(actor, company))
    reasons = rules.refusals(facts)
    others = _others(known, draft.slot, now, reasons) if reasons else []
    estimate = round(float(known.rate_cny_per_hour) * draft.slot.hours, 2)
    return Verdict(known, reasons, others, estimate, facts.shares, facts.over_quota, facts.provisional)


def request(actor: Actor, draft: Draft, retry: Retry | None = None) -> Seen:
    """Ask for time and hold it at once, and the company's hours; approved by itself where nobody needs to be asked.

    Over a quota that lets managers be asked, it holds the time and no hours. Raises Forbidden or NotFound for a
    company that is not the actor's, Conflict with every reason.
    """
    try:
        return _request(actor, draft, retry)
    except Overdrawn:  # a colleague was faster: what is left now decides, and says what is wrong
        return _request(actor, draft, retry)


def _request(actor: Actor, draft: Draft, retry: Retry | None) -> Seen:
    now = clock.now()
    company_id = _company(actor, draft)
    instrument_id = catalogue.id_of(_code(draft.instrument))
    with _explained(now, draft.slot) as refusal, transaction(lock=[instrument_id], retry=retry) as tx:
        known, asker, number = queries.asked_anew(instrument_id, company_id)
        company = _may_ask(actor, company_id, known, asker)
        asked = _asked(actor, company)
        facts = queries.gather(known, draft.slot, now, asked)
        refusal.raise_if(rules.refusals(facts), known)
        whose = Whose(company.id, company.name, actor.person_id, actor.name, not actor.belongs_to(company.id))
        booking = place(tx, actor, number, known, facts, whose, draft.purpose)
        within_caps(tx, asked, facts)
        if not booking.over_quota:
            account.hold(tx, actor, charging.whose(booking), facts.shares, now)
        return tx.done(booking)


def move(actor: Actor, booking_id: int, slot: Slot, version: int | None = None, retry: Retry | None = None) -> Seen:
    """Give a booking another time on its instrument; it waits for approval again where approval is needed.

    Raises NotFound, Forbidden, Conflict with every reason; the old time stands in the history.
    """
    now = clock.now()
    before = standing(actor, booking_id, "move")
    with _explained(now, slot) as refusal, transaction(lock=[before.instrument_id], retry=retry) as tx:
        old = queries.seen(actor, booking_id)
        known, company = queries.asked(old.instrument_id, old.company_id)
        refusal.raise_if(rules.wrong_move(old.state, "move") + rules.too_late(now, old.starts_at))
        refusal.raise_if(rules.late_to_move(queries.charge_of_cancelling(actor, old, now)))
        active = company is not None and company.active
        facts = queries.gather(known, slot, now, Asked(old.company_id, active, old.person_id), but=booking_id)
        refusal.raise_if(rules.refusals(facts), known)
        booking = _carry_over(tx, actor, old, known, facts, version)
        shares = () if booking.over_quota else facts.shares
        account.rehold(tx, actor, charging.whose(booking), shares, now)
        return tx.done(booking)


def _code(code: str) -> str:
    """The code as instruments are known by, or Invalid naming the field."""
    try:
        catalogue.id_of(code)
    except NotFound:
        message = N_("There is no instrument with this code.")
        raise Invalid(message, code="unknown_instrument", fields={"instrument": [message]}) from None
    return code


def _company(actor: Actor, draft: Draft) -> int:
    company_id = draft.company_id if draft.company_id is not None else actor.company_id
    if company_id is None:
        raise Invalid(fields={"company": [N_("Say for which company.")]})
    return company_id


def _may_ask(actor: Actor, company_id: int, known: Known, asker: Asker | None) -> Asker:
    """The company, if the actor may ask for it here; one the actor may not know of is a missing one."""
    if not policy.may_ask(actor, company_id, known.site_id):
        raise Forbidden if actor.is_staff else NotFound
    if asker is None:
        raise NotFound
    return asker


def _asked(actor: Actor, company: Asker) -> Asked:
    return Asked(company.id, company.active, actor.person_id if actor.belongs_to(company.id) else None)


def _others(known: Known, slot: Slot, now: datetime, reasons: list[Reason]) -> list[free.Alternative]:
    """The nearest slots that pass; none where it is the company that may not book, whenever it is."""
    company = {rules.QUOTA, "too_many_bookings", "company_suspended"}
    return [] if company & {reason.code for reason in reasons} else free.alternatives(known, slot, now)


class _explained:  # noqa: N801 - reads as a word in a with statement
    """Adds the alternatives to a refusal, looked for once the transaction has given its locks back."""

    def __init__(self, now: datetime, slot: Slot) -> None:
        self.now, self.slot = now, slot
        self.known: Known | None = None

    def raise_if(self, reasons: list[Reason], known: Known | None = None) -> None:
        """Refuse for these reasons; with `known`, another slot could help."""
        self.known = known
        refuse(reasons)

    def __enter__(self) -> _explained:
        return self

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, Conflict) and error.reasons and self.known is not None:
            error.alternatives = _others(self.known, self.slot, self.now, error.reasons)


def _carry_over(
    tx: Transaction, actor: Actor, old: Seen, known: Known, facts: rules.Facts, version: int | None
) -> Seen:
    """Write the booking's new time: its row, its claim, its fact."""
    slot, now, channel = facts.slot, facts.now, facts.granted()
    state = lifecycle.after(old.state, "move") or old.state
    if not facts.approval:
        state = lifecycle.APPROVED
    values: dict[str, Any] = {
        "state": state,
        "starts_at": slot.start,
        "ends_at": slot.end,
        "channel": channel,
        "decide_by": rules.decide_by(known, slot, now) if facts.approval else None,
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
    )
    publish(tx, actor, moved, now)
    return replace(old, version=new, **values)
