"""Who may see how mails went; pure."""

from __future__ import annotations

from typing import Any

from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden


def may_see_mails(actor: Actor) -> bool:
    """Admins: a list of mails names everybody's address."""
    return actor.is_admin


def require_admin(actor: Actor, **_path: Any) -> None:
    """Raises Forbidden for whom other people's mails are none of their business."""
    if not may_see_mails(actor):
        raise Forbidden
