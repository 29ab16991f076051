"""People come, leave and stay away; staff write down what was used."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from labshare.booking import queries, services
from labshare.kernel.actor import SYSTEM
from labshare.kernel.slots import Slot
from tests.proof.life.moves import (
    HALF,
    SECONDS,
    WHICH,
    Asking,
)
from tests.proof.life.oracle import HOLDING, MINUTE, Booked


class Using(Asking):
    """People come, leave, stay away; staff write down and correct what was used."""

    @precondition(lambda self: self.alive("approved"))
    @rule(which=WHICH, minutes=st.integers(-16, 31), seconds=SECONDS)
    def check_in(self, which: int, minutes: int, seconds: int) -> None:
        booking = min(self.alive("approved"), key=lambda one: (abs(one.start - self.now), one.id))
        if which > 5:
            booking = self.one_of(which, "approved")
        self.world.at = max(self.now, booking.start + minutes * MINUTE + timedelta(seconds=seconds))
        now, others = self.now, [one for one in self.oracle.bookings.values() if one.place is booking.place]
        others.remove(booking)
        foretold = {"too_soon"} if now < booking.start - 15 * MINUTE else set()
        foretold |= {"in_the_past"} if now >= booking.end else set()
        foretold |= {"company_suspended"} if booking.company in self.suspended else set()
        foretold |= {"instrument_unavailable"} if self.upkeep.condition(booking.place) != "in_service" else set()
        there = any(one.state == "in_use" and one.used and one.used[0] < booking.end for one in others)
        early = now < booking.start
        before = any(one.state in HOLDING and one.start < booking.start and now < one.end
                     for one in others)  # fmt: skip
        before = before or (early and bool(self.upkeep.taken(booking.place, (now, booking.start), booking)))
        taken = {"slot_taken"} if there or (early and before) else set()
        just_freed = early and any(one.freed is not None and one.freed > now - 2 * MINUTE for one in others)
        done = self.told(lambda: services.check_in(self.world.people[booking.company], booking.id)
                         if not queries.seen(SYSTEM, booking.id).on_behalf
                         else services.check_in(self.world.cast.li, booking.id))  # fmt: skip
        perhaps = foretold | {"slot_taken"} if just_freed else foretold | taken
        if self.says("check_in", done[1], foretold | taken, perhaps):
            booking.state, booking.used = "in_use", (now, None)

    @precondition(lambda self: self.alive("approved"))
    @rule(minutes=st.integers(-10, 29), stays=st.integers(1, 400), seconds=SECONDS)
    def come_and_go(self, minutes: int, stays: int, seconds: int) -> None:
        self.check_in(0, minutes, seconds)
        if self.alive("in_use"):
            self.accounts_say_what_happened()
            self.check_out(0, stays, seconds)

    @precondition(lambda self: self.alive("in_use"))
    @rule(which=WHICH, minutes=st.integers(0, 400), seconds=SECONDS)
    def check_out(self, which: int, minutes: int, seconds: int) -> None:
        booking = self.one_of(which, "in_use")
        self.world.at += minutes * MINUTE + timedelta(seconds=seconds)
        services.check_out(self.world.cast.li, booking.id)
        self._used(booking, self._began(booking), self.now)
        booking.freed = self.now

    @precondition(lambda self: self.alive("approved"))
    @rule(minutes=st.integers(-10, 29), halves=st.integers(-2, 4), stays=st.integers(1, 200), waive=st.booleans())
    def come_and_stay_longer(self, minutes: int, halves: int, stays: int, *, waive: bool) -> None:
        self.check_in(0, minutes, 0)
        some = self.alive("in_use")
        if some:
            self.accounts_say_what_happened()
            self.change_end(len(some) - 1, halves, waive=waive)
            self.accounts_say_what_happened()
            self.check_out(len(some) - 1, stays, 0)

    @precondition(lambda self: self.alive("in_use"))
    @rule(which=WHICH, halves=st.integers(-4, 4), waive=st.booleans())
    def change_end(self, which: int, halves: int, *, waive: bool) -> None:
        booking = self.one_of(which, "in_use")
        end = booking.end + halves * HALF
        foretold = {"unchanged"} if not halves else set()
        if halves > 0:
            foretold |= self._against(booking.company, set(), self.upkeep.standing_against(booking.place))
            foretold |= {"too_long"} if end - booking.start > timedelta(days=1) else set()
            exceeded = self.oracle.exceeded(booking.company, booking.place, booking.start, end, booking)
            foretold |= {"quota_exceeded"} if exceeded and not waive else set()
            foretold |= self.upkeep.taken(booking.place, (booking.end, end), booking)
        if end < max(self.now, booking.start) + MINUTE:
            foretold = {"in_the_past"}
        li, waived = self.world.cast.li, ("quota_exceeded",) if waive else ()
        _, refused = self.told(lambda: services.change_end(li, booking.id, end, waived, "It goes on" if waive else ""))
        either = [foretold, foretold - {"maintenance"}] if {"maintenance", "slot_taken"} <= foretold else [foretold]
        if self.says("change_end", refused, *either, foretold - {"slot_taken"} if len(either) > 1 else foretold):
            booking.end = end
            self.may_exceed = waive

    def _began(self, booking: Booked) -> datetime:
        assert booking.used is not None
        return booking.used[0]

    def _used(self, booking: Booked, start: datetime, end: datetime) -> None:
        booking.state, booking.used, booking.freed = "completed", (start, end), end
        self.may_exceed = True  # overtime is granted, as it has happened

    @precondition(lambda self: [one for one in self.alive("approved") if one.start < self.now])
    @rule(which=WHICH, early=st.integers(-90, 30), late=st.integers(-90, 180), seconds=SECONDS)
    def record(self, which: int, early: int, late: int, seconds: int) -> None:
        self._write(which, "approved", early, late, seconds)

    @precondition(lambda self: self.alive("completed"))
    @rule(which=WHICH, early=st.integers(-90, 30), late=st.integers(-90, 180), seconds=SECONDS)
    def correct(self, which: int, early: int, late: int, seconds: int) -> None:
        self._write(which, "completed", early, late, seconds)

    def _write(self, which: int, state: str, early: int, late: int, seconds: int) -> None:
        some = [one for one in self.alive(state) if one.start < self.now]
        if not some:
            return
        booking = some[which % len(some)]
        start = booking.start + early * MINUTE
        end = min(booking.end + late * MINUTE + timedelta(seconds=seconds), self.now)
        if not (start < end and start < booking.end and booking.start < end):
            return
        written = Slot(start, end)
        done = self.told(lambda: services.record(self.world.cast.li, booking.id, written, reason="As it was"))
        if self.says(
            "record" if state == "approved" else "correct", done[1], set(), {"slot_taken"}
        ):  # it may reach into the time of those before
            freed = booking.freed if state == "completed" else end
            self._used(booking, start, end)
            booking.freed = freed
