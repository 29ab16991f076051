"""Who sees the catalogue, and who keeps it."""

from __future__ import annotations

from labshare.kernel.actor import Actor


def may_see_all(actor: Actor) -> bool:
    """Everybody who is signed in sees every instrument, the retired too; strangers see what they could use."""
    return actor.is_signed_in or actor.is_system


def may_keep_some(actor: Actor) -> bool:
    """May this actor keep the catalogue of any site at all?"""
    return actor.is_system or actor.is_admin or (actor.is_staff and bool(actor.site_ids))


def may_keep(actor: Actor, site_id: int) -> bool:
    """May this actor add and change the instruments of this site?"""
    return actor.is_system or actor.manages(site_id)
