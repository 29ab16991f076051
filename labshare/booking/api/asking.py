"""Bookings and the timeline by JSON."""

from __future__ import annotations

from typing import Any

from flask import Response

from labshare.booking import access, displacement, free, presence, queries, schedule, services, waivers
from labshare.booking.api.frame import as_json, blp
from labshare.booking.models import Booking
from labshare.booking.presence import Use
from labshare.booking.queries import Seen
from labshare.booking.schemas import (
    AcceptIn,
    ApproveIn,
    BookingIn,
    BookingOut,
    BookingShownOut,
    BookingsOut,
    CheckIn,
    CheckOutIn,
    FreeAnywhereIn,
    FreeIn,
    FreesAnywhereOut,
    FreesOut,
    ListIn,
    MoveIn,
    OfferIn,
    RejectIn,
    Shown,
    TimelineIn,
    TimelineOut,
    UsageIn,
    UsageOut,
    VerdictOut,
    VersionIn,
    listing,
    nothing_used,
    shares_out,
)
from labshare.booking.services.asking import Draft
from labshare.booking.services.offering import Wish
from labshare.instruments import queries as catalogue
from labshare.instruments import search
from labshare.kernel import clock
from labshare.kernel.db import WrittenDateTime
from labshare.kernel.retry import Retry
from labshare.kernel.slots import Slot
from labshare.web.errors import alternative_out, reasons_out
from labshare.web.guard import actor, first
from labshare.web.i18n import own
from labshare.web.paging import page


@blp.post("/bookings")
@blp.changes(201, BookingOut, body=BookingIn)
def request(draft: Draft, retry: Retry | None) -> Seen:
    """Ask for time; it is held at once.

    Approved by itself where the instrument needs no approval; refused with every reason and alternatives.
    """
    return services.request(actor(), draft, retry)


@blp.post("/bookings/check")
@blp.refuses(400, 403, 404, 413, 415, 422)
@blp.arguments(CheckIn)
@blp.response(200, VerdictOut)
def check(draft: Draft) -> Response:
    """Dry run: would this request pass, and what else would?"""
    verdict = services.check(actor(), draft)
    return as_json(
        {
            "allowed": verdict.allowed,
            "reasons": reasons_out(verdict.reasons),
            "alternatives": [alternative_out(one) for one in verdict.alternatives],
            "estimate_cny": verdict.estimate_cny,
            "decide_by": verdict.decide_by.isoformat() if verdict.decide_by else None,
            "over_quota": verdict.over_quota,
            "provisional": verdict.facts.provisional,
            "in_house": verdict.facts.in_house,
            "account": shares_out(verdict.facts.shares),
        }
    )


@blp.get("/bookings")
@blp.refuses(422)
@blp.arguments(ListIn, location="query")
@blp.response(200, BookingsOut)
def listed(query: dict[str, Any]) -> Response:
    """The bookings the actor may see, by start."""
    limit, cursor = query.pop("limit"), query.pop("cursor")
    statement = queries.listed(actor(), company_id=query.pop("company", None), **query)
    found = page(statement, Booking.starts_at, Booking.id, limit, cursor)
    return as_json(listing([Seen(*row) for row in found.items], found.next))


@blp.get("/bookings/<id:booking_id>")
@blp.refuses(404)
@blp.response(200, BookingShownOut)
def shown(booking_id: int) -> Shown:
    """One booking, and what was waived for it; a displaced one with the time that is held, and others that are free."""
    seen = queries.seen(actor(), booking_id)
    return Shown(seen, displacement.way_on(seen, clock.now()), waivers.of_bookings([seen.id])[seen.id])


