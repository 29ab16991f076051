"""Who acts: a person with a company and roles, the clockwork, or a stranger."""

from __future__ import annotations

from dataclasses import dataclass

MEMBER = "member"
COMPANY_ADMIN = "company_admin"
LAB_MANAGER = "lab_manager"
ADMIN = "admin"
ROLES = (MEMBER, COMPANY_ADMIN, LAB_MANAGER, ADMIN)


@dataclass(frozen=True)
class Actor:
    """The one in whose name something is done; plain values, safe to keep after the session is gone."""

    kind: str
    person_id: int | None = None
    name: str = ""
    email: str = ""
    language: str | None = None
    company_id: int | None = None
    company_name: str = ""
    company_active: bool = False
    roles: frozenset[str] = frozenset()
    site_ids: frozenset[int] = frozenset()

    @property
    def is_signed_in(self) -> bool:
        return self.person_id is not None

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles

    @property
    def is_company_admin(self) -> bool:
        return COMPANY_ADMIN in self.roles

    @property
    def is_staff(self) -> bool:
        """Laboratory staff: a lab manager of some site, or an admin."""
        return ADMIN in self.roles or LAB_MANAGER in self.roles

    def manages(self, site_id: int) -> bool:
        """May this actor act as lab manager of the site? Admins manage every site."""
        return ADMIN in self.roles or (LAB_MANAGER in self.roles and site_id in self.site_ids)

    def belongs_to(self, company_id: int | None) -> bool:
        return company_id is not None and self.company_id == company_id


STRANGER = Actor("stranger")
SYSTEM = Actor("system", name="LabShare")
