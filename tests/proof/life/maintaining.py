"""The laboratory takes time back for maintenance, and instruments break down."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from labshare.kernel.slots import Slot
from labshare.maintenance import services as maintenance
from labshare.maintenance.selection import Wanted
from tests.proof.life.allowing import Allowing
from tests.proof.life.moves import ANCHORS, HALF, HOUR, PLACE, WHICH
from tests.proof.life.oracle import AHEAD, DAY, MINUTE, Place
from tests.proof.life.upkeep import Outage, Window

_PLANS = (7, len(ANCHORS) + 2, 17, 24, 3)  # which instruments, near what, half hours from there, how many, if hit


def _planned(number: int) -> tuple[int, str, int, int, str]:
    said = []
    for many in _PLANS:
        number, one = divmod(number, many)
        said.append(one)
    places, anchor, offset, length, hit = said
    near = (*ANCHORS, "now", "booking")[anchor]
    return places + 1, near, offset - 8, length + 1, ("displace", "displace", "refuse")[hit]


UNTIL = st.sampled_from([None, None, HALF, 5 * HOUR, 3 * DAY])
PLAN = st.integers(0, math.prod(_PLANS) - 1).map(_planned)


class Maintaining(Allowing):
    """Windows and outages."""

    def _places(self, number: int) -> tuple[Place, ...]:
        return tuple(one for bit, one in enumerate(self.world.places) if number >> bit & 1)

    def _floor(self) -> Any:
        return self.now.replace(second=0, microsecond=0)

    def _when(self, places: tuple[Place, ...], anchor: str, offset: int, length: int) -> Slot:
        some = [one for one in self.alive(*AHEAD) if one.start > self.now + 2 * MINUTE]
        if anchor == "booking" and some:  # where it hurts
            start = some[(offset + 8) % len(some)].start
            return Slot(start, start + length * HALF)
        if anchor in ("now", "booking"):
            return Slot(self._floor(), self._floor() + length * HALF)
        return self.slot(places[0].zone, anchor, offset, length)

    # ------------------------------------------------------------ windows

    @rule(plan=PLAN)
    def plan(self, plan: tuple[int, str, int, int, str]) -> None:
        number, anchor, offset, length, when_hit = plan
        places = self._places(number)
        self._plan(places, self._when(places, anchor, offset, length), when_hit)

    def _plan(self, places: tuple[Place, ...], slot: Slot, when_hit: str = "displace") -> None:
        taken = Slot(max(slot.start, self.now), slot.end)
        foretold = self._closed(places, taken, None, when_hit)
        draft = maintenance.Draft(Wanted(tuple(one.code for one in places)), slot, "repair", when_hit=when_hit)
        done, refused = self.told(lambda: maintenance.plan(self.world.cast.li, draft))
        if self.says("plan", refused, foretold):
            [made] = done.windows
            window = self.upkeep.windows[made.id] = Window(made.id, places, taken.start, taken.end)
            self._displace(window)

    def _closed(
        self, places: tuple[Place, ...], slot: Slot, but: Window | None, when_hit: str = "displace"
    ) -> set[str]:
        """Every reason why a window cannot have this time."""
        found, span = set(), (slot.start, slot.end)
        for place in places:
            found |= {kind for kind, one in self.upkeep.closed(place, but) if one[0] < span[1] and span[0] < one[1]}
            waiting, at_work = self.upkeep.in_the_way(place, span)
            found |= {"in_use"} if at_work else set()
            found |= {"bookings_hit"} if waiting and when_hit == "refuse" else set()
        return found

    def _displace(self, window: Window) -> None:
        hit = sum(self.upkeep.displace(one, (window.start, window.end), "maintenance", window.id)
                  for one in window.places)  # fmt: skip
        self.did["displaced"] += hit

    def _window(self, which: int) -> Window:
        some = [one for one in self.upkeep.windows.values() if one.live]
        return some[which % len(some)]

    @precondition(lambda self: any(one.live for one in self.upkeep.windows.values()))
    @rule(which=WHICH, start=st.integers(-6, 6), end=st.integers(-6, 6))
    def change_window(self, which: int, start: int, end: int) -> None:
        window = self._window(which)
        first, last = window.start + start * HALF, window.end + end * HALF
        if first >= last or (window.state == "planned" and first != window.start and first < self.now + MINUTE):
            return
        slot = Slot(first, last)
        if window.state == "open":  # it has begun, and ends now at the earliest
            slot = Slot(window.start, max(last, self.now, window.start + MINUTE))
        foretold = self._closed(window.places, slot, window)
        if (slot.start, slot.end) == (window.start, window.end):
            foretold = set()
        elif window.state == "planned" and (first < self._floor() or last <= self.now):
            foretold = foretold | {"in_the_past"}
        li = self.world.cast.li
        _, refused = self.told(lambda: maintenance.change(li, window.id, {"note": "Otherwise"}, Slot(first, last)))
        if self.says("change_window", refused, foretold):
            window.start, window.end = slot.start, slot.end
            self._displace(window)

    @precondition(lambda self: any(one.live for one in self.upkeep.windows.values()))
    @rule(which=WHICH)
    def cancel_window(self, which: int) -> None:
        window = self._window(which)
        maintenance.cancel(self.world.cast.li, window.id)
        self.did[f"cancel_window {window.state}"] += 1
        if window.state == "planned":
            window.state = "cancelled"
            return
        window.state, window.end = "done", max(self.now, window.start + MINUTE)
        self.upkeep.reopen(window, self.now)

    def _after_keep_windows(self) -> None:
        upkeep, now = self.upkeep, self.now
        for window in sorted(upkeep.windows.values(), key=lambda one: (one.end, one.id)):
            if window.live and window.end <= now:
                window.state = "done"
                upkeep.reopen(window, now)
                self.did["closed"] += 1
        for window in upkeep.windows.values():
            if window.state == "planned" and window.start <= now:
                window.state = "open"
                self.did["opened"] += 1
                for place in window.places:
                    if upkeep.condition(place) == "in_service":
                        upkeep.turn(place, "in_maintenance", now)
        for outage in sorted(upkeep.outages.values(), key=lambda one: (one.until, one.id)):
            if outage.state == "open" and outage.until <= now + HOUR:
                upkeep.break_down(outage, (outage.until, max(outage.until, now) + DAY))
                self.did["extended"] += 1

    # ------------------------------------------------------------ outages

    @rule(place=PLACE, really=st.integers(0, 2), until=UNTIL)
    def report(self, place: int, really: int, until: timedelta | None) -> None:
        if really:
            return
        where, upkeep, now = self.world.places[place], self.upkeep, self.now
        foretold = {"outage"} if upkeep.outage_of(where) else set()
        expected = None if until is None else now + until
        li = self.world.cast.li
        made, refused = self.told(lambda: maintenance.report(li, where.code, "Broken", expected))
        if not self.says("report", refused, foretold):
            return
        span = (now, expected or now + DAY)
        _, at_work = upkeep.in_the_way(where, span)
        for one in at_work:
            self.did["cut short"] += 1
            self._used(one, self._began(one), max(now, self._began(one)))
        outage = upkeep.outages[made.id] = Outage(made.id, where, now, span[1], [])
        upkeep.break_down(outage, span)
        upkeep.turn(where, "out_of_service", now)

    @precondition(lambda self: any(one.state == "open" for one in self.upkeep.outages.values()))
    @rule(which=WHICH)
    def repaired(self, which: int) -> None:
        some = [one for one in self.upkeep.outages.values() if one.state == "open"]
        outage, now = some[which % len(some)], self.now
        maintenance.repaired(self.world.cast.li, outage.id, "New pump")
        self.did["repaired"] += 1
        cut = max(now, outage.began + MINUTE)
        outage.taken = [(start, min(end, cut)) for start, end in outage.taken if start < cut]
        outage.state = "ended"
        in_window = self.upkeep.open_at(outage.place)
        self.upkeep.turn(outage.place, "in_maintenance" if in_window else "in_service", now)