@blp.post("/bookings/<id:booking_id>/approve")
@first(access.mover("approve"))
@blp.changes(200, BookingOut, body=ApproveIn)
def approve(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Say yes to a request; what stands in its way and may be waived is waived by name, with a reason."""
    reason, version = body.get("reason", ""), body.get("version")
    return services.approve(actor(), booking_id, reason, version, retry, waive=body["waive"])


@blp.post("/bookings/<id:booking_id>/offer")
@first(access.mover("offer"))
@blp.changes(200, BookingOut, body=OfferIn)
def offer(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Say yes to another time: it is held until the company accepts, or for so long that it could have."""
    slot = Slot(body["starts_at"], body["ends_at"])
    word = {"answer": body.get("reason", ""), "waive": body["waive"], "version": body.get("version")}
    return services.offer(actor(), booking_id, slot, **word, retry=retry)


@blp.post("/bookings/<id:booking_id>/reject")
@first(access.mover("reject"))
@blp.changes(200, BookingOut, body=RejectIn)
def reject(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Say no to a request, and why."""
    return services.reject(actor(), booking_id, body["reason"], body.get("version"), retry)


@blp.post("/bookings/<id:booking_id>/cancel")
@first(access.mover("cancel"))
@blp.changes(200, BookingOut, body=VersionIn)
def cancel(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Give the time back before it begins."""
    return services.cancel(actor(), booking_id, body.get("version"), retry)


@blp.post("/bookings/<id:booking_id>/move")
@first(access.mover("move"))
@blp.changes(200, BookingOut, body=MoveIn)
def move(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Ask for another time on the same instrument."""
    slot = Slot(body["starts_at"], body["ends_at"])
    return services.move(actor(), booking_id, slot, body.get("version"), retry)


@blp.post("/bookings/<id:booking_id>/accept")
@first(access.mover("accept"))
@blp.changes(200, BookingOut, body=AcceptIn)
def accept(wish: Wish | None, booking_id: int, retry: Retry | None) -> Seen:
    """Take the time that is held for the company.

    Of a displaced booking, or another free one instead; that answers the new booking.
    """
    return services.accept(actor(), booking_id, wish, retry)


@blp.post("/bookings/<id:booking_id>/decline")
@first(access.mover("decline"))
@blp.changes(200, BookingOut, body=VersionIn)
def decline(_body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Do without another time for a displaced booking; what is held is free at once."""
    return services.decline(actor(), booking_id, retry)


@blp.post("/bookings/<id:booking_id>/check-in")
@first(access.mover("check_in"))
@blp.changes(200, BookingOut, body=VersionIn)
def check_in(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """Begin to use what was booked, from some minutes before its start on."""
    return services.check_in(actor(), booking_id, body.get("version"), retry)


@blp.post("/bookings/<id:booking_id>/check-out")
@first(access.mover("check_out"))
@blp.changes(200, BookingOut, body=CheckOutIn)
def check_out(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Seen:
    """End the use; the rest of the time is free at once."""
    return services.check_out(actor(), booking_id, **body, retry=retry)


@blp.post("/bookings/<id:booking_id>/usage")
@first(access.mover("record"))
@blp.changes(200, UsageOut, body=UsageIn)
def record(body: dict[str, Any], booking_id: int, retry: Retry | None) -> Use:
    """Enter what was used of a booking that has begun, or correct it; for the laboratory's staff."""
    slot = Slot(body.pop("starts_at"), body.pop("ends_at"))
    return services.record(actor(), booking_id, slot, **body, retry=retry)


@blp.get("/bookings/<id:booking_id>/usage")
@blp.refuses(404)
@blp.response(200, UsageOut)
def usage(booking_id: int) -> Use | dict[str, Any]:
    """What was really used of a booking."""
    queries.seen(actor(), booking_id)
    return presence.use_of(booking_id) or nothing_used(booking_id)


@blp.get("/instruments/<code>/free")
@first(lambda _actor, code: catalogue.known(code))
@blp.refuses(404, 422)
@blp.arguments(FreeIn, location="query")
@blp.response(200, FreesOut)
def free_slots(query: dict[str, Any], code: str) -> Response:
    """Every slot of this length on the grid that would pass the rules, each by itself."""
    found = free.of_instrument(catalogue.known(code), query["window"], query["minutes"], clock.now())
    items = [{"starts_at": slot.start.isoformat(), "ends_at": slot.end.isoformat()} for slot in found]
    return as_json({"items": items, "next": None})


@blp.get("/free")
@blp.refuses(404, 422)
@blp.arguments(FreeAnywhereIn, location="query")
@blp.response(200, FreesAnywhereOut)
def free_anywhere(query: dict[str, Any]) -> Response:
    """Free slots of this length on many instruments, the earliest first; each would pass the rules by itself."""
    named = query["instrument"]
    known = catalogue.known_all(named) if named else search.bookable(actor(), query["category"], query["site"])
    found = free.page(known, query["window"], query["minutes"], clock.now(), query["limit"], query["cursor"])
    return as_json({"items": [alternative_out(one) for one in found.items], "next": found.next})


@blp.get("/timeline")
@blp.refuses(404, 422)
@blp.arguments(TimelineIn, location="query")
@blp.response(200, TimelineOut)
def timeline(query: dict[str, Any]) -> Response:
    """Who holds which time: your own in full, others as busy."""
    known = catalogue.known_all(query["instrument"]) if query["instrument"] else catalogue.known_in_service()
    names = {one.code: {"code": one.code, "name": own(one.name_en, one.name_zh)} for one in known}
    found = schedule.shown(actor(), [one.id for one in known], query["window"], WrittenDateTime)
    return as_json({"items": [_claim(one, names) for one in found], "next": None})


def _claim(one: Any, names: dict[str, dict[str, str]]) -> dict[str, Any]:
    code, channel, starts_at, ends_at, kind, booking_id, state, company_id, company, _, _, first, last = one
    item: dict[str, Any] = {
        "instrument": names[code],
        "channel": channel,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "kind": kind,
    }
    if booking_id is not None:
        item["booking"] = {
            "id": booking_id,
            "state": state,
            "company": {"id": company_id, "name": company},
            "starts_at": first,
            "ends_at": last,
        }
    return item
