"""Companies wait for time that others have; freed time is held for the first in line who may have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from labshare.booking import conduct, services
from labshare.booking.models import Booking, WaitlistEntry
from labshare.booking.services.asking import Draft
from labshare.kernel.db import db
from labshare.kernel.slots import Slot
from tests.proof.life.deciding import Deciding
from tests.proof.life.moves import COMPANY, HALF, HOUR, WHICH
from tests.proof.life.oracle import HOLDING, MINUTE, Booked, Place


@dataclass(eq=False)
class Wait:
    """A place in line as the oracle believes it to be; `booking` holds its time once it was asked."""

    id: int
    company: int
    place: Place
    start: datetime
    end: datetime
    state: str = "waiting"
    booking: Booked | None = None

    def stands(self) -> str:
        """What has become of it: who was asked took it, or did without (who took it may be offered another time)."""
        if self.state != "offered" or self.booking is None:
            return self.state
        if self.booking.taken:
            return "taken"
        return "offered" if self.booking.state == "offered" else "passed"


class LiningUp(Deciding):
    """The waiting list."""

    def begin(self) -> None:
        super().begin()
        self.waits: dict[int, Wait] = {}

    @invariant()
    def the_line_is_as_foretold(self) -> None:
        if not getattr(self, "waits", None):
            return
        found = db.session.connection().execute(sa.select(WaitlistEntry.id, WaitlistEntry.state))
        there = {row.id: row.state for row in found}
        here = {one.id: one.stands() for one in self.waits.values()}
        assert there == here, f"in line are {there}, and should be {here}"

    @precondition(lambda self: [one for one in self.alive(*HOLDING) if one.start > self.now + 2 * MINUTE])
    @rule(which=WHICH, company=COMPANY, more=st.sampled_from([0, 0, 0, 1]))
    def join(self, which: int, company: int, more: int) -> None:
        """They wait for time that somebody has, or some of it and more."""
        some = [one for one in self.alive(*HOLDING) if one.start > self.now + 2 * MINUTE]
        held, of = some[which % len(some)], self.world.companies[company]
        slot = Slot(held.start, held.end + more * HALF)
        if slot.end - slot.start > timedelta(days=1):
            return
        foretold = self.upkeep.standing_against(held.place) | self._against(of, set(), set())
        if not foretold and not self.upkeep.taken(held.place, (slot.start, slot.end)):
            foretold.add("slot_free")
        mine = [one for one in self.waits.values() if (one.company, one.place) == (of, held.place)]
        if any(
            (one.start, one.end) == (slot.start, slot.end) and one.stands() in ("waiting", "offered") for one in mine
        ):
            foretold.add("already_waiting")
        draft = Draft(held.place.code, slot, "Life", of)
        made, refused = self.told(lambda: services.join(self.world.people[of], draft))
        if self.says("join", refused, foretold):
            self.waits[made.id] = Wait(made.id, of, held.place, slot.start, slot.end)

    @precondition(lambda self: [one for one in self.waits.values() if one.state == "waiting"])
    @rule(which=WHICH, really=st.booleans())
    def leave(self, which: int, *, really: bool) -> None:
        some = [one for one in self.waits.values() if one.state == "waiting"]
        one = some[which % len(some)]
        if really:
            services.leave(self.world.people[one.company], one.id)
            self.did["leave"] += 1
            one.state = "left"

    @precondition(lambda self: [one for one in self.alive("requested", "approved") if one.start > self.now + HOUR])
    @rule(
        which=WHICH, company=COMPANY, others=st.booleans(), answer=st.sampled_from(["take", "take", "cancel", "lapse"])
    )
    def wait_and_be_asked(self, which: int, company: int, answer: str, *, others: bool) -> None:
        """Somebody waits, or two of them, the time becomes free, and they answer; by chance alone that is rare."""
        some = [one for one in self.alive("requested", "approved") if one.start > self.now + HOUR]
        held = some[which % len(some)]
        place = self.alive(*HOLDING).index(held) if held in self.alive(*HOLDING)[:8] else which
        for one in (1 - company, company) if others else (company,):
            self.join(place, one, 0)
        self._cancel(held, staff=True)
        self.accounts_say_what_happened()
        self._run("offer_freed_time")
        offered = [one for one in self.waits.values() if one.stands() == "offered"]
        if not offered:
            return
        self.accounts_say_what_happened()
        booking = offered[-1].booking
        assert booking is not None
        if answer == "take":
            self.take_what_was_offered(self.alive("offered").index(booking), 0)
        elif answer == "cancel":
            self._cancel(booking, staff=False)
        elif booking.decide_by is not None:
            self.world.at = max(self.now, booking.decide_by)
            self._run("lapse_offers")

    def _after_offer_freed_time(self) -> None:
        now = self.now
        for one in self.waits.values():
            if one.state == "waiting" and one.start <= now:
                one.state = "over"
        for one in sorted(self.waits.values(), key=lambda one: one.id):
            if one.state == "waiting" and not self._kept_from(one):
                self._ask_first(one, now)

    def _kept_from(self, one: Wait) -> bool:
        """Is there anything against it: others, the instrument, or the company?"""
        span, cap = (one.start, one.end), self.caps[one.company]
        return bool(
            self.upkeep.taken(one.place, span)
            or self.upkeep.standing_against(one.place)
            or self.oracle.exceeded(one.company, one.place, *span, None)
            or one.company in self.suspended
            or (cap is not None and self.oracle.ahead(one.company, self.now) + 1 > cap)
            or conduct.running_in(one.company, self.now)
        )

    def _ask_first(self, one: Wait, now: datetime) -> None:
        held = sa.select(Booking.id).where(Booking.waitlist_id == one.id)
        number = db.session.connection().execute(held).scalar()
        assert number is not None, f"nothing is held for wait {one.id}"
        booking = Booked(number, one.company, one.place, one.start, one.end, "offered", False, now, None)
        booking.decide_by = min(now + max(min((one.start - now) / 4, 12 * HOUR), HALF), one.start)
        booking.waited = True
        self.oracle.bookings[number] = booking
        one.state, one.booking = "offered", booking
        self.did["held for who waited"] += 1
