"""What a company settles among its own people: the yes it asks of its admins, and who of them has a booking."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.booking import gathering, lifecycle, rules
from labshare.booking.change import change, refuse, standing
from labshare.booking.events import BookingEndorsed, BookingHandedOver
from labshare.booking.models import DUE, OVERDUE, Reminder
from labshare.booking.queries import Seen
from labshare.booking.rules import Ahead
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, table_of, transaction
from labshare.kernel.errors import N_, Invalid, NotFound
from labshare.kernel.retry import Retry
from labshare.people import queries as people
from labshare.people.queries import Somebody
from labshare.quotas import account, quotes

_reminder = table_of(Reminder)


def endorse(
    actor: Actor, booking_id: int, answer: str = "", version: int | None = None, retry: Retry | None = None
) -> Seen:
    """Say the company's own yes to a request; then the laboratory is asked, where the instrument or the hours need it.

    Raises NotFound, Forbidden, Conflict with every reason.
    """
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "endorse")
        known, asker = gathering.asked(old.instrument_id, old.company_id, old.person_id)
        refuse(rules.wrong_move(old.state, "endorse") or rules.nothing_to_endorse(old.awaiting))
        refuse(rules.approval_refusals(now, old.starts_at, known.state, asker.active))
        waits = known.approval or old.over_quota
        by = rules.decide_by(known, old.slot, now) if waits else None
        state = lifecycle.REQUESTED if waits else lifecycle.APPROVED
        values: dict[str, Any] = {"state": state, "awaiting": "", "decide_by": by, "answer": answer}
        said: dict[str, Any] = {"state": state, "decide_by": by, "answer": answer}
        seen = change(tx, actor, old, version, values, BookingEndorsed, now, **said)
        # The admins' reminders were about this answer: whoever is asked next is reminded anew, even of the same moment.
        asked = sa.and_(_reminder.c.about == old.decide_by, _reminder.c.kind.in_((DUE, OVERDUE)))
        tx.execute(sa.update(_reminder).where(_reminder.c.booking_id == old.id, asked).values(about=now))
        return tx.done(seen)


def hand_over(
    actor: Actor, booking_id: int, person_id: int, version: int | None = None, retry: Retry | None = None
) -> Seen:
    """Give a booking to a colleague of the same company: its time and its hours stay as they are.

    Raises NotFound, Forbidden, Invalid for anybody but a colleague, Conflict with every reason.
    """
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "hand_over")
        somebody = _colleague(actor, old, person_id)
        known, asker = gathering.asked(old.instrument_id, old.company_id, somebody.id)
        refuse(rules.wrong_move(old.state, "hand_over") or rules.too_late(now, old.starts_at))
        refuse(rules.has_it(somebody.id, old.person_id))
        reasons = rules.too_many(_ahead(tx, old, known, somebody.id, now))
        refuse(reasons + rules.restricted(asker.restricted_until, known, now))
        said = {"person_id": somebody.id, "old_person_id": old.person_id, "name": somebody.name, "state": old.state}
        values = {"person_id": somebody.id, "on_behalf": False}  # whoever asked for it, it is a colleague's now
        seen = change(tx, actor, old, version, values, BookingHandedOver, now, **said)
        return tx.done(replace(seen, person_name=somebody.name))


def _colleague(actor: Actor, old: Seen, person_id: int) -> Somebody:
    """An active person of the booking's company; of all others nothing is told."""
    try:
        found = people.person(actor, person_id)
    except NotFound:
        found = None
    if found is None or found.company_id != old.company_id:
        raise Invalid(fields={"person": [N_("There is no such colleague in your company.")]})
    return found


def _ahead(tx: Transaction, old: Seen, known: Known, person_id: int, now: datetime) -> Ahead | None:
    """What the colleague has ahead, counted once everybody who asks for the company stands in line; None uncapped."""
    quote = quotes.of_slot(old.company_id, known, old.slot)
    if quote.person_cap is None:
        return None
    account.queue_up(tx, quote.account_id)
    _, mine = gathering.ahead_of(old.company_id, person_id, now)
    return Ahead(0, mine, None, quote.person_cap, quote.account_id)
