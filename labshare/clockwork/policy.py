"""Who may see and run the clockwork's jobs; pure."""

from __future__ import annotations

from typing import Any

from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden


def may_run(actor: Actor) -> bool:
    """Admins, and the clockwork itself."""
    return actor.is_admin or actor.is_system


def require_admin(actor: Actor, **_path: Any) -> None:
    """Raises Forbidden for whom the clockwork is none of their business."""
    if not may_run(actor):
        raise Forbidden
