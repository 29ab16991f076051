"""From a recipe's audiences to people: who exactly is told a fact, as things stand now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from labshare.kernel.actor import ADMIN, COMPANY_ADMIN, LAB_MANAGER
from labshare.kernel.db import rows
from labshare.notifications import recipes
from labshare.notifications.facts import Fact
from labshare.notifications.holders import Holders, holders_of
from labshare.people.models import Invitation, Person, RoleGrant


@dataclass
class Reader:
    """Somebody who may be told something; without an id an address that nobody has yet."""

    id: int | None
    email: str
    language: str | None
    company_id: int | None
    roles: set[str] = field(default_factory=set)
    manages: set[int] = field(default_factory=set)
    stands_in: set[int] = field(default_factory=set)

    def keeps(self, site_id: int) -> bool:
        """May they open what only the site's managers may?"""
        return ADMIN in self.roles or site_id in self.manages | self.stands_in

    def may_see(self, fact: Fact) -> bool:
        """What one may not see does not exist: another company's booking, or one at a site of others."""
        about = fact.booking
        if about is None or ADMIN in self.roles:
            return True
        sites = self.manages | self.stands_in
        return self.company_id == about.company_id or about.site_id in sites


def readers(facts: Sequence[Fact]) -> dict[int, list[Reader]]:
    """Who is told each fact, by the journal's ids; three statements at most, however many facts.

    Who did it themselves is among them only where their calendar must hear of it.
    """
    holders = holders_of(facts)
    people, invited = _people(facts, holders.values()), _invited(facts)
    return {fact.id: _told(fact, people, invited, holders.get(fact.id, Holders())) for fact in facts}


def _told(fact: Fact, people: Mapping[int, Reader], invited: Mapping[int, Reader], holders: Holders) -> list[Reader]:
    audiences = recipes.RECIPES[fact.kind].to(fact)
    if recipes.INVITED in audiences:
        return [invited[fact.object_id]] if fact.object_id in invited else []
    if recipes.ONESELF in audiences:
        return [people[fact.object_id]] if fact.object_id in people else []
    if recipes.ASKER in audiences and fact.booking is not None and fact.booking.person_id not in people:
        audiences = (*audiences, recipes.CUSTOMER)  # the one who asked has gone: somebody must know
    return [
        one
        for number, one in sorted(people.items())
        if one.may_see(fact)
        and any(_is(one, who, fact, holders) for who in audiences)
        and (number != fact.actor_id or _must_correct(one, fact))
    ]


def _must_correct(one: Reader, fact: Fact) -> bool:
    """Does what they did themselves change what stands in their own calendar?"""
    own = fact.booking is not None and one.id in (fact.booking.person_id, *_hands(fact))
    there = fact.in_calendars or fact.is_own_yes
    return own and there and recipes.RECIPES[fact.kind].calendar is not None


def _hands(fact: Fact) -> tuple[int, ...]:
    """Who had the booking and who has it since, where it was handed over."""
    former = fact.data.get("old_person_id")
    return (former, fact.data["person_id"]) if former is not None else ()


def _is(one: Reader, audience: str, fact: Fact, holders: Holders) -> bool:
    about = fact.booking
    if audience == recipes.ADMINS:
        return ADMIN in one.roles
    if audience == recipes.CUSTOMER:
        company = fact.company_id if about is None else about.company_id
        return COMPANY_ADMIN in one.roles and company is not None and one.company_id == company
    if audience == recipes.LABORATORY:
        return bool(one.manages)
    if audience == recipes.MANAGERS:
        return not one.manages.isdisjoint(fact.site_ids)
    if audience == recipes.DEPUTIES:
        return not one.stands_in.isdisjoint(fact.site_ids)
    if audience in (recipes.TAKER, recipes.FORMER):
        return one.id == fact.data["person_id" if audience == recipes.TAKER else "old_person_id"]
    if audience == recipes.NAMED:
        of_it = fact.company_id is not None and one.company_id == fact.company_id
        return of_it and fact.data["person_id"] in (None, one.id)
    if audience == recipes.HOLDERS:
        return one.id in holders.people or (COMPANY_ADMIN in one.roles and one.company_id in holders.companies)
    return one.id == _person_of(fact)


def _person_of(fact: Fact) -> int | None:
    """Whose matter it is: of the booking, or where there is none the one it names."""
    named: int | None = fact.data.get("person_id")
    return named if fact.booking is None else fact.booking.person_id


def _people(facts: Iterable[Fact], holders: Iterable[Holders]) -> dict[int, Reader]:
    sites: set[int] = set()
    companies: set[int | None] = set()
    persons: set[int] = set()
    for some in holders:
        persons |= some.people
        companies |= some.companies
    whole: set[int | None] = set()  # companies of which everybody is told
    everywhere = False
    for fact in facts:
        companies.add(fact.company_id)
        audiences = recipes.RECIPES[fact.kind].to(fact)
        everywhere = everywhere or recipes.LABORATORY in audiences
        if recipes.ONESELF in audiences:
            persons.add(fact.object_id)
        if recipes.NAMED in audiences and fact.data["person_id"] is not None:
            persons.add(fact.data["person_id"])
        elif recipes.NAMED in audiences:
            whole.add(fact.company_id)
        sites |= fact.site_ids
        if recipes.ASKER in audiences and (number := _person_of(fact)) is not None:
            persons.add(number)
        persons.update(_hands(fact))
    there = sa.true() if everywhere else RoleGrant.site_id.in_(sorted(sites))
    manager = (RoleGrant.role == LAB_MANAGER) & there
    boss = (RoleGrant.role == COMPANY_ADMIN) & Person.company_id.in_(sorted(companies - {None}))
    concerned = sa.or_(Person.id.in_(sorted(persons)), Person.company_id.in_(sorted(whole - {None})))
    who: sa.Select[Any] = (
        sa.select(  # type: ignore[assignment]
            *(Person.id, Person.email, Person.language, Person.company_id),
            *(RoleGrant.role, RoleGrant.site_id, RoleGrant.deputy),
        )
        .outerjoin(RoleGrant, RoleGrant.person_id == Person.id)
        .where(Person.active, sa.or_(RoleGrant.role == ADMIN, manager, boss, concerned))
    )
    found: dict[int, Reader] = {}
    for number, email, language, company_id, role, site_id, deputy in rows(who):
        one = found.setdefault(number, Reader(number, email, language, company_id))
        if role:
            one.roles.add(role)
        if role == LAB_MANAGER:
            (one.stands_in if deputy else one.manages).add(site_id)
    return found


def _invited(facts: Iterable[Fact]) -> dict[int, Reader]:
    wanted = sorted(fact.object_id for fact in facts if recipes.INVITED in recipes.RECIPES[fact.kind].to(fact))
    if not wanted:
        return {}
    found = rows(sa.select(Invitation.id, Invitation.email).where(Invitation.id.in_(wanted)))
    return {number: Reader(None, email, None, None) for number, email in found}
