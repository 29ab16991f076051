"""Enters the demo's maintenance: windows, outages, what falls due, displaced bookings; `told` is what was said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from labshare.booking.events import OfferAccepted, OfferMade
from labshare.booking.models import ACCEPTED, MAINTENANCE, OFFERED, Booking, Displacement
from labshare.booking.rules import decide_by, held
from labshare.demo import displaced
from labshare.demo.care import CHILLER, MONDAYS, NEEDS, OVERDUE, Broke, Diary, Need, Planned
from labshare.demo.cast import Cast, Told
from labshare.demo.displaced import Lost
from labshare.demo.stories import DAY, HOUR, Story
from labshare.instruments import timeline
from labshare.instruments.events import InstrumentChanged
from labshare.instruments.models import Claim, Instrument
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import Transaction, table_of
from labshare.kernel.slots import Slot
from labshare.maintenance import events, lifecycle, rules
from labshare.maintenance.models import (
    Dependence,
    Document,
    Outage,
    Series,
    Upkeep,
    UpkeepWarning,
    Utility,
    Window,
    WindowPlace,
)
from labshare.maintenance.repeat import written

SHEET = b"reflection,expected,measured\nSi 111,28.443,28.441\nSi 220,47.304,47.307\n"


class Workshop:
    """Writes it all in the transaction of the bookings, once these have their numbers."""

    def __init__(self, tx: Transaction, cast: Cast, diary: Diary) -> None:
        self.tx, self.cast, self.diary = tx, cast, diary
        self.told: list[Told] = []
        self.states: dict[int, list[tuple[datetime, Actor, str, str]]] = defaultdict(list)

    def enter(self, lost: Sequence[Lost], entered: Sequence[tuple[Story, int]]) -> None:
        """Everything, each row with its facts; the bookings' facts learn which window it was, and what came of it."""
        utility = self._utility()
        numbers: dict[int, int] = {}  # the id of each window, by its plan
        for planned in (*self.diary.past, *self.diary.coming):
            hit = sum(one.window is planned for one in lost)
            numbers[id(planned)] = self._window(planned, utility if planned.care.utility else None, hit)
        for broke in self.diary.broke:
            self._outage(broke)
        for need in NEEDS:
            self._upkeep(need)
        bookings = {id(story): number for story, number in entered}
        for one in lost:
            self._displaced(one, numbers[id(one.window)], bookings)
        self._conditions()

    def _new(self, model: type[Any], **values: Any) -> int:
        table = table_of(model)
        return int(self.tx.execute(sa.insert(table).values(values).returning(table.c.id)).scalar_one())

    def _claim(self, kind: str, owner_id: int, code: str, slot: Slot) -> None:
        known = self.diary.known[code]
        same = {"instrument_id": known.id, "kind": kind, "owner_id": owner_id}
        times = {"starts_at": slot.start, "ends_at": slot.end}
        channels = range(1, known.channels + 1)
        self.tx.execute(sa.insert(table_of(Claim)), [{**same, **times, "channel": number} for number in channels])

    def _manager(self, code: str) -> Actor:
        return self.cast.managers[self.diary.known[code].site_id][0]

    # ------------------------------------------------------------ windows

    def _utility(self) -> int:
        english, chinese, codes = CHILLER
        ids = tuple(self.diary.known[code].id for code in codes)
        number = self._new(
            Utility, site_id=self.diary.known[codes[0]].site_id, name_en=english, name_zh=chinese, version=1
        )
        for one in ids:
            self._new(Dependence, utility_id=number, instrument_id=one)
        said: dict[str, Any] = {"name_en": english, "name_zh": chinese, "instrument_ids": ids}
        fact = events.UtilityAdded(object_id=number, version=1, **said)
        self.told.append((self._manager(codes[0]), fact, self.diary.now - 300 * DAY))
        return number

    def _window(self, planned: Planned, utility_id: int | None, displaced: int) -> int:
        """Every window of the plan; the number of the first."""
        series_id = self._new(Series, repeat=written(MONDAYS)) if planned.is_series else None
        made = [self._occurrence(planned, slot, utility_id, series_id, displaced) for slot in planned.slots]
        return made[0]

    def _occurrence(
        self, planned: Planned, slot: Slot, utility_id: int | None, series_id: int | None, displaced: int
    ) -> int:
        care, by, is_over = planned.care, self._manager(planned.care.codes[0]), slot.end < self.diary.now
        number = self._new(
            Window,
            series_id=series_id,
            utility_id=utility_id,
            kind=care.kind,
            state=lifecycle.DONE if is_over else lifecycle.PLANNED,
            starts_at=slot.start,
            ends_at=slot.end,
            note=care.note,
            performed_by=care.performed_by,
            fits=False,
            person_id=by.person_id,
            created_at=planned.at,
            reminded_of=slot.start if is_over else None,
            version=4 if is_over else 1,
        )
        ids = tuple(sorted(self.diary.known[code].id for code in care.codes))
        for code in care.codes:
            self._new(WindowPlace, window_id=number, instrument_id=self.diary.known[code].id)
            self._claim(timeline.MAINTENANCE, number, code, slot)
        about: dict[str, Any] = {"object_id": number, "instrument_ids": ids, "kind_of_work": care.kind}
        about |= {"starts_at": slot.start, "ends_at": slot.end}
        fact = events.WindowPlanned(**about, version=1, displaced=displaced, series_id=series_id)
        self.told.append((by, fact, planned.at))
        if is_over:
            self._over(about, slot)
            for one in ids:
                self.states[one].append((slot.start, SYSTEM, "in_service", "in_maintenance"))
                self.states[one].append((slot.end, SYSTEM, "in_maintenance", "in_service"))
        if is_over and care.codes == ("XRD-01",):
            self._document(number, by, slot.end + HOUR)
        return number

    def _over(self, about: dict[str, Any], slot: Slot) -> None:
        kinds = (events.WindowComingUp, events.WindowOpened, events.WindowClosed)
        moments = (slot.start - rules.REMIND_AHEAD, slot.start, slot.end)
        for version, (kind, at) in enumerate(zip(kinds, moments, strict=True), 2):
            self.told.append((SYSTEM, kind(**about, version=version), at))

    def _document(self, window_id: int, by: Actor, at: datetime) -> None:
        file: dict[str, Any] = {"name": "XRD-01 Si standard.csv", "size": len(SHEET)}
        self._new(Document, window_id=window_id, content=SHEET, person_id=by.person_id, at=at, **file)
        self.told.append((by, events.DocumentAdded(object_id=window_id, **file), at))

    # ------------------------------------------------------------ outages and what falls due

    def _outage(self, broke: Broke) -> None:
        said, slot, by = broke.breakdown, broke.slot, self._manager(broke.breakdown.code)
        until = slot.start + rules.UNTIL_KNOWN
        about: dict[str, Any] = {"instrument_id": self.diary.known[said.code].id, "began_at": slot.start}
        row: dict[str, Any] = {"state": lifecycle.ENDED, "claimed_until": until, "expected_until": None}
        row |= {"ended_at": slot.end, "note": said.note, "remedy": said.remedy, "person_id": by.person_id}
        number = self._new(Outage, **about, **row, version=2)
        self._claim(timeline.OUTAGE, number, said.code, slot)
        began = events.OutageBegan(
            object_id=number, version=1, **about, claimed_until=until, note=said.note, displaced=0
        )
        ended = events.OutageEnded(object_id=number, version=2, **about, ended_at=slot.end, remedy=said.remedy)
        self.told += [(by, began, slot.start), (by, ended, slot.end)]
        self.states[about["instrument_id"]] += [
            (slot.start, by, "in_service", "out_of_service"),
            (slot.end, by, "out_of_service", "in_service"),
        ]

    def _upkeep(self, need: Need) -> None:
        since = self.diary.now - need.said * DAY
        about: dict[str, Any] = {"instrument_id": self.diary.known[need.code].id}
        often: dict[str, Any] = {"every_days": need.every_days, "every_hours": need.every_hours}
        number = self._new(Upkeep, **about, **often, kind=need.kind, note=need.note, since=since, version=1)
        said = about | often | {"kind_of_work": need.kind}
        self.told.append((self._manager(need.code), events.UpkeepSet(object_id=number, version=1, **said), since))
        if need is OVERDUE:
            at = since + timedelta(days=need.every_days or 0) + HOUR
            self._new(UpkeepWarning, upkeep_id=number, since=since, at=at)
            fact = events.UpkeepOverdue(object_id=number, **said, since=since, hours_run=0)
            self.told.append((SYSTEM, fact, at))

    # ------------------------------------------------------------ displaced bookings

    def _displaced(self, one: Lost, window_id: int, numbers: dict[int, int]) -> None:
        old, known, slot = numbers[id(one.story)], one.offer.instrument, one.offer.slot
        one.story.facts[-1][3]["cause_id"] = window_id
        at = one.window.at + displaced.OFFERED
        by = decide_by(known, slot, at)
        offer: dict[str, Any] = {"instrument_id": known.id, "starts_at": slot.start, "ends_at": slot.end}
        row: dict[str, Any] = {"cause": MAINTENANCE, "cause_id": window_id, "at": one.window.at, "was": "approved"}
        row |= {"state": OFFERED, "answer_by": by, "version": 2}
        if one.successor is not None:
            row |= {"state": ACCEPTED, "answer_by": None, "version": 3}
        number = self._new(Displacement, booking_id=old, channel=one.offer.channel, **offer, **row)
        said = offer | {"object_id": number, "booking_id": old, "company_id": one.story.values["company_id"]}
        self.told.append((SYSTEM, OfferMade(**said, version=2, answer_by=by), at))
        if one.successor is None:
            self._claim(timeline.OFFER, number, known.code, held(known, slot))
            return
        new = numbers[id(one.successor)]
        who, accepted, _, more = one.successor.facts[0]
        more["replaces_id"] = old
        booking = table_of(Booking)
        self.tx.execute(sa.update(booking).where(booking.c.id == new).values(replaces_id=old))
        self.told.append((who, OfferAccepted(**said, version=3, new_booking_id=new), accepted))

    # ------------------------------------------------------------ what all that made of instruments

    def _conditions(self) -> None:
        """Each instrument was in service again in the end, and its history says so."""
        table = table_of(Instrument)
        for number, changes in sorted(self.states.items()):
            known = self._known(number)
            for version, (at, who, old, new) in enumerate(sorted(changes, key=_moment), known.version + 1):
                said: dict[str, Any] = {"code": known.code, "changes": {"state": [old, new]}}
                self.told.append((who, InstrumentChanged(object_id=number, version=version, **said), at))
            values = {"version": known.version + len(changes)}
            self.tx.execute(sa.update(table).where(table.c.id == number).values(values))

    def _known(self, number: int) -> Any:
        return next(one for one in self.diary.known.values() if one.id == number)


def _moment(change: tuple[datetime, Actor, str, str]) -> datetime:
    return change[0]
