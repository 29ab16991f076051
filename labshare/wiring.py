"""The house on one page: which doors there are, who reacts to what, what runs by itself, what must always hold."""

from __future__ import annotations

from pathlib import Path

import labshare.booking.models
import labshare.notifications.models  # noqa: F401
from labshare.web.layout import Entry

MIGRATIONS = Path(__file__).parent.parent / "migrations"

PAGES: tuple = ()
APIS: tuple = ()
MENU: tuple[Entry, ...] = ()
SUBSCRIPTIONS: dict = {}
CHECKS: tuple = ()
JOBS: tuple = ()
