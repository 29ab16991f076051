"""What people and the clock do, in any order: a state machine whose every move the oracle foretells.

A later issue adds its moves as another class of rules, and what they do to accounts in the oracle.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from labshare.booking import conduct, queries, services
from labshare.booking.services.asking import Draft
from labshare.kernel.actor import SYSTEM
from labshare.kernel.errors import Problem
from labshare.kernel.slots import Slot
from tests.proof.life.looking import Over, breaches, look
from tests.proof.life.oracle import AHEAD, DAY, MINUTE, Booked, Limit, Oracle, Place, first_of, next_after
from tests.proof.life.upkeep import Upkeep
from tests.proof.life.world import World

HALF, HOUR = timedelta(minutes=30), timedelta(hours=1)
REFUSED_FOR_TIME = 90 * DAY
WHICH, OFFSET, LENGTH = st.integers(0, 7), st.integers(-8, 8), st.integers(1, 24)
ANCHORS = ("soon", "tomorrow", "week", "month", "year")
ANCHOR = st.sampled_from(ANCHORS)
COMPANY, PLACE = st.integers(0, 1), st.integers(0, 2)
_DRAFTS = (2, 3, len(ANCHORS), 17, 24, 4)  # company, instrument, near what, half hours from there, how many, by whom


def _drafted(number: int) -> tuple[int, int, str, int, int, bool]:
    said = []
    for many in _DRAFTS:
        number, one = divmod(number, many)
        said.append(one)
    company, place, anchor, offset, length, by = said
    return company, place, ANCHORS[anchor], offset - 8, length + 1, by == 3


DRAFT = st.integers(0, math.prod(_DRAFTS) - 1).map(_drafted)  # one draw, for what a life may draw in all is limited
SECONDS = st.integers(0, 59)
SCOPE = st.sampled_from(["all", "category 0", "category 1", "instrument 0", "instrument 1", "site 0", "site 2"])
ITEM = st.tuples(
    SCOPE,
    st.sampled_from(["week", "month", "quarter", "year"]),
    st.sampled_from([0, 2, 5, 8, 12, 20, 40]),
    st.sampled_from(["refuse", "refuse", "ask"]),
    st.sampled_from([None, None, None, date(2027, 1, 1)]),
    st.sampled_from([None, None, None, date(2027, 1, 15)]),
)
ITEMS = st.lists(ITEM, max_size=4, unique_by=lambda item: item[:2])
CAP = st.sampled_from([None, None, None, 3, 6])


class Life(RuleBasedStateMachine):
    """One life of a laboratory with two companies, from December over New Year."""

    def __init__(self, world: World, did: Counter[str]) -> None:
        super().__init__()
        self.did = did
        self.world, self.oracle = world, Oracle()
        self.upkeep = Upkeep(self.oracle)
        self.over: Over = {}
        self.may_exceed = self.sound = False
        self.caps: dict[int, int | None] = {}
        self.follows: dict[int, int | None] = {}
        self.default: list[Any] = []
        self.default_version, self.default_cap = 1, None
        self.suspended: set[int] = set()
        did["lives"] += 1

    def begin(self) -> None:
        """Everything as it was in the beginning: two companies with an account each and no limit."""
        self.world.renew()
        since = date(2025, 1, 1) - DAY
        for company in self.world.companies:
            self.oracle.limits.append(Limit(company, "all", None, "year", "", first_of("year", since), None, None, []))
            self.caps[company], self.follows[company] = None, 1

    @invariant()
    def accounts_say_what_happened(self) -> None:
        if not self.caps:  # not begun
            return
        self.did["steps"] += 1
        self.sound = False
        over = look(self.oracle, self.upkeep, self.world.companies, self.now)
        if not self.may_exceed:
            more = {number: minutes for number, minutes in over.items() if minutes > self.over.get(number, 0)}
            assert not more, f"balances went over their limits: {more}"
        self.over, self.may_exceed, self.sound = over, False, True

    def teardown(self) -> None:
        if self.sound:  # or it would hide what was found first
            assert breaches(self.world.checks) == []

    # ------------------------------------------------------------ what the moves share

    @property
    def now(self) -> datetime:
        return self.world.at

    def alive(self, *states: str) -> list[Booked]:
        return [one for one in self.oracle.bookings.values() if one.state in states]

    def one_of(self, which: int, *states: str) -> Booked:
        some = self.alive(*states)
        return some[which % len(some)]

    def told(self, do: Callable[[], Any]) -> tuple[Any, set[str]]:
        """What came of it, and the codes of all reasons where it was refused."""
        try:
            return do(), set()
        except Problem as problem:
            return None, {reason.code for reason in problem.reasons} or {problem.code}

    def says(self, move: str, refused: set[str], *foretold: Iterable[str]) -> bool:
        """Is it a yes? It must be as foretold."""
        self.did[f"{move}{' refused' if refused else ''}"] += 1
        assert refused in [set(one) for one in foretold], f"refused {refused or 'nothing'}, foretold {foretold}"
        return not refused

    def slot(self, zone: str, anchor: str, offset: int, length: int) -> Slot:
        """A slot ahead, near the end of a period of the zone."""
        start = self.now
        if anchor != "soon":
            today = self.now.astimezone(ZoneInfo(zone)).date()
            day = today + DAY if anchor == "tomorrow" else next_after(anchor, first_of(anchor, today))
            start = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
        start += (offset - 4) * HALF
        if not self.now + 2 * MINUTE < start < self.now + REFUSED_FOR_TIME - DAY:
            start = self.now + (2 + abs(offset)) * HALF
        start -= (start - datetime(2026, 1, 1, tzinfo=UTC)) % HALF
        return Slot(start, start + length * HALF)

    def answered_by(self, booking: Booked, slot: Slot) -> None:
        wait = timedelta(minutes=2880)
        booking.decide_by = min(self.now + wait, slot.start) if booking.state == "requested" else None


class Asking(Life):
    """Companies ask, move and cancel; the laboratory answers."""

    @rule(draft=DRAFT)
    def ask(self, draft: tuple[Any, ...]) -> None:
        self._ask(*draft)

    @rule(drafts=st.lists(DRAFT, min_size=2, max_size=6))
    def ask_for_several(self, drafts: list[tuple[Any, ...]]) -> None:
        for draft in drafts:
            self._ask(*draft)
            self.accounts_say_what_happened()

    def _ask(self, company: int, place: int, anchor: str, offset: int, length: int, staff: bool) -> None:
        of, where = self.world.companies[company], self.world.places[place]
        self._ask_for(of, where, self.slot(where.zone, anchor, offset, length), staff)

    def _ask_for(self, of: int, where: Place, slot: Slot, staff: bool) -> None:
        actor = self.world.cast.li if staff else self.world.people[of]
        exceeded = self.oracle.exceeded(of, where, slot.start, slot.end, None)
        foretold = self._against(of, exceeded, self._not_to_be_had(where, slot))
        cap = self.caps[of]
        if cap is not None and self.oracle.ahead(of, self.now) + 1 > cap:
            foretold.add("too_many_bookings")
        person = None if staff else actor.person_id
        barred = [one for one in conduct.running_in(of, self.now) if one.person_id in (None, person)]
        foretold |= {"restricted"} if barred else set()
        made, refused = self.told(lambda: services.request(actor, Draft(where.code, slot, "Life", of)))
        if self.says("ask", refused, foretold):
            over = "ask" in exceeded
            state = "requested" if where.approval or over else "approved"
            booking = Booked(made.id, of, where, slot.start, slot.end, state, over, self.now, None)
            self.answered_by(booking, slot)
            self.oracle.bookings[made.id] = booking
        self.did["restricted"] += bool(barred)
        for one in barred:  # or lives would come to a stop
            services.lift_restriction(self.world.cast.li, one.id, "Go on")

    def _against(self, company: int, exceeded: set[str], others: set[str]) -> set[str]:
        reasons = {"company_suspended": company in self.suspended, "quota_exceeded": "refuse" in exceeded}
        return others | {reason for reason, holds in reasons.items() if holds}

    def _not_to_be_had(self, place: Place, slot: Slot, but: Booked | None = None) -> set[str]:
        """The reasons against a slot that lie with the instrument."""
        return self.upkeep.standing_against(place) | self.upkeep.taken(place, (slot.start, slot.end), but)

    def late(self, booking: Booked) -> bool:
        """Would it cost something to give it back, once it is approved?"""
        return booking.start - self.now < DAY and self.now - booking.asked_at > HOUR

    @precondition(lambda self: self.alive("requested", "approved"))
    @rule(which=WHICH, anchor=ANCHOR, offset=OFFSET, length=LENGTH)
    def move(self, which: int, anchor: str, offset: int, length: int) -> None:
        booking = self.one_of(which, "requested", "approved")
        slot = self.slot(booking.place.zone, anchor, offset, length)
        exceeded = self.oracle.exceeded(booking.company, booking.place, slot.start, slot.end, booking)
        foretold = self._against(booking.company, exceeded, self._not_to_be_had(booking.place, slot, booking))
        if booking.start <= self.now:
            foretold = {"in_the_past"}
        actor = queries.seen(SYSTEM, booking.id).person_id
        if actor == self.world.cast.li.person_id:  # who asked on behalf moves nothing
            return
        mover = self.world.people[booking.company]
        if foretold != {"in_the_past"} and booking.state == "approved" and self.late(booking):
            foretold = {"too_late_to_move"}
        _, refused = self.told(lambda: services.move(mover, booking.id, slot))
        if self.says("move", refused, foretold):
            booking.start, booking.end, booking.over = slot.start, slot.end, "ask" in exceeded
            booking.state = "requested" if booking.place.approval or booking.over else "approved"
            self.answered_by(booking, slot)

    @precondition(lambda self: self.alive("requested"))
    @rule(which=WHICH, waive=st.booleans())
    def approve(self, which: int, waive: bool) -> None:
        booking = self.one_of(which, "requested")
        foretold = {"in_the_past"} if booking.start <= self.now else set()
        if booking.company in self.suspended:
            foretold.add("company_suspended")
        foretold |= self.upkeep.standing_against(booking.place)
        exceeds = self.oracle.exceeded(booking.company, booking.place, booking.start, booking.end, None)
        exceeds = exceeds if booking.over else set()
        if exceeds and not waive:
            foretold.add("quota_exceeded")
        waived = ["quota_exceeded"] if waive else []
        done = self.told(lambda: services.approve(self.world.cast.li, booking.id, "go on", waive=waived))
        if self.says("approve", done[1], foretold):
            booking.state, booking.over, booking.decide_by = "approved", False, None
            self.may_exceed = bool(exceeds)

    @precondition(lambda self: self.alive("requested"))
    @rule(which=WHICH)
    def reject(self, which: int) -> None:
        booking = self.one_of(which, "requested")
        services.reject(self.world.cast.li, booking.id, "not now")
        booking.state, booking.decide_by = "rejected", None

    @precondition(lambda self: self.alive(*AHEAD))
    @rule(which=WHICH, staff=st.booleans())
    def cancel(self, which: int, staff: bool) -> None:
        self._cancel(self.one_of(which, *AHEAD), staff)

    def _cancel(self, booking: Booked, staff: bool) -> None:
        actor = self.world.cast.li if staff else self.world.people[booking.company]
        if not staff and queries.seen(SYSTEM, booking.id).on_behalf:
            return
        late = self.late(booking)
        _, refused = self.told(lambda: services.cancel(actor, booking.id))
        if self.says("cancel", refused, {"in_the_past"} if booking.start <= self.now else set()):
            booking.charge = 50 if booking.state == "approved" and late and not staff else 0
            booking.state, booking.decide_by = "cancelled", None
