"""Who may read the journal; pure."""

from __future__ import annotations

from typing import Any

from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden


def may_read(actor: Actor) -> bool:
    """Admins: the journal speaks of everybody."""
    return actor.is_admin


def require_admin(actor: Actor, **_path: Any) -> None:
    """Raises Forbidden for whom the journal is none of their business."""
    if not may_read(actor):
        raise Forbidden
