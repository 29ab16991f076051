"""Admins set what companies may use; and time passes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from labshare import wiring
from labshare.booking import presence, queries
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db
from labshare.people import services as people
from labshare.quotas import services as quotas
from labshare.quotas.allowances import Caps
from labshare.quotas.models import Account, Allowance, Balance
from labshare.quotas.rules import Terms
from tests.proof.life.moves import (
    CAP,
    COMPANY,
    DRAFT,
    HALF,
    HOUR,
    ITEMS,
    SECONDS,
    WHICH,
)
from tests.proof.life.oracle import DAY, MINUTE, Booked, Limit, first_of, next_after
from tests.proof.life.using import Using


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
        self._allow(self.world.companies[company], items, cap)

    def _allow(self, company: int, items: list[Any], cap: int | None) -> None:
        terms = self._terms(items)
        quotas.set_allowances(self.world.cast.ada, company, terms, Caps(company=cap))
        self._set(company, terms, cap, None)

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
