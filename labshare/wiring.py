"""The house on one page: which doors there are, who reacts to what, what runs by itself, what must always hold."""

from __future__ import annotations

from pathlib import Path

import labshare.clockwork.models
import labshare.notifications.models  # noqa: F401
from labshare.booking import api as booking_api
from labshare.booking.checks import CHECKS as BOOKING_CHECKS
from labshare.clockwork.queries import vitals
from labshare.instruments import api as instruments_api
from labshare.instruments.guard import overlap_guard
from labshare.people import api as people_api
from labshare.people import pages as people_pages
from labshare.web.layout import Entry

_HERE = Path(__file__).parent
MIGRATIONS = next(  # a wheel carries them inside the package
    place for place in (_HERE / "migrations", _HERE.parent / "migrations") if place.is_dir()
)

PAGES: tuple = (people_pages.pages,)
APIS: tuple = (people_api.blp, instruments_api.blp, booking_api.blp)
MENU: tuple[Entry, ...] = ()
SUBSCRIPTIONS: dict = {}
CHECKS: tuple = (*BOOKING_CHECKS,)
JOBS: tuple = ()
START_CHECKS: dict = {"overlap_guard": overlap_guard}  # without these no page is served
VITALS: dict = {"scheduler": vitals}  # told by /readyz and /metrics
