"""What all JSON doors to instruments hang on, and what they ask before they read a body."""

from __future__ import annotations

from labshare.instruments import policy, queries
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.web.api import Blueprint

blp = Blueprint("instruments", "Instruments, the rules of their slots, and when they are open.")


def keeper(who: Actor) -> None:
    """May they keep the catalogue anywhere?"""
    if not policy.may_keep_some(who):
        raise Forbidden


def keeper_of(who: Actor, code: str) -> None:
    """Is there such an instrument, and may they keep it?"""
    if not policy.may_keep(who, queries.by_code(who, code).site_id):
        raise Forbidden


def keeper_at(who: Actor, site: str, **_rest: object) -> None:
    """Is there such a site, and may they keep what stands there?"""
    if not policy.may_keep(who, queries.site(site).id):
        raise Forbidden
