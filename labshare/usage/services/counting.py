"""When in the week instruments are used is counted, every night anew."""

from __future__ import annotations

from labshare.kernel.actor import Actor
from labshare.kernel.db import transaction
from labshare.kernel.errors import Forbidden
from labshare.usage import heat, policy


def count_heat(actor: Actor, year: int) -> bool:
    """Count the effective minutes of a year by weekday and hour; whether they are others than before. Raises Forbidden.

    It is a projection of usage records, so nothing is told of it; a closed year keeps its own.
    """
    if not policy.may_let_time_pass(actor):
        raise Forbidden
    grid = heat.of(year)  # before the transaction: it reads every use of the year
    with transaction() as tx:
        return heat.write(tx, year, grid)
