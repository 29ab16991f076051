"""What happened to a window, as a sentence a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from labshare.kernel.errors import N_, Text

_TOLD = {
    "window_planned": N_("%(who)s planned it for %(start)s to %(end)s."),
    "window_changed": N_("%(who)s changed what is said of it."),
    "window_cancelled": N_("%(who)s called it off."),
    "window_opened": N_("It began."),
    "window_closed": N_("Its time was over."),
    "window_coming_up": N_("Those who are there around it were reminded."),
    "document_added": N_("%(who)s added %(name)s."),
    "document_removed": N_("%(who)s removed %(name)s."),
}
_HIT = {
    "window_planned": N_("%(who)s planned it for %(start)s to %(end)s; bookings displaced: %(displaced)s."),
    "window_changed": N_(
        "%(who)s moved it from %(old_start)s to %(start)s, until %(end)s; bookings displaced: %(displaced)s."
    ),
}
_MOVED = N_("%(who)s moved it from %(old_start)s to %(start)s, until %(end)s.")
_ENDED = N_("%(who)s ended it early.")


def sentence(kind: str, data: Mapping[str, Any], who: str | None, zone: ZoneInfo) -> Text:
    """One entry of a window's history; moments are written in the site's zone."""
    moments = {"start": "starts_at", "end": "ends_at", "old_start": "old_starts_at"}
    said: dict[str, Any] = {name: _moment(data.get(source), zone) for name, source in moments.items()}
    said |= {"who": who or "LabShare", "name": data.get("name", ""), "displaced": data.get("displaced", 0)}
    return Text(_template(kind, data).msgid, said)


def _template(kind: str, data: Mapping[str, Any]) -> Text:
    """The words that fit what the fact says."""
    if kind == "window_cancelled" and data.get("was") == "open":
        return _ENDED
    if data.get("displaced"):
        return _HIT[kind]
    if kind == "window_changed" and (data["old_starts_at"], data["old_ends_at"]) != (
        data["starts_at"],
        data["ends_at"],
    ):
        return _MOVED
    return _TOLD[kind]


def _moment(said: str | None, zone: ZoneInfo) -> Any:
    return datetime.fromisoformat(said).astimezone(zone) if said else ""
