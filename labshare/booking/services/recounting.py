"""What bookings add up to is counted anew, where they were written by a version that did not count them."""

from __future__ import annotations

from datetime import datetime

from labshare.booking import tally
from labshare.booking.change import by_the_clock
from labshare.booking.events import TotalsRecounted
from labshare.kernel.actor import Actor
from labshare.kernel.db import snapshot, transaction
from labshare.kernel.journal import publish


def recount(actor: Actor, now: datetime) -> int:
    """Bring every sum to what bookings and uses say; how many were wrong.

    What others book meanwhile is counted by them: only what was missing in one snapshot is added.
    """
    by_the_clock(actor)
    with snapshot() as session:
        missing = tally.differences(session)
    if missing:
        with transaction() as tx:
            tally.add(tx, missing)
            publish(tx, actor, TotalsRecounted(object_id=1, sums=len(missing)), now)
    return len(missing)
