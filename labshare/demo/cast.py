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


@dataclass
class Cast:
    """Everybody, once they are in the database."""

    admin: Actor
    parties: list[Party] = field(default_factory=list)  # those who book
    managers: dict[int, list[Actor]] = field(default_factory=dict)  # by site
    known: dict[str, Actor] = field(default_factory=dict)  # the fixed sign-ins, by what stands before the @
    told: list[tuple[Actor, Event, datetime]] = field(default_factory=list)


class Casting:
    """Enters the cast in one transaction; what there is to tell of it is told at the end, oldest first."""

    def __init__(self, tx: Transaction, rng: Random, now: datetime, password_hash: str) -> None:
        self.tx, self.rng, self.now, self.password_hash = tx, rng, now, password_hash
        self.opened = now - OPENED

    def all(self, progress: Callable[[int, int], None]) -> Cast:
        """The laboratory's own people first, for they enter the others."""
        site_ids = self._insert(Site, [site | {"zone": "Asia/Shanghai", "version": 1} for site in SITES])
        [admin] = self._staff([ADMIN_NAME], ADMIN, [None])
        cast = Cast(admin, known={"admin": admin})
        cast.told.append((admin, _added(admin), self.opened))
        for site_id, site in zip(site_ids, SITES, strict=True):
            fact = SiteAdded(object_id=site_id, version=1, code=site["code"])
            cast.told.append((admin, fact, self.opened + 5 * MINUTE))
        [manager] = self._staff([MANAGER_NAME], LAB_MANAGER, site_ids)
        cast.known["manager"] = manager
        colleagues = iter(people(self.rng, 2 * len(site_ids)))
        for site_id in site_ids:
            names = [next(colleagues), next(colleagues)]
            cast.managers[site_id] = [manager, *self._staff(names, LAB_MANAGER, [site_id])]
        staff = {who.person_id: who for here in cast.managers.values() for who in here}
        cast.told += [(admin, _added(who), self.opened + 10 * MINUTE) for who in staff.values()]
        self._companies(cast, progress)
        cast.told.sort(key=lambda told: told[2])
        return cast

    # -- rows

    def _insert(self, model: Any, values: Sequence[dict[str, Any]]) -> list[int]:
        statement = sa.insert(model.__table__).returning(model.__table__.c.id, sort_by_parameter_order=True)
        return list(self.tx.execute(statement, values).scalars())

    def _persons(
        self, names: Sequence[Name], domain: str, role: str, company: tuple[int, str] | None, at: datetime
    ) -> list[Actor]:
        values: list[dict[str, Any]] = [
            {
                "email": f"{name.address}@{domain}",
                "name": name.full,
                "password_hash": self.password_hash if f"{name.address}@{domain}" in SIGN_INS else None,
                "company_id": company[0] if company else None,
                "active": True,
                "created_at": at,
                "version": 1,
            }
            for name in names
        ]
        return [
            Actor(
                "person",
                number,
                row["name"],
                row["email"],
                roles=frozenset({role}),
                company_id=row["company_id"],
            )
            for number, row in zip(self._insert(Person, values), values, strict=True)
        ]

    def _staff(self, names: Sequence[Name], role: str, sites: Sequence[int | None]) -> list[Actor]:
        found = self._persons(names, DOMAIN, role, None, self.opened)
        grants = [{"person_id": who.person_id, "role": role, "site_id": site} for who in found for site in sites]
        self.tx.execute(sa.insert(RoleGrant.__table__), grants)  # type: ignore[arg-type]  # __table__ is a Table
        return found

    # -- companies

    def _companies(self, cast: Cast, progress: Callable[[int, int], None]) -> None:
        customers = firms(self.rng, CUSTOMERS + WAITING)
        everyone = [OPERATOR, *PARTNERS, *customers]
        ranks = self._ranks()
        for number, firm in enumerate(everyone):
            customer = number - 1 - len(PARTNERS)
            waits = customer >= CUSTOMERS
            entered = self._entered(customer, waits=waits)
            names, weight = self._names(customer), 0.02
            if customer >= 0 and not waits:
                weight = (ranks[customer] + 3) ** -1.2  # a few book most, most book little
            actors = self._company(cast, firm, names[:1] if waits else names, entered, waits=waits)
            if customer == 0:
                cast.known |= {MEMBER_NAME.address: actors[1], COMPANY_ADMIN_NAME.address: actors[0]}
            if customer == 1:
                cast.known |= {RIVAL_NAME.address: actors[1]}
            if not waits and firm is not OPERATOR:
                cast.parties.append(Party(actors[0].company_id or 0, firm.sector, weight, [*actors[1:], actors[0]]))
            progress(number + 1, len(everyone))

    def _ranks(self) -> list[int]:
        rest = [rank for rank in range(CUSTOMERS) if rank not in (MEMBERS_RANK, RIVALS_RANK)]
        self.rng.shuffle(rest)
        return [MEMBERS_RANK, RIVALS_RANK, *rest]

    def _entered(self, customer: int, *, waits: bool) -> datetime:
        if customer < 0:
            return self.opened + 30 * MINUTE
        if waits:
            return self.now - self.rng.randrange(180, 14 * 60) * MINUTE
        return self.opened + DAY + self.rng.randrange(28 * 24 * 60) * MINUTE

    def _names(self, customer: int) -> list[Name]:
        """The company's admin first, then one to five members."""
        names = people(self.rng, 1 + self.rng.randint(1, 5))
        if customer == 0:
            return [COMPANY_ADMIN_NAME, MEMBER_NAME, *people(self.rng, 3)]
        return [names[0], RIVAL_NAME, *names[1:]] if customer == 1 else names

    def _company(self, cast: Cast, firm: Firm, names: Sequence[Name], entered: datetime, *, waits: bool) -> list[Actor]:
        """One company and its people; customers registered themselves, the others were entered."""
        registered = firm.kind == "company"
        [company_id] = self._insert(
            Company,
            [
                {
                    "name": firm.name, "name_en": firm.name_en, "org_id_type": "uscc", "org_id": firm.code,
                    "kind": firm.kind, "state": "pending" if waits else "active", "state_reason": "",
                    "contact_name": names[0].full, "contact_phone": "", "created_at": entered,
                    "version": 2 if registered and not waits else 1,
                }
            ],
        )  # fmt: skip
        actors: list[Actor] = []
        for name in names:
            at = entered + len(actors) * 3 * 60 * MINUTE
            role = MEMBER if actors else COMPANY_ADMIN
            fixed = f"{name.address}@{DOMAIN}" in SIGN_INS
            domain = DOMAIN if fixed else f"c{int(firm.code[10:16])}.{DOMAIN}"
            [actor] = self._persons([name], domain, role, (company_id, firm.name), at)
            actors.append(actor)
            joined = PersonJoined(
                object_id=actor.person_id or 0, version=1, company_id=company_id, name=name.full, role=role
            )
            cast.told.append((actor, joined, at))
        grants = [{"person_id": who.person_id, "role": role, "site_id": None} for who in actors for role in who.roles]
        self.tx.execute(sa.insert(RoleGrant.__table__), grants)  # type: ignore[arg-type]  # __table__ is a Table
        same: dict[str, Any] = {"object_id": company_id, "company_id": company_id, "name": firm.name}
        if registered:
            asked = CompanyRegistered(**same, version=1, person_id=actors[0].person_id or 0)
            cast.told.append((actors[0], asked, entered))
            if not waits:
                cast.told.append((cast.admin, CompanyApproved(**same, version=2), entered + 90 * MINUTE))
        else:
            cast.told.append((cast.admin, CompanyAdded(**same, version=1, state="active"), entered))
        return actors


def _added(who: Actor) -> PersonAdded:
    return PersonAdded(object_id=who.person_id or 0, version=1, name=who.name, roles=tuple(who.roles))
