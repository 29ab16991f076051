"""Sites of the laboratory: added and corrected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import swap, transaction
from labshare.kernel.errors import Forbidden, Invalid
from labshare.kernel.journal import publish
from labshare.people import policy, queries, rules
from labshare.people.events import SiteAdded, SiteChanged
from labshare.people.models import Site

FIELDS = ("code", "name_en", "name_zh", "zone", "address")

_site: Any = Site.__table__


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def add_site(actor: Actor, facts: Mapping[str, str], now: datetime | None = None) -> int:
    """Open a site; returns its id."""
    now = now or clock.now()
    if not policy.is_admin(actor):
        raise Forbidden
    values = {field: facts.get(field, "") for field in FIELDS}
    if faults := rules.site_faults(values, _zones()):
        raise Invalid(fields=faults)
    with transaction() as tx:
        site_id = tx.execute(sa.insert(Site).values(values).returning(Site.id)).scalar_one()
        publish(tx, actor, SiteAdded(object_id=site_id, version=1, code=values["code"]), now)
    return int(site_id)


def change_site(actor: Actor, site_id: int, changes: Mapping[str, str], now: datetime | None = None) -> None:
    """Correct a site's names, zone or address; its code stays, because other systems name the site by it."""
    now = now or clock.now()
    if not policy.is_admin(actor) or "code" in changes:
        raise Forbidden
    known = queries.site(site_id)
    values = {field: str(getattr(known, field)) for field in FIELDS} | dict(changes)
    if faults := rules.site_faults(values, _zones()):
        raise Invalid(fields=faults)
    changed = tuple(field for field in FIELDS if values[field] != getattr(known, field))
    if not changed:
        return
    with transaction() as tx:
        version = swap(tx, _site, site_id, known.version, {field: values[field] for field in changed})
        publish(tx, actor, SiteChanged(object_id=site_id, version=version, code=known.code, changed=changed), now)
