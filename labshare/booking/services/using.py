"""The use of an instrument: coming, leaving, and what staff enter or correct afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from labshare.booking import charging, ending, gathering, lifecycle, policy, presence, queries, rules, tally
from labshare.booking.change import about, change, refuse, standing
from labshare.booking.events import BookingCompleted, BookingMissed, BookingStarted, UsageCorrected
from labshare.booking.models import UsageRecord
from labshare.booking.presence import Scene, Use
from labshare.booking.queries import Seen
from labshare.booking.rules import judgement
from labshare.instruments import queries as catalogue
from labshare.instruments import timeline
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of, transaction
from labshare.kernel.errors import N_, Forbidden, Invalid
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.kernel.slots import Slot

_record = table_of(UsageRecord)


def check_in(actor: Actor, booking_id: int, version: int | None = None, retry: Retry | None = None) -> Seen:
    """Begin to use what was booked. Raises NotFound, Forbidden, Conflict with every reason."""
    now = clock.now()
    before = standing(actor, booking_id, "check_in")
    with transaction(lock=[before.instrument_id], retry=retry) as tx:
        old = queries.seen(actor, booking_id)
        known, asker = gathering.asked(old.instrument_id, old.company_id, old.person_id)
        refuse(rules.wrong_move(old.state, "check_in"))
        scene = presence.around(old, known, now)
        early = now < scene.claim.start
        before_mine = [one for one in scene.others if one.slot.start < scene.claim.start and now < one.slot.end]
        arrival = judgement.Arrival(
            now, old.slot, known, asker.active, scene.somebody_there, before_mine if early else []
        )
        refuse(judgement.arrival_refusals(arrival))
        late, excuse = judgement.lateness(old.slot, now, known, scene.hindrances)
        values = {"state": lifecycle.IN_USE}
        seen = change(tx, actor, old, version, values, BookingStarted, now, at=now, late=late, excuse=excuse)
        tx.note(_record, _row(old, known, now, judgement.CHECKED_IN) | {"late": late, "excuse": excuse})
        if early:
            ending.hold(tx, old, Slot(now, scene.claim.end))
        return tx.done(seen)


def check_out(
    actor: Actor,
    booking_id: int,
    samples: int | None = None,
    note: str = "",
    problem: str = "",
    version: int | None = None,
    retry: Retry | None = None,
) -> Seen:
    """End the use; the rest of the time is free at once. Raises NotFound, Forbidden, Conflict."""
    now = clock.now()
    with transaction(retry=retry) as tx:
        old = standing(actor, booking_id, "check_out")
        refuse(rules.wrong_move(old.state, "check_out"))
        known, use = catalogue.known_by_id(old.instrument_id), ending.use_of(old)
        end = max(now, use.starts_at)
        scene = presence.around(old, known, now)
        overtime, early, excuse = judgement.leaving(old.slot, end, known, scene.hindrances)
        said = {"samples": samples, "note": note, "problem": problem}
        judged = {"overtime": overtime, "left_early": early, "excuse": use.excuse or excuse}
        seen = ending.complete(tx, actor, old, version, known, scene, use, end, now, said | judged)
        charging.used(tx, actor, old, known, use.starts_at, end, now, excuse)
        return tx.done(seen)


def record(
    actor: Actor,
    booking_id: int,
    slot: Slot,
    samples: int | None = None,
    note: str | None = None,
    reason: str = "",
    retry: Retry | None = None,
) -> Use:
    """Enter what was used of a booking, or correct it, and then why: the old values stand in the history.

    Raises NotFound, Forbidden, Invalid for a correction without a reason, Conflict.
    """
    now = clock.now()
    before = standing(actor, booking_id, "record")
    with transaction(lock=[before.instrument_id], retry=retry) as tx:
        old = queries.seen(actor, booking_id)
        known, corrects = catalogue.known_by_id(old.instrument_id), old.state == lifecycle.COMPLETED
        refuse([] if corrects else rules.wrong_move(old.state, "record"))
        refuse(judgement.record_refusals(old.slot, slot, now))
        if corrects and not reason:
            raise Invalid(fields={"reason": [N_("Say why it is corrected.")]})
        scene = presence.around(old, known, now)
        late, excuse = judgement.lateness(old.slot, slot.start, known, scene.hindrances)
        overtime, early, other = judgement.leaving(old.slot, slot.end, known, scene.hindrances)
        said = {"samples": samples, "note": note}
        values: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        values |= {"late": late, "overtime": overtime, "left_early": early, "excuse": excuse or other}
        if corrects:
            _correct(tx, actor, old, known, scene, slot, values, reason, now)
            charging.corrected(tx, actor, old, known, slot.start, slot.end, now, reason)
            return tx.done(ending.use_of(old))
        told = {"overtime": overtime, "left_early": early, "excuse": excuse or other, "samples": samples}
        _tell(tx, actor, old, slot, judgement.OPERATOR, now, **told)  # compared and swapped before anything is written
        row = _row(old, known, slot.start, judgement.OPERATOR) | _ended(slot, slot.end) | values
        tx.note(_record, row)
        tally.used(tx, old, None, row)
        ending.hold(tx, old, judgement.kept(scene.claim, slot.start, slot.end, known))
        charging.used(tx, actor, old, known, slot.start, slot.end, now, other)
        return tx.done(ending.use_of(old))


def judge(actor: Actor, booking_id: int, now: datetime) -> str | None:
    """Do what the clock has to do to a booking as time passes; the word for it, None where there was nothing to do.

    Raises Conflict where somebody was faster.
    """
    if not policy.may_let_time_pass(actor):
        raise Forbidden
    with transaction() as tx:
        old = queries.seen(actor, booking_id)
        known = catalogue.known_by_id(old.instrument_id)
        verdict = presence.verdict(old, known, now)
        if verdict is None:
            return None
        if verdict.does == judgement.MISS:
            charge = 0 if verdict.excuse else known.no_show_percent
            told: dict[str, Any] = {"excuse": verdict.excuse, "charge": charge}
            change(tx, actor, old, None, {"state": lifecycle.MISSED, **told}, BookingMissed, now, **told)
            timeline.release(tx, kind=timeline.BOOKING, owner_id=old.id)
            charging.missed(tx, actor, old, charge, verdict.excuse, now)
        elif verdict.does == judgement.ASSUME:
            _tell(tx, actor, old, old.slot, judgement.ASSUMED, now)
            row = _row(old, known, old.starts_at, judgement.ASSUMED) | _ended(old.slot, old.ends_at)
            tx.note(_record, row)
            tally.used(tx, old, None, row)
            charging.used(tx, actor, old, known, old.starts_at, old.ends_at, now)
        else:
            use = ending.use_of(old)
            assumed = {"source": judgement.ASSUMED}
            scene = presence.around(old, known, now)
            end = max(old.ends_at, use.starts_at)
            ending.complete(tx, actor, old, None, known, scene, use, end, now, assumed)
            charging.used(tx, actor, old, known, use.starts_at, end, now)
        return verdict.does


def _row(booking: Seen, known: Known, start: datetime, source: str) -> dict[str, Any]:
    """A new usage record, with what things are called today."""
    return {
        "booking_id": booking.id,
        "instrument_id": booking.instrument_id,
        "channel": booking.channel,
        "company_id": booking.company_id,
        "person_id": booking.person_id,
        "owner_id": known.owner_id,
        "company_name": booking.company_name,
        "category_en": known.category_en,
        "category_zh": known.category_zh,
        "rate_cny_per_hour": known.rate_cny_per_hour,
        "starts_at": start,
        "source": source,
    }


def _ended(used: Slot, freed_at: datetime) -> dict[str, Any]:
    return {"ends_at": used.end, "freed_at": freed_at, "minutes": judgement.minutes(used.start, used.end)}


def _tell(tx: Transaction, actor: Actor, old: Seen, used: Slot, source: str, now: datetime, **more: Any) -> None:
    """The booking is completed without anybody having checked in."""
    said = {"used_from": used.start, "used_to": used.end, "source": source, **more}
    change(tx, actor, old, None, {"state": lifecycle.COMPLETED}, BookingCompleted, now, **said)


_CORRECTED = ("starts_at", "ends_at", "minutes", "samples", "note", "source", "overtime", "excuse")


def _correct(
    tx: Transaction,
    actor: Actor,
    old: Seen,
    known: Known,
    scene: Scene,
    slot: Slot,
    values: dict[str, Any],
    reason: str,
    now: datetime,
) -> None:
    """Write the record anew, and what it said before into the history."""
    use = ending.use_of(old)
    values = values | {
        "starts_at": slot.start,
        "ends_at": slot.end,
        "minutes": judgement.minutes(slot.start, slot.end),
        "source": judgement.OPERATOR,
    }
    number = swap(tx, _record, use.id, use.version, values)
    tally.used(tx, old, vars(use), {**vars(use), **values})
    was = {name: _plain(getattr(use, name)) for name in _CORRECTED}
    new = {name: _plain(values.get(name, getattr(use, name))) for name in _CORRECTED}
    said: dict[str, Any] = {"booking_id": old.id, "before": was, "after": new, "reason": reason}
    publish(tx, actor, UsageCorrected(object_id=use.id, version=number, **about(old), **said), now)
    widest = Slot(min(scene.claim.start, old.starts_at), max(scene.claim.end, old.ends_at))
    ending.hold_again(tx, old, scene, judgement.kept(widest, slot.start, slot.end, known))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
