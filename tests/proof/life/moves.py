"""What people and the clock do, in any order: a state machine whose every move the oracle foretells.

A later issue adds its moves as another class of rules, and what they do to accounts in the oracle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from labshare import wiring
from labshare.booking import presence, queries, services
from labshare.booking.services.asking import Draft
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db
from labshare.kernel.errors import Problem
from labshare.kernel.slots import Slot
from labshare.people import services as people
from labshare.quotas import services as quotas
from labshare.quotas.allowances import Caps
from labshare.quotas.models import Account, Allowance, Balance
from labshare.quotas.rules import Terms
from tests.proof.life.looking import Over, breaches, look
from tests.proof.life.oracle import DAY, MINUTE, Booked, Limit, Oracle, first_of, next_after
from tests.proof.life.world import World

HALF, HOUR = timedelta(minutes=30), timedelta(hours=1)
REFUSED_FOR_TIME = 90 * DAY
WHICH, OFFSET, LENGTH = st.integers(0, 7), st.integers(-8, 8), st.integers(1, 24)
ANCHOR = st.sampled_from(["soon", "tomorrow", "week", "month", "year"])
COMPANY, PLACE = st.integers(0, 1), st.integers(0, 2)
DRAFT = st.tuples(COMPANY, PLACE, ANCHOR, OFFSET, LENGTH, st.sampled_from([0, 0, 0, 1]))
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
        self.over: Over = {}
        self.may_exceed = False
        self.caps: dict[int, int | None] = {}
        self.follows: dict[int, int | None] = {}
        self.default: list[Any] = []
        self.default_version, self.default_cap = 1, None
        self.suspended: set[int] = set()
        did["lives"] += 1

    @initialize()
    def begin(self) -> None:
        self.world.renew()
        since = date(2025, 1, 1) - DAY
        for company in self.world.companies:
            self.oracle.limits.append(Limit(company, "all", None, "year", "", first_of("year", since), None, None, []))
            self.caps[company], self.follows[company] = None, 1

    @invariant()
    def accounts_say_what_happened(self) -> None:
        if not self.caps:  # not begun
            return
        over = look(self.oracle, self.world.companies)
        if not self.may_exceed:
            more = {number: minutes for number, minutes in over.items() if minutes > self.over.get(number, 0)}
            assert not more, f"balances went over their limits: {more}"
        self.over, self.may_exceed = over, False

    def teardown(self) -> None:
        if self.caps:
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

    def _ask(self, company: int, place: int, anchor: str, offset: int, length: int, staff: int) -> None:
        of, where = self.world.companies[company], self.world.places[place]
        slot = self.slot(where.zone, anchor, offset, length)
        actor = self.world.cast.li if staff else self.world.people[of]
        exceeded = self.oracle.exceeded(of, where, slot.start, slot.end, None)
        foretold = self._against(of, exceeded, self.oracle.taken(where, slot.start, slot.end))
        cap = self.caps[of]
        if cap is not None and self.oracle.ahead(of, self.now) + 1 > cap:
            foretold.add("too_many_bookings")
        made, refused = self.told(lambda: services.request(actor, Draft(where.code, slot, "Life", of)))
        if self.says("ask", refused, foretold):
            over = "ask" in exceeded
            state = "requested" if where.approval or over else "approved"
            booking = Booked(made.id, of, where, slot.start, slot.end, state, over, self.now, None)
            self.answered_by(booking, slot)
            self.oracle.bookings[made.id] = booking

    def _against(self, company: int, exceeded: set[str], taken: bool) -> set[str]:
        reasons = {"company_suspended": company in self.suspended, "slot_taken": taken}
        reasons["quota_exceeded"] = "refuse" in exceeded
        return {reason for reason, holds in reasons.items() if holds}

    @precondition(lambda self: self.alive("requested", "approved"))
    @rule(which=WHICH, anchor=ANCHOR, offset=OFFSET, length=LENGTH)
    def move(self, which: int, anchor: str, offset: int, length: int) -> None:
        booking = self.one_of(which, "requested", "approved")
        slot = self.slot(booking.place.zone, anchor, offset, length)
        exceeded = self.oracle.exceeded(booking.company, booking.place, slot.start, slot.end, booking)
        taken = self.oracle.taken(booking.place, slot.start, slot.end, booking)
        foretold = self._against(booking.company, exceeded, taken)
        if booking.start <= self.now:
            foretold = {"in_the_past"}
        actor = queries.seen(SYSTEM, booking.id).person_id
        if actor == self.world.cast.li.person_id:  # who asked on behalf moves nothing
            return
        mover = self.world.people[booking.company]
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

    @precondition(lambda self: self.alive("requested", "approved"))
    @rule(which=WHICH, staff=st.booleans())
    def cancel(self, which: int, staff: bool) -> None:
        booking = self.one_of(which, "requested", "approved")
        actor = self.world.cast.li if staff else self.world.people[booking.company]
        if not staff and queries.seen(SYSTEM, booking.id).on_behalf:
            return
        late = booking.start - self.now < DAY and self.now - booking.asked_at > HOUR
        _, refused = self.told(lambda: services.cancel(actor, booking.id))
        if self.says("cancel", refused, {"in_the_past"} if booking.start <= self.now else set()):
            booking.charge = 50 if booking.state == "approved" and late and not staff else 0
            booking.state, booking.decide_by = "cancelled", None


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
        there = any(one.state == "in_use" and one.used and one.used[0] < booking.end for one in others)
        early = now < booking.start
        before = any(one.state in ("requested", "approved", "in_use") and one.start < booking.start and now < one.end
                     for one in others)  # fmt: skip
        taken = {"slot_taken"} if there or (early and before) else set()
        just_freed = early and any(one.freed is not None and one.freed > now - 2 * MINUTE for one in others)
        done = self.told(lambda: services.check_in(self.world.people[booking.company], booking.id)
                         if not queries.seen(SYSTEM, booking.id).on_behalf
                         else services.check_in(self.world.cast.li, booking.id))  # fmt: skip
        perhaps = foretold | {"slot_taken"} if just_freed else foretold | taken
        if self.says("check_in", done[1], foretold | taken, perhaps):
            booking.state, booking.used = "in_use", (now, None)

    @precondition(lambda self: self.alive("in_use"))
    @rule(which=WHICH, minutes=st.integers(0, 400), seconds=SECONDS)
    def check_out(self, which: int, minutes: int, seconds: int) -> None:
        booking = self.one_of(which, "in_use")
        self.world.at += minutes * MINUTE + timedelta(seconds=seconds)
        services.check_out(self.world.cast.li, booking.id)
        self._used(booking, self._began(booking), self.now)
        booking.freed = self.now

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


class Allowing(Using):
    """Admins set, lower, replace and extend allowances, suspend companies and take them back."""

    def _limits(self, company: int, items: list[Any]) -> list[Limit]:
        return [
            Limit(company, one.scope, one.scope_id, one.period, one.when_exceeded, date.min, one.valid_from,
                  one.valid_to, [(date.min, one.minutes or 0)])
            for one in items
        ]  # fmt: skip

    def _terms(self, items: list[Any]) -> list[Terms]:
        found = []
        for said, period, hours, then, valid_from, valid_to in items:
            scope, _, number = said.partition(" ")
            place = self.world.places[int(number or 0)]
            of = {"all": None, "category": place.category, "instrument": place.id, "site": place.site}[scope]
            found.append(Terms(scope, of, period, hours * 60, then, valid_from, valid_to))
        return found

    @rule(company=COMPANY, items=ITEMS, cap=CAP)
    def allow(self, company: int, items: list[Any], cap: int | None) -> None:
        of, terms = self.world.companies[company], self._terms(items)
        quotas.set_allowances(self.world.cast.ada, of, terms, Caps(company=cap))
        self._set(of, terms, cap, None)

    def _set(self, company: int, terms: list[Terms], cap: int | None, follows: int | None) -> None:
        self.oracle.allow(company, self._limits(company, terms), self.now)
        self.caps[company], self.follows[company] = cap, follows
        self.may_exceed = True  # what is there stands

    @rule(items=ITEMS, cap=CAP)
    def allow_by_default(self, items: list[Any], cap: int | None) -> None:
        self.default, self.default_cap = self._terms(items), cap
        quotas.set_default(self.world.cast.ada, self.default, Caps(company=cap))
        self.default_version += 1

    @rule(company=COMPANY)
    def follow_the_default(self, company: int) -> None:
        of = self.world.companies[company]
        quotas.set_allowances(self.world.cast.ada, of, None)
        self._set(of, self.default, self.default_cap, self.default_version)

    @precondition(lambda self: [one for one in self.oracle.limits if one.history])
    @rule(which=WHICH, later=st.booleans(), hours=st.sampled_from([-5, -2, 1, 2, 10]))
    def extend(self, which: int, later: bool, hours: int) -> None:
        some = [one for one in self.oracle.limits if one.history]
        limit = some[which % len(some)]
        first = first_of(limit.period, self.now.date())
        first = next_after(limit.period, first) if later else first
        balance = self._balance(limit, first)
        if balance is None:
            return
        stands, extended = sum(self.oracle.stands(limit).get(first, (0, 0))), limit.extended[first] + 60 * hours
        room = (limit.room(first) or 0) + 60 * hours
        foretold = {"spoken_for"} if extended < 0 or (hours < 0 and stands > room) else set()
        ada = self.world.cast.ada
        done = self.told(lambda: quotas.extend(ada, limit.company, balance, 60 * hours, "A long series"))
        if self.says("extend", done[1], foretold):
            limit.extended[first] = extended

    def _balance(self, limit: Limit, first: date) -> int | None:
        by_identity = [getattr(Allowance, name).is_(value) if value is None else getattr(Allowance, name) == value
                       for name, value in zip(("scope", "scope_id", "period", "valid_from", "valid_to"),
                                              limit.identity, strict=True)]  # fmt: skip
        mine = Account.company_id == limit.company
        asked = db.select(Balance.id).join(Allowance, Allowance.id == Balance.allowance_id)
        asked = asked.join(Account, Account.id == Allowance.account_id)
        asked = asked.where(mine, Allowance.withdrawn_at.is_(None), Allowance.minutes.is_not(None), *by_identity)
        return db.session.connection().execute(asked.where(Balance.starts_on == first)).scalar()

    @rule(company=COMPANY, really=st.integers(0, 3))
    def suspend(self, company: int, really: int) -> None:
        of = self.world.companies[company]
        if really == 3 and of not in self.suspended:
            people.suspend_company(self.world.cast.ada, of, "The bill is open")
            self.suspended.add(of)

    @precondition(lambda self: self.suspended)
    @rule()
    def take_back(self) -> None:
        people.reactivate_company(self.world.cast.ada, self.suspended.pop())


class Whole(Allowing):
    """And time passes: the clockwork does what is due, any number of times."""

    @rule(far=st.sampled_from([10 * MINUTE, HOUR, 7 * HOUR, DAY, 3 * DAY, 8 * DAY]), seconds=SECONDS)
    def time_passes(self, far: timedelta, seconds: int) -> None:
        self.world.at += far + timedelta(seconds=seconds)

    @rule(which=st.sampled_from(["expire_requests", "judge_use", "open_periods", "enforce_suspensions"]))
    def a_job_runs(self, which: str) -> None:
        self._run(which)

    @rule(times=st.integers(1, 2))
    def every_job_runs(self, times: int) -> None:
        quiet = {"deliver", "tidy_up", "tidy_messages", "check"}  # these touch neither bookings nor accounts
        for _ in range(times):
            for job in wiring.JOBS:
                if job.run is not None and job.name not in quiet:
                    self._run(job.name)

    def _run(self, name: str) -> None:
        job = next((one for one in wiring.JOBS if one.name == name), None)
        if job is None or job.run is None:
            return
        job.run(self.now)
        foretell = getattr(self, f"_after_{name}", None)
        if foretell is not None:
            foretell()

    def _after_expire_requests(self) -> None:
        for one in self.alive("requested"):
            if one.decide_by is not None and one.decide_by <= self.now:
                one.state, one.decide_by = "expired", None

    def _after_open_periods(self) -> None:
        for company, version in self.follows.items():
            if version is not None and version != self.default_version:
                self._set(company, self.default, self.default_cap, self.default_version)

    def _after_enforce_suspensions(self) -> None:
        for one in self.alive("requested", "approved"):
            if one.company in self.suspended and one.start > self.now:
                one.state, one.decide_by = "cancelled", None

    def _after_recheck_allowances(self) -> None:
        """Which requests are passed to managers is the job's choice; that it is only requests is not."""
        for one in self.alive("requested"):
            over = queries.seen(SYSTEM, one.id).over_quota
            assert over or not one.over, f"booking {one.id} took its hours back by itself"
            one.over = over

    def _after_judge_use(self) -> None:
        now = self.now
        for one in self.alive("in_use"):
            if now >= one.end + HOUR:
                began = self._began(one)
                self._used(one, began, max(one.end, began))
                one.freed = now
        for one in sorted(self.alive("approved"), key=lambda one: (one.start, one.id)):
            if min(one.start + HALF, one.end) > now or one.start > now:
                continue
            if self._somebody_was_there(one):
                self._as_it_was_judged(one)
            elif now <= one.start + HALF + HOUR:
                one.state, one.charge = "missed", 100
            elif now >= one.end:  # nobody was there to judge
                self._used(one, one.start, one.end)

    def _somebody_was_there(self, booking: Booked) -> bool:
        return any(
            one.place is booking.place and one is not booking and one.used is not None
            and one.used[0] < booking.end and (one.freed is None or one.freed > booking.start)
            for one in self.oracle.bookings.values()
        )  # fmt: skip

    def _as_it_was_judged(self, booking: Booked) -> None:
        """Who kept whom from beginning is judgement's own proof; here only what it comes to."""
        seen, use = queries.seen(SYSTEM, booking.id), presence.use_of(booking.id)
        booking.state, booking.charge = seen.state, seen.charge
        assert seen.state in ("approved", "missed", "completed")
        if use is not None and use.ends_at is not None:
            self._used(booking, use.starts_at, use.ends_at)
