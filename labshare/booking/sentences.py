"""What happened to a booking, as a sentence a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from labshare.booking.rules import STATE_WORDS
from labshare.kernel.errors import N_, Text

_TOLD = {
    "booking_requested": N_("%(who)s asked for %(start)s to %(end)s."),
    "booking_approved": N_("%(who)s approved it."),
    "booking_rejected": N_("%(who)s rejected it: %(answer)s"),
    "booking_cancelled": N_("%(who)s cancelled it; it was %(was)s."),
    "booking_moved": N_("%(who)s moved it from %(old_start)s to %(start)s; it is now %(state)s."),
}
_WITH_A_WORD = N_("%(who)s approved it: %(answer)s")
_BY_ITSELF = N_("Approved at once: this instrument needs no approval.")


def sentence(kind: str, data: Mapping[str, Any], who: str | None, zone: ZoneInfo) -> Text:
    """One entry of a booking's history; moments are written in the site's zone."""
    if kind == "booking_approved" and who is None:
        return _BY_ITSELF
    template = _WITH_A_WORD if kind == "booking_approved" and data.get("answer") else _TOLD[kind]
    return Text(
        template.msgid,
        {
            "who": who or "LabShare",
            "start": _moment(data["starts_at"], zone),
            "end": _moment(data["ends_at"], zone),
            "old_start": _moment(data.get("old_starts_at"), zone),
            "answer": data.get("answer", ""),
            "was": STATE_WORDS.get(data.get("was", ""), ""),
            "state": STATE_WORDS.get(data.get("state", ""), ""),
        },
    )


def _moment(said: str | None, zone: ZoneInfo) -> Any:
    return datetime.fromisoformat(said).astimezone(zone) if said else ""
