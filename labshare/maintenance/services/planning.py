"""Planning maintenance: shown first, then saved with all its consequences in one act; changed; called off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from labshare.booking import displacement
from labshare.booking.change import refuse
from labshare.booking.displacement import Cause, Hit
from labshare.booking.models import MAINTENANCE
from labshare.instruments import condition, timeline
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of, transaction
from labshare.kernel.errors import N_, Forbidden, Invalid
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry
from labshare.kernel.slots import Slot
from labshare.maintenance import lifecycle, planner, policy, queries, rules, selection
from labshare.maintenance import repeat as repeats
from labshare.maintenance.events import WindowCancelled, WindowChanged, WindowPlanned
from labshare.maintenance.models import Series, Window, WindowPlace
from labshare.maintenance.planner import Consequences, Plan
from labshare.maintenance.queries import Seen
from labshare.maintenance.repeat import Repeat
from labshare.maintenance.selection import Wanted
from labshare.quotas.account import Outdated

_window, _place, _series = map(table_of, (Window, WindowPlace, Series))
_T = TypeVar("_T")
SAID = ("kind", "note", "performed_by")


@dataclass(frozen=True)
class Draft:
    """What somebody plans: which instruments, when, and again when; and what becomes of bookings in the way."""

    wanted: Wanted
    slot: Slot
    kind: str
    note: str = ""
    performed_by: str = ""
    repeat: Repeat | None = None
    when_hit: str = rules.DISPLACE


@dataclass(frozen=True)
class Planned:
    """The windows that were saved, and what that did."""

    windows: Sequence[Seen]
    consequences: Consequences

    @property
    def id(self) -> int:
        """The first window's: where whoever asked goes on."""
        return self.windows[0].id


@dataclass(frozen=True)
class Preview:
    """What saving a draft would do, and how many windows it would be."""

    consequences: Consequences
    windows: int


def preview(actor: Actor, draft: Draft) -> Preview:
    """What saving the draft would do: whom it hits, where they could go, which time it takes. Raises as `plan` does."""
    now = clock.now()
    plan_, slots = _settled(actor, draft, now)
    return Preview(planner.with_nearest(planner.foresee(plan_, now), now), len(slots))


def plan(actor: Actor, draft: Draft, retry: Retry | None = None) -> Planned:
    """Save the windows with everything they do, or nothing. Raises Forbidden, Invalid, Conflict with every reason."""
    return again(lambda: _plan(actor, draft, retry))


def _plan(actor: Actor, draft: Draft, retry: Retry | None) -> Planned:
    now = clock.now()
    settled, slots = _settled(actor, draft, now)
    ids = [one.id for one in settled.instruments]
    with transaction(lock=ids, retry=retry) as tx:
        plan_ = Plan(catalogue.known_by_ids(ids), slots, draft.when_hit)
        found = planner.foresee(plan_, now, tx)
        refuse(found.reasons)
        windows = _save(tx, actor, draft, plan_.instruments, slots, now)
        entries, hit = [], planner.by_window(found, windows)
        for one in windows:
            entries += displacement.displace(tx, actor, hit[one.id], Cause(MAINTENANCE, one.id), now)
        if draft.when_hit != rules.FIT:
            displacement.clear(tx, found.hit, slots[0].start)
        timeline.claim_all(
            tx, timeline.MAINTENANCE, [(planner.owner_of(windows, place), place) for place in found.places]
        )
        for one in windows:
            said: dict[str, Any] = {"displaced": len(hit[one.id].bookings), "series_id": one.series_id}
            publish(tx, actor, WindowPlanned(**about(one), version=1, **said), now)
        displacement.give_back(tx, actor, entries, now)
        return tx.done(Planned(windows, found))


def again(do: Callable[[], _T]) -> _T:
    """Where a company's allowances were changed in this very moment, what it gets back is reckoned once more."""
    try:
        return do()
    except Outdated:
        return do()


