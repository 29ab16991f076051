"""What people do with companies, people, roles and sites: one function a verb."""

from labshare.people.services.accounts import add_person, choose_language
from labshare.people.services.signing_in import sign_in, sign_out, sign_out_everywhere
from labshare.people.services.tokens import create_token, revoke_token

__all__ = [
    "add_person",
    "choose_language",
    "create_token",
    "revoke_token",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
]
