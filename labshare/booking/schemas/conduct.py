"""How the conduct record is written and read on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from labshare.booking.conduct import Barred, Entry, Tally
from labshare.booking.models import HELD_AGAINST
from labshare.booking.rules import conduct as rules
from labshare.booking.schemas import named
from labshare.booking.schemas.asked import BIGGEST_ID, VersionIn
from labshare.web.bodies import Flag, OneOf, Prose, Whole
from labshare.web.paging import PageArguments


class ConductIn(PageArguments):
    """Which entries of the record to list, the newest first."""

    company = Whole(1, BIGGEST_ID)
    person = Whole(1, BIGGEST_ID, metadata={"description": "The person's id."})
    live = Flag(load_default=False, metadata={"description": "Only those that count still."})


class RestrictionsIn(PageArguments):
    """Which restrictions to list, the newest first."""

    company = Whole(1, BIGGEST_ID)
    running = Flag(load_default=False, metadata={"description": "Only those that run still."})


class ObjectIn(VersionIn):
    """Why it should not be held against anybody."""

    objection = Prose(rules.LONGEST_OBJECTION, required=True, metadata={"example": "The door did not open."})


class LiftIn(VersionIn):
    """Why it is lifted; the company reads it."""

    reason = Prose(rules.LONGEST_REASON, required=True, metadata={"example": "It was the laboratory's fault."})


class ConductEntryOut(Schema):
    """What is held against somebody, until when, what they say to it, and whether it was lifted."""

    id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    what = fields.String(required=True, validate=OneOf(HELD_AGAINST))
    booking = fields.Integer(required=True, attribute="booking_id")
    company = named.company()
    person = named.person("Who had booked it.")
    in_person = fields.Boolean(metadata={"description": "False: lab staff had booked it, so the company's alone."})
    instrument = named.instrument()
    starts_at = fields.AwareDateTime(required=True, metadata={"description": "Of the booking."})
    ends_at = fields.AwareDateTime(required=True)
    points = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True, metadata={"description": "From then on it counts nothing."})
    objection = fields.String()
    objected_at = fields.AwareDateTime(allow_none=True)
    lifted_at = fields.AwareDateTime(allow_none=True)
    lifted_by = fields.String(allow_none=True, metadata={"description": "Null: the rules themselves."})
    lift_reason = fields.String()


class ConductEntriesOut(Schema):
    """A page of entries."""

    items = fields.List(fields.Nested(ConductEntryOut), required=True)
    next = fields.String(allow_none=True)


class RestrictionOut(Schema):
    """Whom it keeps from asking for time, and until when; without a person everybody of the company."""

    id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    company = named.company()
    person = named.person("Null: everybody of the company.", nullable=True)
    points = fields.Integer(required=True, metadata={"description": "As it began."})
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    lifted_at = fields.AwareDateTime(allow_none=True)
    lifted_by = fields.String(allow_none=True, metadata={"description": "Null: the rules themselves."})
    lift_reason = fields.String()


class RestrictionsOut(Schema):
    """A page of restrictions."""

    items = fields.List(fields.Nested(RestrictionOut), required=True)
    next = fields.String(allow_none=True)


class LimitOut(Schema):
    """Who has so many points may not ask for so many days."""

    points = fields.Integer(required=True)
    days = fields.Integer(required=True)


class RulesOut(Schema):
    """The published rules."""

    points = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": "By what it is."})
    expire_after_days = fields.Integer(required=True)
    person = fields.Nested(LimitOut, required=True)
    company = fields.Nested(LimitOut, required=True)


class TallyOut(Schema):
    """Points that count now, and how many entries of each kind."""

    points = fields.Integer(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class PersonTallyOut(TallyOut):
    """The same of a person."""

    person = fields.Dict(required=True, metadata={"description": "id, name"})


class CompanyConductOut(TallyOut):
    """How a company and its people stand, what runs against them, and the rules."""

    people = fields.List(fields.Nested(PersonTallyOut), required=True)
    restrictions = fields.List(fields.Nested(RestrictionOut), required=True)
    rules = fields.Nested(RulesOut, required=True)


def rules_out() -> dict[str, Any]:
    """The published rules as they go over the wire."""
    limits = {"person": rules.OF_PERSON, "company": rules.OF_COMPANY}
    told = {name: {"points": one.points, "days": one.lasts.days} for name, one in limits.items()}
    return {"points": rules.POINTS, "expire_after_days": rules.EXPIRES_AFTER.days, **told}


def tally_out(tally: Tally) -> dict[str, Any]:
    """Points and counts, each kind named."""
    return {"points": tally.points, "counts": {what: tally.counts.get(what, 0) for what in HELD_AGAINST}}


def entries_out(found: list[Entry], following: str | None) -> dict[str, Any]:
    """A page of entries as it goes over the wire."""
    return {"items": ConductEntryOut(many=True).dump(found), "next": following}


def restrictions_out(found: list[Barred], following: str | None) -> dict[str, Any]:
    """A page of restrictions as it goes over the wire."""
    return {"items": RestrictionOut(many=True).dump(found), "next": following}