def preview_change(actor: Actor, window_id: int, slot: Slot, when_hit: str = rules.DISPLACE) -> Consequences:
    """What giving the window another time would do."""
    now = clock.now()
    old = _mine(actor, window_id)
    found = _foreseen(old, slot, when_hit, now)
    return planner.with_nearest(found, now)


def change(
    actor: Actor,
    window_id: int,
    said: Mapping[str, Any],
    slot: Slot | None = None,
    when_hit: str = rules.DISPLACE,
    version: int | None = None,
    retry: Retry | None = None,
) -> Planned:
    """Give a window another time, or say something else of it; what it frees is free at once, whom it hits displaced.

    Raises NotFound, Forbidden, Conflict with every reason.
    """
    return again(lambda: _change(actor, window_id, said, slot, when_hit, version, retry))


def _change(
    actor: Actor,
    window_id: int,
    said: Mapping[str, Any],
    slot: Slot | None,
    when_hit: str,
    version: int | None,
    retry: Retry | None,
) -> Planned:
    now = clock.now()
    before = _mine(actor, window_id)
    with transaction(lock=before.instrument_ids, retry=retry) as tx:
        old = _mine(actor, window_id)
        refuse(rules.wrong_move(old.state, "change"))
        values: dict[str, Any] = {name: said[name] for name in SAID if name in said}
        found, entries = Consequences(), []
        slot = None if slot is None else rules.possible(old.state, old.slot, slot, now)
        moved = slot is not None and slot != old.slot
        if slot is not None and moved:
            found = _foreseen(old, slot, when_hit, now, tx)
            refuse(found.reasons)
            values |= {"starts_at": slot.start, "ends_at": slot.end, "fits": when_hit == rules.FIT}
            hit = Hit() if when_hit == rules.FIT else found.hit
            entries = displacement.displace(tx, actor, hit, Cause(MAINTENANCE, old.id), now)
            displacement.clear(tx, hit, slot.start)
            timeline.release(tx, kind=timeline.MAINTENANCE, owner_id=old.id)
            timeline.claim_all(tx, timeline.MAINTENANCE, [(old.id, place) for place in found.places])
        number = swap(tx, _window, old.id, old.version if version is None else version, values)
        new = replace(old, version=number, **values)
        was: dict[str, Any] = {
            "old_starts_at": old.starts_at,
            "old_ends_at": old.ends_at,
            "displaced": len(found.lines),
        }
        publish(tx, actor, WindowChanged(**about(new), version=number, **was), now)
        if moved:
            displacement.ease(tx, actor, Cause(MAINTENANCE, old.id), new.slot, now)
        displacement.give_back(tx, actor, entries, now)
        return tx.done(Planned([new], found))


def _foreseen(old: Seen, slot: Slot, when_hit: str, now: datetime, tx: Transaction | None = None) -> Consequences:
    """What the window at that time would do."""
    slot = rules.possible(old.state, old.slot, slot, now)
    plan_ = Plan(catalogue.known_by_ids(old.instrument_ids), [slot], when_hit)
    found = planner.foresee(plan_, now, tx, own=old.id)
    begun = old.state == lifecycle.OPEN
    return replace(found, reasons=[one for one in found.reasons if not (begun and one.code == "in_the_past")])


def cancel(actor: Actor, window_id: int, *, rest: bool = False, retry: Retry | None = None) -> Seen:
    """Call a window off, and with `rest` those of its series that follow; one that has begun ends now.

    Its time is free at once, and who was displaced is told. Raises NotFound, Forbidden, Conflict.
    """
    now = clock.now()
    before = _mine(actor, window_id)
    some = queries.rest_of_series(before) if rest else [before]
    with transaction(lock={number for one in some for number in one.instrument_ids}, retry=retry) as tx:
        first = _mine(actor, window_id)
        refuse(rules.wrong_move(first.state, "cancel"))
        for old in queries.rest_of_series(first) if rest else [first]:
            _cancel(tx, actor, old, now)
        return tx.done(_mine(actor, window_id))


