"""How companies, people and sites are written and read on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from labshare.web.paging import PageArguments


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
    sites = fields.List(
        fields.String(), required=True, metadata={"description": "Codes of the sites they manage."}
    )


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
    created_at = fields.AwareDateTime(format="iso", required=True)


class CompaniesOut(Schema):
    """Some companies, and where the next ones begin."""

    items = fields.List(fields.Nested(CompanyOut), required=True)
    next = fields.String(required=True, allow_none=True)


class CompaniesArguments(PageArguments):
    """Which companies."""

    q = fields.String(load_default="", metadata={"description": "Part of a name or of the code."})
    state = fields.String(
        load_default="", metadata={"description": "pending, active, rejected or suspended."}
    )


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
