"""Admins set what companies may use."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from labshare.kernel.db import db
from labshare.people import services as people
from labshare.quotas import services as quotas
from labshare.quotas.allowances import Caps
from labshare.quotas.models import Account, Allowance, Balance
from labshare.quotas.rules import Terms
from tests.proof.life.moves import (
    CAP,
    COMPANY,
    ITEMS,
    WHICH,
)
from tests.proof.life.oracle import Limit, first_of, next_after
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
