"""What people do with companies, people, roles and sites: one function a verb."""

from labshare.people.services.accounts import add_person, choose_language, rename
from labshare.people.services.companies import FIELDS as COMPANY_FIELDS
from labshare.people.services.companies import (
    approve_company,
    change_company,
    reactivate_company,
    register,
    reject_company,
    set_in_house,
    suspend_company,
)
from labshare.people.services.credentials import ask_reset, change_password, reset_link, reset_password
from labshare.people.services.importing import import_companies
from labshare.people.services.joining import (
    invitation_link,
    invitation_of,
    invite,
    join,
    withdraw_invitation,
)
from labshare.people.services.roles import remove_person, set_company_role, set_staff_roles
from labshare.people.services.signing_in import end_session, sign_in, sign_out, sign_out_everywhere
from labshare.people.services.sites import add_site, change_site
from labshare.people.services.tokens import create_token, revoke_token

__all__ = [
    "COMPANY_FIELDS",
    "add_person",
    "add_site",
    "approve_company",
    "ask_reset",
    "change_company",
    "change_password",
    "change_site",
    "choose_language",
    "create_token",
    "end_session",
    "import_companies",
    "invitation_link",
    "invitation_of",
    "invite",
    "join",
    "reactivate_company",
    "register",
    "reject_company",
    "remove_person",
    "rename",
    "reset_link",
    "reset_password",
    "revoke_token",
    "set_company_role",
    "set_in_house",
    "set_staff_roles",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "suspend_company",
    "withdraw_invitation",
]
