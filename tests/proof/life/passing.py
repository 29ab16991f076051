"""And time passes: the clockwork does what is due, any number of times."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from labshare import wiring
from labshare.booking import presence, queries
from labshare.kernel.actor import SYSTEM
from labshare.kernel.slots import Slot
from tests.proof.life.lining_up import LiningUp
from tests.proof.life.moves import COMPANY, DRAFT, HALF, HOUR, ITEMS, SECONDS, WHICH
from tests.proof.life.oracle import AHEAD, DAY, MINUTE, Booked

OFTEN = (
    *("expire_requests", "judge_use", "open_periods", "enforce_suspensions"),
    *("keep_windows", "make_offers", "lapse_offers", "forgive_late_cancels"),
    "offer_freed_time",
)


class Whole(LiningUp):
    """And time passes: the clockwork does what is due, any number of times."""

    @initialize(items=ITEMS, drafts=st.lists(DRAFT, min_size=3, max_size=8))
    def life_begins(self, items: list[Any], drafts: list[tuple[Any, ...]]) -> None:
        """With something in the books, for most moves need something to act on."""
        self.begin()
        self._allow(self.world.companies[0], items, None)
        for draft in drafts:
            self._ask(*draft)

    @rule(far=st.sampled_from([10 * MINUTE, HOUR, 7 * HOUR, DAY, 3 * DAY, 8 * DAY]), seconds=SECONDS)
    def time_passes(self, far: timedelta, seconds: int) -> None:
        self.world.at += far + timedelta(seconds=seconds)

    @precondition(lambda self: any(one.start > self.now for one in self.alive("approved")))
    @rule(minutes=st.integers(30, 89), seconds=SECONDS)
    def nobody_comes(self, minutes: int, seconds: int) -> None:
        self.world.at = min(one.start for one in self.alive("approved") if one.start > self.now)
        self.world.at += minutes * MINUTE + timedelta(seconds=seconds)
        self._run("judge_use")

    @precondition(lambda self: self._to_be_given_up())
    @rule(which=WHICH, company=COMPANY, part=st.sampled_from([0, 1]))
    def give_up_late(self, which: int, company: int, part: int) -> None:
        """Hours before the start one gives the time back; somebody takes it, or all but the end of it; it begins."""
        some = self._to_be_given_up()
        one = some[which % len(some)]
        self.world.at = one.start - 2 * HOUR
        self._cancel(one, staff=False)
        self.accounts_say_what_happened()
        if one.end - part * HALF > one.start:
            self._ask_for(self.world.companies[company], one.place, Slot(one.start, one.end - part * HALF), staff=False)
        self.world.at = one.start
        self._run("forgive_late_cancels")

    def _to_be_given_up(self) -> list[Booked]:
        return [one for one in self.alive("approved") if one.start - self.now > 4 * HOUR]

    @rule(which=st.sampled_from(OFTEN))
    def a_job_runs(self, which: str) -> None:
        self._run(which)

    @rule(times=st.integers(1, 2))
    def every_job_runs(self, times: int) -> None:
        quiet = {"deliver", "tidy_up", "tidy_messages", "check"}  # these touch neither bookings nor accounts
        for _ in range(times):
            for job in wiring.JOBS:
                if job.run is not None and job.name not in quiet:
                    self._run(job.name)
                    self.accounts_say_what_happened()  # before the product's own reckoning does

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
        self._let_go(self.suspended)

    def _let_go(self, companies: set[int]) -> None:
        for one in self.alive(*AHEAD):
            if one.company in companies and one.start > self.now:
                one.state, one.decide_by = "cancelled", None

    def _after_recheck_allowances(self) -> None:
        """Which requests are passed to managers is the job's choice; that it is only requests is not."""
        for one in self.alive("requested"):
            over = queries.seen(SYSTEM, one.id).over_quota
            assert over or not one.over, f"booking {one.id} took its hours back by itself"
            one.over = over

    def _after_forgive_late_cancels(self) -> None:
        for one in self.alive("cancelled"):
            if one.charge and self.now - 92 * DAY < one.start <= self.now and self.oracle.taken_over(one):
                one.charge = 0
                self.did["forgiven"] += 1

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
            if self._somebody_was_there(one) or self.upkeep.hindered(one, now):
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
