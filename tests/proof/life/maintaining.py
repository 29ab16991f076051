"""The laboratory takes time back for maintenance, instruments break down, and companies take other times instead."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from labshare.booking import queries, services
from labshare.kernel.actor import SYSTEM
from labshare.kernel.slots import Slot
from labshare.maintenance import services as maintenance
from labshare.maintenance.selection import Wanted
from tests.proof.life.allowing import Allowing
from tests.proof.life.moves import ANCHOR, ANCHORS, COMPANY, HALF, HOUR, LENGTH, OFFSET, PLACE, WHICH
from tests.proof.life.oracle import DAY, MINUTE, Booked, Place
from tests.proof.life.upkeep import WAIT, Displaced, Outage, Window

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
    """Windows, outages, offers."""

    def _places(self, number: int) -> tuple[Place, ...]:
        return tuple(one for bit, one in enumerate(self.world.places) if number >> bit & 1)

    def _floor(self) -> Any:
        return self.now.replace(second=0, microsecond=0)

    def _when(self, places: tuple[Place, ...], anchor: str, offset: int, length: int) -> Slot:
        some = [one for one in self.alive("requested", "approved") if one.start > self.now + 2 * MINUTE]
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
        slot = self._when(places, anchor, offset, length)
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

    # ------------------------------------------------------------ other times for the displaced

    def _after_make_offers(self) -> None:
        now, waiting = self.now, [one for one in self.upkeep.displaced.values() if one.state == "waiting"]
        for one in sorted(waiting, key=lambda one: (one.booking.start, one.booking.id)):
            old = one.booking
            if old.end <= now - 14 * DAY:
                continue
            found = self.upkeep.nearest(old, self.world.places, now)
            if found is None or self._against_company(old, *found):
                continue
            one.state, (one.place, one.slot) = "offered", found
            one.answer_by = min(now + WAIT, one.slot[0])
            self.did["offered"] += 1

    def _against_company(self, old: Booked, place: Place, span: tuple[Any, Any]) -> set[str]:
        """The reasons against another time that lie with the company."""
        exceeded = self.oracle.exceeded(old.company, place, *span, None)
        found = self._against(old.company, exceeded, set())
        cap = self.caps[old.company]
        if cap is not None and self.oracle.ahead(old.company, self.now) + 1 > cap:
            found.add("too_many_bookings")
        return found

    def _after_lapse_offers(self) -> None:
        for one in self.upkeep.offers():
            if one.answer_by is not None and one.answer_by <= self.now:
                one.state, one.answer_by = "lapsed", None
                self.did["lapsed"] += 1

    def _answerable(self) -> list[Displaced]:
        return [one for one in self.upkeep.displaced.values() if one.state in ("waiting", "offered")]

    @precondition(lambda self: self.upkeep.offers())
    @rule(which=WHICH)
    def accept(self, which: int) -> None:
        some = self.upkeep.offers()
        one = some[which % len(some)]
        old = one.booking
        if queries.seen(SYSTEM, old.id).on_behalf:
            return
        assert one.place is not None
        assert one.slot is not None
        assert one.answer_by is not None
        foretold = self._against_company(old, one.place, one.slot) | self.upkeep.standing_against(one.place)
        if one.slot[0] <= self.now:
            foretold.add("in_the_past")
        elif one.answer_by <= self.now:
            foretold.add("offer_lapsed")
        done = self.told(lambda: services.accept(self.world.people[old.company], old.id))
        if self.says("accept", done[1], foretold):
            self._takes(one, one.place, Slot(*one.slot), done[0].id)

    @precondition(lambda self: self._answerable())
    @rule(which=WHICH, place=PLACE, anchor=ANCHOR, offset=OFFSET, length=LENGTH)
    def accept_another(self, which: int, place: int, anchor: str, offset: int, length: int) -> None:
        some, where = self._answerable(), self.world.places[place]
        one = some[which % len(some)]
        old = one.booking
        if queries.seen(SYSTEM, old.id).on_behalf:
            return
        slot = self.slot(where.zone, anchor, offset, length)
        span = (slot.start, slot.end)
        foretold = self._against_company(old, where, span) | self.upkeep.standing_against(where)
        foretold |= self.upkeep.taken(where, span, old)
        wish = services.Wish(where.code, slot)
        done = self.told(lambda: services.accept(self.world.people[old.company], old.id, wish))
        if self.says("accept_another", done[1], foretold):
            self._takes(one, where, slot, done[0].id)

    def _takes(self, one: Displaced, place: Place, slot: Slot, number: int) -> None:
        """Another time is taken: a new booking, for which a yes to the old one counts on the same instrument."""
        old, over = one.booking, "ask" in self.oracle.exceeded(one.booking.company, place, slot.start, slot.end, None)
        granted = one.was == "approved" and place is old.place
        state = "requested" if over or (place.approval and not granted) else "approved"
        new = Booked(number, old.company, place, slot.start, slot.end, state, over, self.now, None)
        self.answered_by(new, slot)
        self.oracle.bookings[number] = new
        one.state, one.answer_by = "accepted", None

    @precondition(lambda self: self._answerable())
    @rule(which=WHICH, really=st.booleans())
    def decline(self, which: int, really: bool) -> None:
        some = self._answerable()
        one = some[which % len(some)]
        if not really or queries.seen(SYSTEM, one.booking.id).on_behalf:
            return
        services.decline(self.world.people[one.booking.company], one.booking.id)
        self.did["decline"] += 1
        one.state, one.answer_by = "declined", None

    @precondition(lambda self: self.alive("requested", "approved"))
    @rule(plan=PLAN, which=WHICH, answer=st.sampled_from(["accept", "accept", "lapse", "decline", "nothing"]))
    def give_way(self, plan: tuple[int, str, int, int, str], which: int, answer: str) -> None:
        """A window where somebody has booked, and what they answer to the offer; by chance alone that is rare."""
        places, _, offset, length, _ = plan
        self.plan((places, "booking", offset, length, "displace"))
        for job in ("make_offers", "lapse_offers"):
            self.accounts_say_what_happened()
            if job == "lapse_offers" and answer == "lapse":
                self.world.at += 2 * DAY
            self._run(job)
        if self.upkeep.offers() and answer in ("accept", "decline"):
            self.accounts_say_what_happened()
            self.accept(which) if answer == "accept" else self.decline(which, really=True)

    @precondition(lambda self: self.alive("approved"))
    @rule(minutes=st.integers(-10, 29), stays=st.integers(0, 400), until=UNTIL)
    def break_down_in_use(self, minutes: int, stays: int, until: timedelta | None) -> None:
        """Somebody comes, and some time later the instrument breaks down."""
        self.check_in(0, minutes, 0)
        if some := self.alive("in_use"):
            self.accounts_say_what_happened()
            self.world.at += stays * MINUTE
            self.report(self.world.places.index(some[-1].place), 0, until)

    # ------------------------------------------------------------ companies

    @rule(company=COMPANY, really=st.integers(0, 5))
    def suspend_with_what_is_ahead(self, company: int, really: int) -> None:
        of = self.world.companies[company]
        if really < 5 or of in self.suspended:
            return
        maintenance.suspend(self.world.cast.ada, of, "The bill is open")
        self.suspended.add(of)
        self._after_enforce_suspensions()
