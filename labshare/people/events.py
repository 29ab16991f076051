"""What can be announced of companies, sites and people; no secret and no link stands in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labshare.kernel.journal import Event


@dataclass(frozen=True, kw_only=True)
class SiteFact(Event):
    """What every fact about a site says."""

    OBJECT: ClassVar[str] = "site"
    code: str


@dataclass(frozen=True, kw_only=True)
class SiteAdded(SiteFact):
    """A laboratory site exists."""


@dataclass(frozen=True, kw_only=True)
class SiteChanged(SiteFact):
    """A site has another name, zone or address."""

    changed: tuple[str, ...]


# ---------------------------------------------------------------- companies


@dataclass(frozen=True, kw_only=True)
class CompanyFact(Event):
    """What every fact about a company says: its name at that time."""

    OBJECT: ClassVar[str] = "company"
    name: str


@dataclass(frozen=True, kw_only=True)
class CompanyRegistered(CompanyFact):
    """A company registered itself and waits to be let in."""

    person_id: int


@dataclass(frozen=True, kw_only=True)
class CompanyAdded(CompanyFact):
    """The laboratory entered a company itself."""

    state: str


@dataclass(frozen=True, kw_only=True)
class CompanyChanged(CompanyFact):
    """Some of a company's particulars are others now."""

    changed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CompanyApproved(CompanyFact):
    """The laboratory let the company in."""


@dataclass(frozen=True, kw_only=True)
class CompanyRejected(CompanyFact):
    """The laboratory did not let the company in, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class CompanySuspended(CompanyFact):
    """The company may not book for now, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class CompanyReactivated(CompanyFact):
    """The company may book again."""


@dataclass(frozen=True, kw_only=True)
class InHouseApprovalSet(CompanyFact):
    """From bookings of so many minutes on the company's own admins approve first; 0: all of them, None: none."""

    old_minutes: int | None
    minutes: int | None


# ---------------------------------------------------------------- people


@dataclass(frozen=True, kw_only=True)
class PersonFact(Event):
    """What every fact about a person says: who it is about."""

    OBJECT: ClassVar[str] = "person"


@dataclass(frozen=True, kw_only=True)
class PersonAdded(PersonFact):
    """Somebody was entered by the laboratory."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PersonJoined(PersonFact):
    """Somebody took up an invitation, or registered a company."""

    name: str
    role: str


@dataclass(frozen=True, kw_only=True)
class PersonRenamed(PersonFact):
    """A person goes by another name."""

    name: str


@dataclass(frozen=True, kw_only=True)
class PersonRemoved(PersonFact):
    """A person lost every access."""

    name: str


@dataclass(frozen=True, kw_only=True)
class RolesChanged(PersonFact):
    """What a person may do is other than before; these are all their roles and managed sites now."""

    roles: tuple[str, ...]
    site_ids: tuple[int, ...] = ()
    deputy_ids: tuple[int, ...] = ()  # those of them where the person stands in for others


@dataclass(frozen=True, kw_only=True)
class LanguageChosen(PersonFact):
    """A person reads another language."""

    language: str


@dataclass(frozen=True, kw_only=True)
class PasswordResetAsked(PersonFact):
    """Somebody asked for a link to set a new password; the mail is made from this."""


@dataclass(frozen=True, kw_only=True)
class PasswordReset(PersonFact):
    """A new password was set by a mailed link; every browser is signed out."""


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(PersonFact):
    """A person set a new password, knowing the old one; every other browser is signed out."""


@dataclass(frozen=True, kw_only=True)
class SignedOutEverywhere(PersonFact):
    """A person ended all of their browsers' sessions."""


# ---------------------------------------------------------------- tokens and invitations


@dataclass(frozen=True, kw_only=True)
class TokenFact(Event):
    """What every fact about an API token says: whose it is and what they call it."""

    OBJECT: ClassVar[str] = "token"
    person_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class TokenCreated(TokenFact):
    """Programs may act in a person's name."""


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(TokenFact):
    """A program may no longer act in a person's name."""


@dataclass(frozen=True, kw_only=True)
class InvitationFact(Event):
    """What every fact about an invitation says: whom it is for."""

    OBJECT: ClassVar[str] = "invitation"
    email: str


@dataclass(frozen=True, kw_only=True)
class ColleagueInvited(InvitationFact):
    """A company asked a colleague to join; the mail is made from this."""

    role: str


@dataclass(frozen=True, kw_only=True)
class InvitationWithdrawn(InvitationFact):
    """The invitation's link works no longer."""


@dataclass(frozen=True, kw_only=True)
class InvitationAccepted(InvitationFact):
    """The colleague joined; the link is used up."""

    person_id: int
