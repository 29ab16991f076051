"""Sites, companies, people, tokens and invitations."""

from __future__ import annotations

from labshare.audit.sentences.shape import Line, Table, called, joined, site
from labshare.kernel.errors import N_, Text
from labshare.people import events
from labshare.web.i18n import LANGUAGES

ROLES = {
    "member": N_("Member"),
    "company_admin": N_("Company administrator"),
    "lab_manager": N_("Lab manager"),
    "admin": N_("Admin"),
}
STATES = {
    "pending": N_("Waiting"),
    "active": N_("Active"),
    "rejected": N_("Declined"),
    "suspended": N_("Suspended"),
}
SITE_FIELDS = {
    "name_en": N_("Name in English"),
    "name_zh": N_("Name in Chinese"),
    "zone": N_("Time zone"),
    "address": N_("Address"),
}
COMPANY_FIELDS = {
    "name": N_("Registered name"),
    "name_en": N_("English name"),
    "org_id_type": N_("Kind of code"),
    "org_id": N_("Code"),
    "kind": N_("Kind of organisation"),
    "contact_name": N_("Whom to call"),
    "contact_phone": N_("Phone"),
}


def _roles(*codes: str) -> str | Text:
    return joined(called(ROLES, code) for code in codes)


def _site_changed(line: Line) -> Text:
    fields = joined(called(SITE_FIELDS, one) for one in line.data["changed"])
    return N_("%(who)s changed the site %(site)s: %(fields)s.", fields=fields)


def _company_added(line: Line) -> Text:
    return N_("%(who)s entered the company %(name)s: %(state)s.", state=called(STATES, line.data["state"]))


def _in_house(line: Line) -> Text:
    minutes = line.data["minutes"]
    if minutes is None:
        return N_("%(who)s lets bookings of %(name)s go to the laboratory without a yes of its own.")
    if not minutes:
        return N_("%(who)s lets the admins of %(name)s approve all of its bookings first.")
    hours = minutes // 60
    return N_("%(who)s lets the admins of %(name)s approve bookings of %(hours)s hours or more first.", hours=hours)


def _company_changed(line: Line) -> Text:
    fields = joined(called(COMPANY_FIELDS, one) for one in line.data["changed"])
    return N_("%(who)s changed the company %(name)s: %(fields)s.", fields=fields)


def _person_added(line: Line) -> Text:
    return N_("%(who)s added %(name)s: %(roles)s.", roles=_roles(*line.data["roles"]))


def _person_joined(line: Line) -> Text:
    return N_("%(name)s joined %(company)s: %(role)s.", role=_roles(line.data["role"]))


def _roles_changed(line: Line) -> Text:
    roles = _roles(*line.data["roles"])
    deputy = set(line.data.get("deputy_ids", ()))
    sites = [site(line.names, number) for number in line.data.get("site_ids", ()) if number not in deputy]
    stands_in = [site(line.names, number) for number in line.data.get("deputy_ids", ())]
    if sites and stands_in:
        return N_(
            "%(who)s gave %(person)s other roles: %(roles)s, for %(sites)s; as a deputy for %(stands_in)s.",
            roles=roles,
            sites=joined(sites),
            stands_in=joined(stands_in),
        )
    if stands_in:
        return N_(
            "%(who)s gave %(person)s other roles: %(roles)s, as a deputy for %(stands_in)s.",
            roles=roles,
            stands_in=joined(stands_in),
        )
    if sites:
        return N_("%(who)s gave %(person)s other roles: %(roles)s, for %(sites)s.", roles=roles, sites=joined(sites))
    return N_("%(who)s gave %(person)s other roles: %(roles)s.", roles=roles)


def _language(line: Line) -> Text:
    spoken = line.data["language"]
    return N_("%(person)s reads %(language)s now.", language=LANGUAGES.get(spoken, spoken))


def _invited(line: Line) -> Text:
    return N_("%(who)s invited %(email)s to %(company)s: %(role)s.", role=_roles(line.data["role"]))


TOLD: Table = {
    # sites
    events.SiteAdded.kind(): N_("%(who)s added the site %(site)s."),
    events.SiteChanged.kind(): _site_changed,
    # companies
    events.CompanyRegistered.kind(): N_("%(name)s was registered by %(person)s and waits to be let in."),
    events.CompanyAdded.kind(): _company_added,
    events.CompanyChanged.kind(): _company_changed,
    events.CompanyApproved.kind(): N_("%(who)s let the company %(name)s in."),
    events.CompanyRejected.kind(): N_("%(who)s did not let the company %(name)s in: %(reason)s"),
    events.CompanySuspended.kind(): N_("%(who)s suspended the company %(name)s: %(reason)s"),
    events.InHouseApprovalSet.kind(): _in_house,
    events.CompanyReactivated.kind(): N_("%(who)s let the company %(name)s book again."),
    # people
    events.PersonAdded.kind(): _person_added,
    events.PersonJoined.kind(): _person_joined,
    events.PersonRenamed.kind(): N_("%(who)s goes by another name from now on: %(name)s."),
    events.PersonRemoved.kind(): N_("%(who)s took every access from %(name)s."),
    events.RolesChanged.kind(): _roles_changed,
    events.LanguageChosen.kind(): _language,
    events.PasswordResetAsked.kind(): N_("A link to set a new password was asked for in the name of %(person)s."),
    events.PasswordReset.kind(): N_("%(person)s set a new password by a mailed link."),
    events.PasswordChanged.kind(): N_("%(person)s changed the password."),
    events.SignedOutEverywhere.kind(): N_("%(person)s signed out everywhere."),
    # tokens and invitations
    events.TokenCreated.kind(): N_("%(who)s created the API token “%(name)s” of %(person)s."),
    events.TokenRevoked.kind(): N_("%(who)s revoked the API token “%(name)s” of %(person)s."),
    events.ColleagueInvited.kind(): _invited,
    events.InvitationWithdrawn.kind(): N_("%(who)s withdrew the invitation of %(email)s to %(company)s."),
    events.InvitationAccepted.kind(): N_("%(person)s took up the invitation of %(email)s to %(company)s."),
}
