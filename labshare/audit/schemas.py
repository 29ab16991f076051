"""How the journal is asked for and written on the wire, and the settings in force."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from labshare.audit.queries import Sought
from labshare.audit.sentences import OBJECTS, SENTENCES, sentence
from labshare.audit.sentences.shape import Line
from labshare.kernel.errors import N_
from labshare.web.bodies import Line as LineOfText
from labshare.web.bodies import Moment, OneOf, Whole
from labshare.web.i18n import say
from labshare.web.paging import PageArguments

_ID = 10**18 - 1
FILTERS = ("object", "object_id", "person", "company", "kind", "from", "to")


class SoughtIn(PageArguments):
    """Which lines of the journal; all that are given hold together. Loads to the page's limit, cursor and `sought`."""

    object = fields.String(validate=OneOf(OBJECTS), metadata={"description": "What it happened to."})
    object_id = Whole(0, _ID, metadata={"description": "Which of them; needs `object`."})
    person = LineOfText(254, metadata={"description": "Who did it: a number or an e-mail address."})
    company = Whole(0, _ID, metadata={"description": "Whose matter it is."})
    kind = fields.String(validate=OneOf(sorted(SENTENCES)), metadata={"example": "booking_approved"})
    since = Moment(data_key="from", metadata={"description": "From this moment on."})
    until = Moment(data_key="to", metadata={"description": "Before this moment."})

    @validates_schema(skip_on_field_errors=True)
    def sensible(self, data: dict[str, Any], **_rest: Any) -> None:
        """A number is one of something, and time goes forward."""
        if "object_id" in data and "object" not in data:
            raise ValidationError([N_("Say of what this is the number.")], "object")
        if "since" in data and "until" in data and data["since"] >= data["until"]:
            raise ValidationError([N_("Must be after the start.")], "to")

    @post_load
    def sought(self, data: dict[str, Any], **_rest: Any) -> dict[str, Any]:
        """The filters as one value beside what the list is paged by."""
        paged: dict[str, Any] = {name: data.pop(name) for name in ("limit", "cursor", "format") if name in data}
        return {**paged, "sought": Sought(**data)}


class JournalIn(SoughtIn):
    """Which lines of the journal, and in which form."""

    format = fields.String(
        load_default="json",
        validate=OneOf(("json", "csv")),
        metadata={"description": "csv: up to 10,000 lines whatever the limit; a Link names what follows."},
    )


def _company(line: Line) -> dict[str, Any] | None:
    return None if line.company is None else {"id": line.company_id, "name": line.company}


def _by(line: Line) -> dict[str, Any] | None:
    return None if line.who is None else {"id": line.actor_id, "name": line.who}


class EntryOut(Schema):
    """One line of the journal; `by` is null where it happened by itself, `company` where it is nobody's matter."""

    id = fields.Integer(required=True)
    at = Moment(required=True)
    kind = fields.String(required=True, metadata={"example": "booking_approved"})
    object = fields.String(required=True, metadata={"example": "booking"})
    object_id = fields.Integer(required=True)
    company = fields.Function(_company, metadata={"type": ["object", "null"]})
    by = fields.Function(_by, metadata={"type": ["object", "null"]})
    sentence = fields.Function(lambda line: say(sentence(line)), metadata={"type": "string"})
    data = fields.Dict(required=True, metadata={"description": "What the fact says, as it was written."})


class JournalOut(Schema):
    """A page of the journal, newest first."""

    items = fields.List(fields.Nested(EntryOut), required=True)
    next = fields.String(allow_none=True, required=True)


class SettingOut(Schema):
    """One setting in force."""

    name = fields.String(required=True, metadata={"example": "LABSHARE_COMPANIES_GOAL", "description": "The variable."})
    value = fields.String(required=True, allow_none=True, metadata={"description": "Null where it may hold a secret."})
    is_set = fields.Boolean(required=True)
    meaning = fields.Function(lambda one: gettext(one.meaning), required=True, metadata={"type": "string"})


class SettingsOut(Schema):
    """Every setting, in the order of README's table."""

    items = fields.List(fields.Nested(SettingOut), required=True)
    next = fields.String(allow_none=True, required=True)
