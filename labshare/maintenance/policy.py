"""Who plans maintenance, reports outages, and takes instruments and companies out of the booking."""

from __future__ import annotations

from collections.abc import Iterable

from labshare.kernel.actor import Actor


def may_plan_some(actor: Actor) -> bool:
    """May this actor plan maintenance anywhere at all?"""
    return actor.is_system or actor.is_admin or (actor.is_staff and bool(actor.site_ids))


def may_plan(actor: Actor, site_ids: Iterable[int]) -> bool:
    """The lab managers of every site it touches, and admins."""
    return actor.is_system or all(actor.manages(site_id) for site_id in site_ids)


def may_suspend(actor: Actor) -> bool:
    """Companies are let in and suspended by admins."""
    return actor.is_admin


def may_let_time_pass(actor: Actor) -> bool:
    """What the clock does to windows and outages, only the clockwork does."""
    return actor.is_system
