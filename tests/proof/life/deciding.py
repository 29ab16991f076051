"""The laboratory says yes to another time than was asked for; the company accepts, cancels, or does not answer."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from labshare.booking import queries, services
from labshare.kernel.actor import SYSTEM
from labshare.kernel.slots import Slot
from tests.proof.life.moves import ANCHOR, HALF, LENGTH, OFFSET, WHICH
from tests.proof.life.offering import Offering
from tests.proof.life.oracle import DAY, Booked


class Deciding(Offering):
    """Answers that are neither a yes nor a no."""

    @precondition(lambda self: self.alive("requested"))
    @rule(which=WHICH, anchor=ANCHOR, offset=OFFSET, length=LENGTH, waive=st.booleans())
    def offer(self, which: int, anchor: str, offset: int, length: int, *, waive: bool) -> None:
        booking = self.one_of(which, "requested")
        slot = self.slot(booking.place.zone, anchor, offset, length)
        exceeded = self.oracle.exceeded(booking.company, booking.place, slot.start, slot.end, booking)
        foretold = self._against(booking.company, set(), self._not_to_be_had(booking.place, slot, booking))
        if exceeded and not waive:
            foretold.add("quota_exceeded")
        waived = ["quota_exceeded"] if waive else []
        li = self.world.cast.li
        if (slot.start, slot.end) == (booking.start, booking.end):
            foretold = {"unchanged"}
        done = self.told(lambda: services.offer(li, booking.id, slot, "Then rather", waive=waived))
        if self.says("offer", done[1], foretold):
            booking.start, booking.end, booking.over, booking.state = slot.start, slot.end, False, "offered"
            held = max(min((slot.start - self.now) / 4, 3 * DAY), HALF)
            booking.decide_by = min(self.now + held, slot.start)
            self.may_exceed = bool(exceeded)

    @precondition(lambda self: self.alive("offered"))
    @rule(which=WHICH, late=st.sampled_from([0, 0, 0, 1]))
    def take_what_was_offered(self, which: int, late: int) -> None:
        booking = self.one_of(which, "offered")
        if queries.seen(SYSTEM, booking.id).on_behalf:
            return
        assert booking.decide_by is not None
        if late:
            self.world.at = max(self.now, booking.decide_by)
        foretold = self._against(booking.company, set(), self.upkeep.standing_against(booking.place))
        if booking.start <= self.now:
            foretold.add("in_the_past")
        elif booking.decide_by <= self.now:
            foretold.add("offer_lapsed")
        done = self.told(lambda: services.accept(self.world.people[booking.company], booking.id))
        if self.says("take_what_was_offered", done[1], foretold):
            booking.state, booking.decide_by, booking.taken = "approved", None, True
            if booking.waited and booking.place.approval:  # nobody of the laboratory has said yes yet
                booking.state, booking.waited = "requested", False
                self.answered_by(booking, Slot(booking.start, booking.end))

    def _after_lapse_offers(self) -> None:
        super()._after_lapse_offers()
        for one in self.alive("offered"):
            self._lapses(one)

    def _lapses(self, one: Booked) -> None:
        if one.decide_by is not None and one.decide_by <= self.now:
            one.state, one.decide_by = "lapsed", None
            self.did["offer not taken"] += 1
