"""How companies, people and sites are written and read on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from labshare.people.lifecycle import STATES
from labshare.people.policy import COMPANY_ROLES
from labshare.people.rules import KINDS, ORG_ID_TYPES
from labshare.web.bodies import Length, Line, OneOf, Whole
from labshare.web.paging import PageArguments

LONGEST_HOURS = 2400  # no booking is longer


class CompanyRef(Schema):
    """A company as other things name it."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)


class MeOut(Schema):
    """Who the token is."""

    id = fields.Integer(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    language = fields.String(required=True, allow_none=True)
    company = fields.Nested(CompanyRef, required=True, allow_none=True)
    sites = fields.List(fields.String(), required=True, metadata={"description": "Codes of the sites they manage."})


class CompanyOut(Schema):
    """A company's particulars."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    org_id_type = fields.String(required=True, metadata={"description": "`uscc` or `foreign`."})
    org_id = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    contact_name = fields.String(required=True)
    contact_phone = fields.String(required=True)
    in_house_hours = fields.Function(
        lambda one: None if one.in_house_minutes is None else one.in_house_minutes / 60,
        metadata={
            "type": ["number", "null"],
            "description": "Bookings of so many hours or more its own admins approve first; 0: all, null: none.",
        },
    )
    created_at = fields.AwareDateTime(format="iso", required=True)


class CompaniesOut(Schema):
    """Some companies, and where the next ones begin."""

    items = fields.List(fields.Nested(CompanyOut), required=True)
    next = fields.String(required=True, allow_none=True)


class CompaniesArguments(PageArguments):
    """Which companies."""

    q = Line(200, least=0, load_default="", metadata={"description": "Part of a name or of the code."})
    state = fields.String(load_default="", validate=OneOf(("", *STATES)))


class SiteOut(Schema):
    """A laboratory site."""

    code = fields.String(required=True)
    name_en = fields.String(required=True)
    name_zh = fields.String(required=True)
    zone = fields.String(required=True, metadata={"example": "Asia/Shanghai"})
    address = fields.String(required=True)


class SitesOut(Schema):
    """Every site."""

    items = fields.List(fields.Nested(SiteOut), required=True)
    next = fields.String(required=True, allow_none=True)


# ---------------------------------------------------------------- what forms send; services check what it means


class Secret(fields.String):
    """A password as it was typed, letter by letter; how long it must be is the rules' to say."""

    def __init__(self) -> None:
        super().__init__(required=True, validate=Length(min=1, max=1000))


class ForgottenIn(Schema):
    """Whose password is forgotten."""

    email = Line(254, required=True)


class PasswordIn(Schema):
    """A new password."""

    password = Secret()


class ChangePasswordIn(PasswordIn):
    """A new password, and the one until now."""

    current = Secret()


class NameIn(Schema):
    """What somebody is called."""

    name = Line(120, required=True)


class JoinIn(NameIn):
    """Who takes up an invitation."""

    password = Secret()


class TokenIn(Schema):
    """What a token is for."""

    name = Line(120, required=True)


class RegisterIn(Schema):
    """A company and its first person."""

    name = Line(200, required=True)
    name_en = Line(200, load_default="")
    org_id_type = fields.String(load_default="uscc", validate=OneOf(ORG_ID_TYPES))
    org_id = Line(80, required=True)
    kind = fields.String(load_default="company", validate=OneOf(KINDS))
    contact_name = Line(120, load_default="")
    contact_phone = Line(40, load_default="")
    person_name = Line(120, required=True)
    email = Line(254, required=True)
    password = Secret()


class CompanyChangeIn(Schema):
    """What is to be said of a company instead; its state is not among it."""

    name = Line(200)
    name_en = Line(200, least=0)
    org_id_type = fields.String(validate=OneOf(ORG_ID_TYPES))
    org_id = Line(80)
    kind = fields.String(validate=OneOf(KINDS))
    contact_name = Line(120, least=0)
    contact_phone = Line(40, least=0)


class InHouseIn(Schema):
    """From how many hours on a company's own admins approve first: 0 is every booking, null is none."""

    hours = Whole(0, LONGEST_HOURS, required=True, allow_none=True, metadata={"example": 4})


class ReasonIn(Schema):
    """Why the laboratory says no."""

    reason = Line(500, required=True)


class InviteIn(Schema):
    """Whom a company asks to join, and as what."""

    email = Line(254, required=True)
    role = fields.String(load_default="member", validate=OneOf(COMPANY_ROLES))


class RoleIn(Schema):
    """A role in a company."""

    role = fields.String(required=True, validate=OneOf(COMPANY_ROLES))


class StaffIn(Schema):
    """Somebody new at the laboratory; sites by code."""

    email = Line(254, required=True)
    name = Line(120, required=True)
    role = fields.String(required=True, validate=OneOf(("lab_manager", "admin")))
    sites = fields.List(Line(30), load_default=list)


class StaffRolesIn(Schema):
    """Roles of the laboratory's; sites by id."""

    admin = fields.Boolean(load_default=False)
    sites = fields.List(Whole(1, 10**18), load_default=list)
    deputy_of = fields.List(Whole(1, 10**18), load_default=list)


class SiteChangeIn(Schema):
    """What is to be said of a site."""

    name_en = Line(120, required=True)
    name_zh = Line(120, required=True)
    zone = Line(60, required=True)
    address = Line(200, least=0, load_default="")


class SiteIn(SiteChangeIn):
    """A new site."""

    code = Line(30, required=True)


class ImportIn(Schema):
    """A CSV file's text, and whether only to look."""

    text = fields.String(required=True, validate=Length(min=1))
    dry_run = fields.Boolean(load_default=False)
