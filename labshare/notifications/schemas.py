"""How messages, choices and mails are read and written on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from labshare.notifications import recipes, wording
from labshare.notifications.models import DEAD, STATES
from labshare.web.bodies import Moment, OneOf, Whole
from labshare.web.i18n import say
from labshare.web.paging import PageArguments


class MessagesIn(PageArguments):
    """Which of one's messages."""

    unread = fields.Boolean(load_default=False, metadata={"description": "Only what is not read yet."})


class MessageOut(Schema):
    """One fact that the reader is told."""

    id = fields.Integer(required=True)
    at = Moment(attribute="fact.at", required=True)
    group = fields.String(required=True, metadata={"enum": list(recipes.GROUPS)})
    kind = fields.String(attribute="fact.kind", required=True, metadata={"example": "booking_approved"})
    title = fields.Function(lambda one: say(wording.subject(one.fact)), metadata={"type": "string"})
    text = fields.Function(lambda one: say(wording.sentence(one.fact)), metadata={"type": "string"})
    booking = fields.Function(
        lambda one: one.fact.booking.id if one.fact.booking else None, metadata={"type": ["integer", "null"]}
    )
    read = fields.Boolean(required=True)


class MessagesOut(Schema):
    """A page of messages, newest first."""

    items = fields.List(fields.Nested(MessageOut), required=True)
    next = fields.String(allow_none=True, required=True)


class ReadIn(Schema):
    """Up to which message the reader has read."""

    upto = Whole(1, 10**18, required=True)


class UnreadOut(Schema):
    """How many messages are not read; a count stops at 100."""

    unread = fields.Integer(required=True)


class ChoicesIn(Schema):
    """Of which groups mail comes; of all others none does."""

    mail = fields.List(fields.String(validate=OneOf(recipes.GROUPS)), required=True)


class ChoiceOut(Schema):
    """One group of messages, and whether mail of it comes."""

    group = fields.String(required=True)
    meaning = fields.Function(lambda one: say(recipes.GROUPS[one.group]), metadata={"type": "string"})
    mail = fields.Boolean(required=True)


class ChoicesOut(Schema):
    """Every group there is for the reader; there are few, so one page holds them all."""

    items = fields.List(fields.Nested(ChoiceOut), required=True)
    next = fields.String(allow_none=True, required=True)


class DeliveriesIn(PageArguments):
    """Mails in which state."""

    state = fields.String(load_default=DEAD, validate=OneOf(STATES))


class DeliveryOut(Schema):
    """One mail and how it went; not what it says."""

    id = fields.Integer(required=True)
    address = fields.String(required=True)
    kind = fields.String(required=True, metadata={"example": "booking_approved"})
    state = fields.String(required=True, metadata={"enum": list(STATES)})
    tries = fields.Integer(required=True)
    next_try_at = Moment(required=True)
    changed_at = Moment(required=True)
    last_error = fields.String(required=True)


class RetriedOut(Schema):
    """How many dead letters were given new tries; at most 200 at a time."""

    retried = fields.Integer(required=True)


class DeliveriesOut(Schema):
    """A page of mails, newest first."""

    items = fields.List(fields.Nested(DeliveryOut), required=True)
    next = fields.String(allow_none=True, required=True)
