"""What happened to a booking, as a sentence a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from labshare.booking.rules import STATE_WORDS
from labshare.booking.rules.judgement import ASSUMED, CHECKED_IN, CLOSED, OPERATOR, OVERRUN
from labshare.kernel.errors import N_, Text

_TOLD = {
    "booking_requested": N_("%(who)s asked for %(start)s to %(end)s."),
    "booking_approved": N_("%(who)s approved it."),
    "booking_rejected": N_("%(who)s rejected it: %(answer)s"),
    "booking_cancelled": N_("%(who)s cancelled it; it was %(was)s."),
    "booking_moved": N_("%(who)s moved it from %(old_start)s to %(start)s; it is now %(state)s."),
    "booking_over_quota": N_(
        "The company may use less than before: it keeps its time, but no hours until the laboratory waives them."
    ),
    "booking_made_firm": N_("The holiday notice is published; the booking stands."),
    "booking_made_provisional": N_("It is not known any more whether this day is worked: the booking is provisional."),
    "booking_displaced": N_("The laboratory needs this time itself: the hours are given back. It was %(was)s. %(why)s"),
    "offer_made": N_("Another time is held until %(answer_by)s: %(start)s to %(end)s."),
    "offer_accepted": N_("%(who)s took another time: %(start)s to %(end)s."),
    "offer_declined": N_("%(who)s does without another time."),
    "offer_lapsed": N_("The time that was held is free again: nobody answered by %(answer_by)s."),
    "time_freed": N_("The laboratory does not need this time after all; it can be booked again."),
    "offer_withdrawn": N_("The laboratory needs the time that was held after all; another one is looked for."),
    "booking_offered": N_("%(who)s says yes to another time: %(start)s to %(end)s, held until %(answer_by)s."),
    "booking_accepted": N_("%(who)s accepted the time that was offered."),
    "booking_lapsed": N_("Nobody accepted the offer by %(answer_by)s; the time was given back."),
    "booking_endorsed": N_("%(who)s approved it for the company."),
    "booking_handed_over": N_("%(who)s handed it over to %(name)s."),
    "booking_end_changed": N_("%(who)s changed its end from %(old_end)s to %(end)s."),
    "booking_taken_over": N_("Others took the time, so cancelling late costs nothing."),
    "booking_expired": N_("Nobody answered by %(decide_by)s; the time was given back."),
    "booking_started": N_("%(who)s checked in."),
    "booking_completed": N_("%(who)s checked out; used from %(used_from)s to %(used_to)s."),
    "booking_missed": N_("Nobody came; the rest of the time was given to others."),
    "usage_corrected": N_(
        "%(who)s corrected the use: %(used_from)s to %(used_to)s instead of %(was_from)s to %(was_to)s: %(reason)s"
    ),
}
KINDS = _TOLD.keys()
_WITH_A_WORD = N_("%(who)s approved it: %(answer)s")
_BY_ITSELF = N_("Approved at once: this instrument needs no approval.")
_WAIVED = N_("%(who)s approved it, though it is more than the company had left: %(answer)s")
_MORE_THAN_LEFT = {
    "booking_requested": N_("%(who)s asked for %(start)s to %(end)s; it is more than the company has left."),
    "booking_moved": N_(
        "%(who)s moved it from %(old_start)s to %(start)s; it is now %(state)s, and more than the company has left."
    ),
}
_ENDORSED = N_("%(who)s approved it for the company: %(answer)s")
_ANOTHER_END = N_("%(who)s changed its end from %(old_end)s to %(end)s, and let rules pass for it: %(reason)s")
_CHARGED = {
    "booking_cancelled": N_("%(who)s cancelled it too late; %(charge)s %% of its hours are charged."),
    "booking_missed": N_(
        "Nobody came; the rest of the time was given to others. %(charge)s %% of its hours are charged."
    ),
}
_WAITED_FOR = N_(
    "The time became free, and is held for whoever waited for it until %(answer_by)s: %(start)s to %(end)s."
)
_SUSPENDED = N_("The company may not book for now: it was taken back, and costs nothing. It was %(was)s.")
_LATE = {
    "": N_("%(who)s checked in late."),
    OVERRUN: N_("%(who)s checked in late, because somebody else was still there."),
    CLOSED: N_("%(who)s checked in late, because the instrument was out of service."),
}
_MISSED = {
    OVERRUN: N_("Somebody else stayed too long, so it could not begin; this is not held against anybody."),
    CLOSED: N_("The instrument was out of service, so it could not begin; this is not held against anybody."),
}
USE_WORDS = {
    CHECKED_IN: N_("checked in and out"),
    OPERATOR: N_("entered by the laboratory"),
    ASSUMED: N_("assumed as booked"),
    "late": N_("late"),
    "overtime": N_("overtime"),
    "left_early": N_("left early"),
    OVERRUN: N_("excused: somebody else was still there"),
    CLOSED: N_("excused: the instrument was out of service"),
}
CAUSE_WORDS = {
    "maintenance": N_("The instrument is maintained then."),
    "outage": N_("The instrument broke down."),
    "closed_day": N_("The laboratory is closed that day."),
    "retired": N_("The instrument is retired."),
    "channels": N_("The instrument has fewer channels from now on."),
}
OFFER_WORDS = {
    "waiting": N_("another time is looked for"),
    "offered": N_("another time is held"),
    "accepted": N_("took another time"),
    "declined": N_("does without another time"),
    "lapsed": N_("did not answer in time"),
}
WAIT_WORDS = {
    "waiting": N_("in line"),
    "offered": N_("held for you"),
    "taken": N_("taken"),
    "passed": N_("passed on to the next"),
    "left": N_("does not wait any more"),
    "over": N_("did not become free"),
}
_ENTERED = N_("%(who)s entered that it was used from %(used_from)s to %(used_to)s.")
_ASSUMED = N_("Nobody checked out; taken as used from %(used_from)s to %(used_to)s.")
_WITH_A_PROBLEM = N_("%(who)s checked out; used from %(used_from)s to %(used_to)s. A problem was reported: %(problem)s")


def sentence(kind: str, data: Mapping[str, Any], who: str | None, zone: ZoneInfo) -> Text:
    """One entry of a booking's history; moments are written in the site's zone."""
    before, after = data.get("before", {}), data.get("after", {})
    used_from = data.get("used_from") or after.get("starts_at")
    return Text(
        _template(kind, data, who).msgid,
        {
            "who": who or "LabShare",
            "start": _moment(data["starts_at"], zone),
            "end": _until(data["ends_at"], data["starts_at"], zone),
            "old_end": _moment(data.get("old_ends_at"), zone),
            "old_start": _moment(data.get("old_starts_at"), zone),
            "answer_by": _moment(data.get("answer_by"), zone),
            "why": CAUSE_WORDS.get(data.get("cause", ""), ""),
            "decide_by": _moment(data.get("decide_by"), zone),
            "used_from": _moment(used_from, zone),
            "used_to": _until(data.get("used_to") or after.get("ends_at"), used_from, zone),
            "was_from": _moment(before.get("starts_at"), zone),
            "was_to": _until(before.get("ends_at"), before.get("starts_at"), zone),
            "answer": data.get("answer", ""),
            "name": data.get("name", ""),
            "problem": data.get("problem", ""),
            "reason": data.get("reason", ""),
            "charge": data.get("charge", 0),
            "was": STATE_WORDS.get(data.get("was", ""), ""),
            "state": STATE_WORDS.get(data.get("state", ""), ""),
        },
    )


def _template(kind: str, data: Mapping[str, Any], who: str | None) -> Text:
    """The words that fit what the fact says."""
    if kind == "booking_approved":
        if who is not None and data.get("waived"):
            return _WAIVED
        return _BY_ITSELF if who is None else _WITH_A_WORD if data.get("answer") else _TOLD[kind]
    if kind == "booking_offered" and data.get("waitlist_id"):
        return _WAITED_FOR
    if kind == "booking_endorsed" and data.get("answer"):
        return _ENDORSED
    if kind == "booking_end_changed" and data.get("waived"):
        return _ANOTHER_END
    if kind in _MORE_THAN_LEFT and data.get("over_quota"):
        return _MORE_THAN_LEFT[kind]
    if kind == "booking_cancelled" and data.get("why"):
        return _SUSPENDED
    if kind in _CHARGED and data.get("charge"):
        return _CHARGED[kind]
    if kind == "booking_started" and data.get("late"):
        return _LATE.get(data.get("excuse", ""), _LATE[""])
    if kind == "booking_missed":
        return _MISSED.get(data.get("excuse", ""), _TOLD[kind])
    if kind == "booking_completed":
        if who is None:
            return _ASSUMED
        if data.get("source") == OPERATOR:
            return _ENTERED
        return _WITH_A_PROBLEM if data.get("problem") else _TOLD[kind]
    return _TOLD[kind]


def _moment(said: str | None, zone: ZoneInfo) -> Any:
    return datetime.fromisoformat(said).astimezone(zone) if said else ""


def _until(said: str | None, since: str | None, zone: ZoneInfo) -> Any:
    """The end of a stretch of time: its day is said again only where it is another than the beginning's."""
    first, last = _moment(since, zone), _moment(said, zone)
    return f"{last:%H:%M}" if first and last and first.date() == last.date() else last
