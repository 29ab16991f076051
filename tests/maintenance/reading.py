"""What the tests of pages share: the planner's form, and what a page says."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient

from labshare.booking import queries
from labshare.kernel.actor import SYSTEM
from labshare.maintenance import queries as windows
from labshare.maintenance.models import Window


def form(start: str = "2026-12-02T08:00", end: str = "2026-12-02T14:00", **more: Any) -> dict[str, Any]:
    """The planner's form: on the second day, from before Mei's and Bo's bookings until after them."""
    shared = {"instruments": "SEM-01", "kind": "preventive", "when_hit": "displace"}
    return {**shared, "starts_at": start, "ends_at": end, **more}


def speaking(browser: FlaskClient, language: str) -> FlaskClient:
    browser.post("/language", data={"language": language, "next": "/"})
    return browser


def planned() -> list[windows.Seen]:
    return windows.read(windows.WINDOW.order_by(Window.starts_at, Window.id))


def state_of(booking_id: int) -> str:
    return queries.seen(SYSTEM, booking_id).state


def words_of(html: str) -> str:
    """What a page says, in one line."""
    return " ".join(re.sub("<[^>]*>", " ", html).split())