def _cancel(tx: Transaction, actor: Actor, old: Seen, now: datetime) -> None:
    values: dict[str, Any] = {"state": lifecycle.after(old.state, "cancel")}
    if old.state == lifecycle.OPEN:
        values["ends_at"] = rules.ends_now(old.starts_at, now)
    number = swap(tx, _window, old.id, old.version, values)
    new = replace(old, version=number, **values)
    begun = old.state == lifecycle.OPEN
    timeline.release(tx, kind=timeline.MAINTENANCE, owner_id=old.id, after=new.ends_at if begun else None)
    publish(tx, actor, WindowCancelled(**about(new), version=number, was=old.state), now)
    if begun:
        reopen(tx, actor, old, now)
    displacement.ease(tx, actor, Cause(MAINTENANCE, old.id), new.slot if begun else None, now)


def reopen(tx: Transaction, actor: Actor, window: Seen, now: datetime) -> None:
    """Its instruments are in service again, but where another window or an outage closes them."""
    if window.fits:
        return
    closed = queries.open_elsewhere(window.instrument_ids, but=window.id)
    for known in catalogue.known_by_ids(window.instrument_ids):
        if known.id not in closed and known.state == "in_maintenance":
            condition.change(tx, actor, known, now, state="in_service")


def about(window: Seen) -> dict[str, Any]:
    """What every fact about a window says."""
    return {
        "object_id": window.id,
        "instrument_ids": tuple(window.instrument_ids),
        "kind_of_work": window.kind,
        "starts_at": window.starts_at,
        "ends_at": window.ends_at,
    }


def _mine(actor: Actor, window_id: int) -> Seen:
    found = queries.window(actor, window_id)
    if not policy.may_plan(actor, found.site_ids):
        raise Forbidden
    return found


def _settled(actor: Actor, draft: Draft, now: datetime) -> tuple[Plan, list[Slot]]:
    """The plan the draft comes to, with every occurrence's slot."""
    instruments = selection.resolve(actor, draft.wanted)
    if not policy.may_plan(actor, {one.site_id for one in instruments}):
        raise Forbidden
    slots = [draft.slot]
    if draft.repeat is not None:
        zones = {one.zone.key: one.zone for one in instruments}
        if len(zones) > 1:
            message = N_("Instruments in different time zones cannot repeat together.")
            raise Invalid(fields={"repeat": [message]})
        [zone] = zones.values()
        if found := repeats.faults(draft.repeat, draft.slot, zone):
            raise Invalid(fields={"repeat": found})
        slots = repeats.slots(draft.slot, draft.repeat, zone)
    if rules.begins(now) <= slots[0].start < now < slots[0].end:  # it begins in this very minute
        slots[0] = Slot(now, slots[0].end)
    return Plan(instruments, slots, draft.when_hit), slots


def _save(
    tx: Transaction, actor: Actor, draft: Draft, instruments: Sequence[Known], slots: Sequence[Slot], now: datetime
) -> list[Seen]:
    series_id = None
    if draft.repeat is not None:
        wire = repeats.written(draft.repeat)
        series_id = tx.execute(sa.insert(_series).values(repeat=wire).returning(_series.c.id)).scalar_one()
    shared: dict[str, Any] = {name: getattr(draft, name) for name in SAID}
    shared |= {"series_id": series_id, "utility_id": draft.wanted.utility, "state": lifecycle.PLANNED}
    shared |= {"fits": draft.when_hit == rules.FIT, "person_id": actor.person_id, "created_at": now}
    rows = [{**shared, "starts_at": slot.start, "ends_at": slot.end, "version": 1} for slot in slots]
    new = sa.insert(_window).returning(_window.c.id, sort_by_parameter_order=True)
    numbers = list(tx.execute(new, rows).scalars())
    places = [{"window_id": number, "instrument_id": one.id} for number in numbers for one in instruments]
    tx.execute(sa.insert(_place), places)
    return queries.read(queries.WINDOW.where(Window.id.in_(numbers)).order_by(Window.starts_at, Window.id))
