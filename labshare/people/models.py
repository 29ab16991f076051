"""What is remembered of sites, companies and people."""

from __future__ import annotations

from datetime import datetime
from secrets import token_hex

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from labshare.kernel.db import Id, Model, UtcDateTime, guard
from labshare.kernel.errors import N_, Conflict

EMAIL_TAKEN = guard(
    "uq_person_email", lambda: Conflict(N_("Somebody has this e-mail address already."), code="email_taken")
)
ORG_TAKEN = guard(
    "uq_company_org_id_type_org_id",
    lambda: Conflict(N_("A company with this code is registered already."), code="company_known"),
)
SITE_TAKEN = guard("uq_site_code", lambda: Conflict(N_("Another site has this code."), code="code_taken"))


class Site(Model):
    """A laboratory site with its zone; instruments stand at sites, lab managers manage them."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(30), unique=True)
    name_en: Mapped[str] = mapped_column(String(120))
    name_zh: Mapped[str] = mapped_column(String(120))
    zone: Mapped[str] = mapped_column(String(60), default="Asia/Shanghai")
    address: Mapped[str] = mapped_column(String(200), default="")
    # Drawn anew with everything that is said of opening hours here; without one nobody remembers them.
    hours_stamp: Mapped[str] = mapped_column(String(16), default=lambda: token_hex(8), server_default="")
    version: Mapped[int] = mapped_column(default=1)


class Company(Model):
    """An organisation: customer, instrument owner or operator; known by its USCC, whatever its name."""

    __tablename__ = "company"
    __table_args__ = (
        UniqueConstraint("org_id_type", "org_id"),
        CheckConstraint("state IN ('pending', 'active', 'rejected', 'suspended')", name="state"),
        Index("ix_company_name_id", "name", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    org_id_type: Mapped[str] = mapped_column(String(20), default="uscc")  # uscc, or foreign
    org_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20), default="company")
    state: Mapped[str] = mapped_column(String(20), default="pending")
    state_reason: Mapped[str] = mapped_column(String(500), default="")
    contact_name: Mapped[str] = mapped_column(String(120), default="")
    contact_phone: Mapped[str] = mapped_column(String(40), default="")
    in_house_minutes: Mapped[int | None]  # bookings of so many or more its own admins approve first; null: none
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class Person(Model):
    """Somebody who may sign in, of one company at most; removed people keep their row and lose all access."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_company_id", "company_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # canonical: NFKC, lower case
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(10))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)  # grows with every change of access; signed links name it


class RoleGrant(Model):
    """A role of a person; a lab manager has one row a site. A deputy may do the same and is told less."""

    __tablename__ = "role_grant"
    __table_args__ = (
        UniqueConstraint("person_id", "role", "site_id"),
        CheckConstraint("role IN ('member', 'company_admin', 'lab_manager', 'admin')", name="role"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(20))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    deputy: Mapped[bool] = mapped_column(default=False, server_default=false())


class SignIn(Model):
    """A browser's session: its secret stands hashed, and deleting the row ends it at once."""

    __tablename__ = "sign_in"
    __table_args__ = (
        Index("ix_sign_in_person_id", "person_id"),
        Index("ix_sign_in_expires_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agent: Mapped[str] = mapped_column(String(200), default="")


class SignInFailure(Model):
    """A failed try to sign in, counted by account and by address; a success counts nothing."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_key_at", "key", "at"), Index("ix_sign_in_failure_at", "at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(300))  # "account:…" or "address:…"
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Invitation(Model):
    """A colleague asked to join a company; its link is signed, works once and lapses."""

    __tablename__ = "invitation"
    __table_args__ = (Index("ix_invitation_company_id", "company_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(20), default="member")
    invited_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(20), default="open")  # open, accepted, withdrawn
    version: Mapped[int] = mapped_column(default=1)


class Token(Model):
    """An API token: shown once, stored hashed, revocable."""

    __tablename__ = "token"
    __table_args__ = (Index("ix_token_person_id", "person_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(120))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
