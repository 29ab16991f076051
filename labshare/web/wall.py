"""What the clock on a site's wall shows: how forms type moments, and show them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def as_moment(said: str, zone: ZoneInfo) -> str:
    """A form's local time as RFC 3339 in the site's zone; anything else is left for the schema to refuse."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return said
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def as_local(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as a datetime-local field shows it, in the site's zone."""
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
