"""The blueprint all JSON doors to maintenance hang on."""

from __future__ import annotations

from labshare.instruments import queries as catalogue
from labshare.maintenance.planner import Consequences
from labshare.maintenance.schemas import Foreseen
from labshare.web.api import Blueprint

blp = Blueprint("maintenance", "Time the laboratory takes for itself, and what that does to bookings")


def foreseen(found: Consequences, windows: int = 1) -> Foreseen:
    """What a plan comes to, as its schema tells it."""
    known = catalogue.known_by_ids({place.instrument_id for place in found.places})
    return Foreseen(found, {one.id: one.code for one in known}, windows)
