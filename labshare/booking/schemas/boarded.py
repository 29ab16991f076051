"""Today's board on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from labshare.booking.board import STANDINGS, Line
from labshare.booking.schemas.told import BookingOut, InstrumentNameOut
from labshare.web.bodies import Line as Text
from labshare.web.bodies import OneOf
from labshare.web.i18n import own


class BoardIn(Schema):
    """Of which site."""

    site = Text(30, load_default="", metadata={"description": "The site's code; without it all of the reader's."})


class PresentOut(Schema):
    """A booking whose time is now."""

    standing = fields.String(required=True, validate=OneOf(("overrunning", "late", "in_use")))
    booking = fields.Nested(BookingOut, required=True)


class BoardLineOut(Schema):
    """One instrument as it stands now."""

    instrument = fields.Nested(InstrumentNameOut, required=True)
    site = fields.String(required=True, metadata={"description": "Its code."})
    standing = fields.String(required=True, validate=OneOf(tuple(STANDINGS)))
    present = fields.List(fields.Nested(PresentOut), required=True)
    channels = fields.Integer(required=True)
    free_channels = fields.Integer(required=True, metadata={"description": "Open, and taken by nothing now."})
    next = fields.Nested(
        BookingOut, required=True, allow_none=True, metadata={"description": "The next one that is approved."}
    )


class BoardOut(Schema):
    """Every instrument of the reader's sites, by site, what asks for attention first."""

    items = fields.List(fields.Nested(BoardLineOut), required=True)
    next = fields.String(allow_none=True)


def line_out(line: Line) -> dict[str, Any]:
    """One instrument as it stands now, as it goes over the wire."""
    known, told = line.known, BookingOut()
    return {
        "instrument": {"code": known.code, "name": own(known.name_en, known.name_zh)},
        "site": known.site_code,
        "standing": line.standing,
        "present": [{"standing": one.standing, "booking": told.dump(one.booking)} for one in line.present],
        "channels": known.channels,
        "free_channels": line.free_channels,
        "next": told.dump(line.next) if line.next else None,
    }
