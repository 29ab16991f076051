"""Who is in the demo: sites, the operator and its partners, customer companies and their people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from labshare.demo.names import DOMAIN, OPERATOR, PARTNERS, Firm, Name, firms, people
from labshare.demo.stories import Party
from labshare.kernel.actor import ADMIN, COMPANY_ADMIN, LAB_MANAGER, MEMBER, Actor
from labshare.kernel.db import Transaction
from labshare.kernel.journal import Event
from labshare.kernel.slots import MINUTE
from labshare.people.events import (
    CompanyAdded,
    CompanyApproved,
    CompanyRegistered,
    PersonAdded,
    PersonJoined,
    SiteAdded,
)
from labshare.people.models import Company, Person, RoleGrant, Site

DAY = timedelta(days=1)
CUSTOMERS, WAITING = 100, 2
MEMBERS_RANK, RIVALS_RANK = 11, 18  # how many customers book more than they do
OWNERS_WEIGHT = 0.02  # owners book on their own instruments most of all
OPENED = 430 * DAY  # before the first booking could be asked for

SITES = (
    {
        "code": "ECO-2",
        "name_en": "Eco-Island Hall 2 Shared Laboratory",
        "name_zh": "生态岛2号馆共享实验室",
        "address": "成都科创生态岛2号馆 · Hall 2, Chengdu Sci-Tech Innovation Eco-Island",
    },
    {
        "code": "LAKE",
        "name_en": "Lakeside Electronics and Life Science Laboratory",
        "name_zh": "湖畔电子与生命科学实验室",
        "address": "成都天府新区兴隆湖畔 · Xinglong Lake, Tianfu New Area, Chengdu",
    },
    {
        "code": "MEISHAN",
        "name_en": "Meishan Energy and Chemistry Laboratory",
        "name_zh": "眉山新能源与化学实验室",
        "address": "眉山市彭山区 · Pengshan District, Meishan",
    },
)

ADMIN_NAME, MANAGER_NAME = Name("苏和 Su He", "admin"), Name("何青 He Qing", "manager")
MEMBER_NAME, RIVAL_NAME = Name("林墨 Lin Mo", "member"), Name("陈念 Chen Nian", "rival")
COMPANY_ADMIN_NAME = Name("周安 Zhou An", "company-admin")
SIGN_INS = tuple(
    f"{name.address}@{DOMAIN}" for name in (MEMBER_NAME, COMPANY_ADMIN_NAME, RIVAL_NAME, MANAGER_NAME, ADMIN_NAME)
)


Told = tuple[Actor, Event, datetime]


@dataclass
class Cast:
    """Everybody, once they are in the database."""

    admin: Actor
    waiting: Sequence[Firm]  # these register last, after a year of bookings
    parties: list[Party] = field(default_factory=list)  # those who book
    managers: dict[int, list[Actor]] = field(default_factory=dict)  # by site
    known: dict[str, Actor] = field(default_factory=dict)  # the fixed sign-ins, by what stands before the @


class Casting:
    """Enters people and companies in one transaction; `told` is what the journal says of it."""

    def __init__(self, tx: Transaction, rng: Random, now: datetime, password_hash: str = "") -> None:
        self.tx, self.rng, self.now, self.password_hash = tx, rng, now, password_hash
        self.told: list[Told] = []

    def all(self, progress: Callable[[int, int], None]) -> Cast:
        """The laboratory's own people, who enter the owners of instruments; then the customers."""
        customers = firms(self.rng, CUSTOMERS + WAITING)
        opened = self.now - OPENED
        site_ids = self._insert(Site, [site | {"zone": "Asia/Shanghai", "version": 1} for site in SITES])
        admin = self._staff(ADMIN_NAME, ADMIN, [None], None, opened)
        cast = Cast(admin, customers[CUSTOMERS:], known={ADMIN_NAME.address: admin})
        for site_id, site in zip(site_ids, SITES, strict=True):
            self.told.append((admin, SiteAdded(object_id=site_id, version=1, code=site["code"]), opened))
        manager = self._staff(MANAGER_NAME, LAB_MANAGER, site_ids, admin, opened)
        cast.known[MANAGER_NAME.address] = manager
        colleagues = people(self.rng, 2 * len(site_ids))
        for place, site_id in enumerate(site_ids):
            here = colleagues[2 * place : 2 * place + 2]
            cast.managers[site_id] = [
                manager,
                *(self._staff(name, LAB_MANAGER, [site_id], admin, opened) for name in here),
            ]
        self._owners(cast, opened + 30 * MINUTE)
        self._customers(cast, customers[:CUSTOMERS], opened + DAY, progress)
        return cast

    def newcomers(self, cast: Cast) -> None:
        """Companies that registered yesterday and wait to be let in."""
        for firm in cast.waiting:
            at = self.now - self.rng.randrange(180, 14 * 60) * MINUTE
            company_id = self._company(firm, at, "pending", 1)
            [admin] = self._people(firm, company_id, people(self.rng, 1), at)
            self._registered(firm, company_id, admin, at)

    # -- companies

    def _owners(self, cast: Cast, at: datetime) -> None:
        for firm in (OPERATOR, *PARTNERS):
            company_id = self._company(firm, at, "active", 1)
            added = CompanyAdded(object_id=company_id, version=1, company_id=company_id, name=firm.name, state="active")
            self.told.append((cast.admin, added, at))
            actors = self._people(firm, company_id, people(self.rng, 3), at)
            if firm is not OPERATOR:
                cast.parties.append(Party(company_id, firm.sector, OWNERS_WEIGHT, actors))

    def _customers(
        self, cast: Cast, customers: Sequence[Firm], since: datetime, progress: Callable[[int, int], None]
    ) -> None:
        """The first is the member's, the second the rival's; each has an admin and one to five members."""
        rest = [rank for rank in range(CUSTOMERS) if rank not in (MEMBERS_RANK, RIVALS_RANK)]
        self.rng.shuffle(rest)
        ranked = zip(customers, [MEMBERS_RANK, RIVALS_RANK, *rest], strict=True)
        for number, (firm, rank) in enumerate(ranked):
            names = people(self.rng, 1 + self.rng.randint(1, 5))
            if number == 0:
                names = [COMPANY_ADMIN_NAME, MEMBER_NAME, *people(self.rng, 3)]
            if number == 1:
                names[1] = RIVAL_NAME
            at = since + self.rng.randrange(28 * 24 * 60) * MINUTE
            company_id = self._company(firm, at, "active", 2)
            admin, *members = self._people(firm, company_id, names, at)
            self._registered(firm, company_id, admin, at)
            approved = CompanyApproved(object_id=company_id, version=2, company_id=company_id, name=firm.name)
            self.told.append((cast.admin, approved, at + 90 * MINUTE))
            # A few book most, most book little; the admin asks less often than the others.
            cast.parties.append(Party(company_id, firm.sector, (rank + 3) ** -1.2, [*members, admin]))
            for who in (admin, *members):
                if who.email in SIGN_INS:
                    cast.known[who.email.partition("@")[0]] = who
            progress(number + 1, len(customers))

    def _company(self, firm: Firm, at: datetime, state: str, version: int) -> int:
        values = {
            "name": firm.name,
            "name_en": firm.name_en,
            "org_id_type": "uscc",
            "org_id": firm.code,
            "kind": firm.kind,
            "state": state,
            "state_reason": "",
            "contact_name": "",
            "contact_phone": "",
            "created_at": at,
            "version": version,
        }
        return self._insert(Company, [values])[0]

    def _registered(self, firm: Firm, company_id: int, admin: Actor, at: datetime) -> None:
        fact = CompanyRegistered(
            object_id=company_id, version=1, company_id=company_id, name=firm.name, person_id=_id(admin)
        )
        self.told.append((admin, fact, at))

    # -- people

    def _people(self, firm: Firm, company_id: int, names: Sequence[Name], at: datetime) -> list[Actor]:
        """A company's admin first, then its members, who joined some hours after each other."""
        found = []
        for number, name in enumerate(names):
            role, joined_at = MEMBER if number else COMPANY_ADMIN, at + number * 180 * MINUTE
            address = f"{name.address}@{DOMAIN}"
            if address not in SIGN_INS:
                address = f"{name.address}@c{int(firm.code[10:16])}.{DOMAIN}"
            actor = self._person(name, address, role, [None], company_id, joined_at)
            joined = PersonJoined(object_id=_id(actor), version=1, company_id=company_id, name=name.full, role=role)
            self.told.append((actor, joined, joined_at))
            found.append(actor)
        return found

    def _staff(self, name: Name, role: str, sites: Sequence[int | None], by: Actor | None, at: datetime) -> Actor:
        actor = self._person(name, f"{name.address}@{DOMAIN}", role, sites, None, at)
        added = PersonAdded(object_id=_id(actor), version=1, name=name.full, roles=(role,))
        self.told.append((by or actor, added, at))
        return actor

    def _person(
        self,
        name: Name,
        email: str,
        role: str,
        sites: Sequence[int | None],
        company_id: int | None,
        at: datetime,
    ) -> Actor:
        values = {
            "email": email,
            "name": name.full,
            "password_hash": self.password_hash if email in SIGN_INS else None,
            "company_id": company_id,
            "active": True,
            "created_at": at,
            "version": 1,
        }
        [person_id] = self._insert(Person, [values])
        self._insert(RoleGrant, [{"person_id": person_id, "role": role, "site_id": site} for site in sites])
        return Actor("person", person_id, name.full, email, company_id=company_id, roles=frozenset({role}))

    def _insert(self, model: Any, values: Sequence[dict[str, Any]]) -> list[int]:
        statement = sa.insert(model.__table__).returning(model.__table__.c.id, sort_by_parameter_order=True)
        return list(self.tx.execute(statement, values).scalars())


def _id(who: Actor) -> int:
    """The id of somebody who is in the database."""
    if who.person_id is None:
        raise ValueError("nobody's id was asked for")
    return who.person_id
