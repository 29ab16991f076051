"""Other times are held for the displaced, who take them, take others, or do without; and whole companies must stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from labshare.booking import queries, services
from labshare.kernel.actor import SYSTEM
from labshare.kernel.slots import Slot
from labshare.maintenance import services as maintenance
from tests.proof.life.maintaining import PLAN, UNTIL, Maintaining
from tests.proof.life.moves import ANCHOR, COMPANY, LENGTH, OFFSET, PLACE, WHICH
from tests.proof.life.oracle import AHEAD, DAY, MINUTE, Booked, Place
from tests.proof.life.upkeep import WAIT, Displaced


class Offering(Maintaining):
    """Offers, and suspensions that take everything back in one act."""

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
        granted = one.was == "approved" and place is old.place and slot.end - slot.start <= old.end - old.start
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

    @precondition(lambda self: self.alive(*AHEAD))
    @rule(plan=PLAN, which=WHICH, answer=st.sampled_from(["accept", "accept", "lapse", "decline", "window", "window"]))
    def give_way(self, plan: tuple[int, str, int, int, str], which: int, answer: str) -> None:
        """A window where somebody has booked, and what they answer to the offer; by chance alone that is rare."""
        places, _, offset, length, _ = plan
        self.plan((places, "booking", offset, length, "displace"))
        for job in ("make_offers", "lapse_offers"):
            self.accounts_say_what_happened()
            if job == "lapse_offers" and answer == "lapse":
                self.world.at += 2 * DAY
            self._run(job)
        if not self.upkeep.offers():
            return
        self.accounts_say_what_happened()
        held = self.upkeep.offers()[-1]
        if answer == "accept":
            self.accept(which)
        elif answer == "decline":
            self.decline(which, really=True)
        elif answer == "window" and held.place and held.slot and held.slot[0] > self.now:
            self._plan((held.place,), Slot(*held.slot))  # that time is needed too

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
        self._let_go({of})  # what others who are suspended have ahead waits for the job
