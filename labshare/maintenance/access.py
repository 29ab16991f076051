"""Who comes in, by either door, and to what: another site's object is a missing one."""

from __future__ import annotations

from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.maintenance import policy, queries, upkeep
from labshare.people import queries as people


def planner(who: Actor) -> None:
    """Maintenance is the laboratory's matter. Raises Forbidden."""
    if not policy.may_plan_some(who):
        raise Forbidden


def reader_of(who: Actor, window_id: int, **_rest: int) -> None:
    """Who plans somewhere may read of windows that touch a site of theirs. Raises Forbidden, NotFound."""
    planner(who)
    queries.window(who, window_id)


def planner_of(who: Actor, window_id: int, **_rest: int) -> None:
    """A window is the matter of those who manage all it touches. Raises Forbidden, NotFound."""
    planner(who)
    if not policy.may_plan(who, queries.window(who, window_id).site_ids):
        raise Forbidden


def keeper_of(who: Actor, code: str) -> Known:
    """An instrument is its site's managers'; the instrument. Raises NotFound, Forbidden."""
    known = catalogue.known(code)
    if not policy.may_plan(who, [known.site_id]):
        raise Forbidden
    return known


def mender_of(who: Actor, outage_id: int) -> None:
    """An outage is the matter of its site's managers. Raises Forbidden, NotFound."""
    planner(who)
    queries.outage(who, outage_id)


def user_of(who: Actor, utility_id: int) -> None:
    """A utility is the matter of its site's managers. Raises Forbidden, NotFound."""
    planner(who)
    queries.utility(who, utility_id)


def minder_of(who: Actor, upkeep_id: int) -> None:
    """What an instrument needs is the matter of its site's managers. Raises Forbidden, NotFound."""
    planner(who)
    upkeep.one(who, upkeep_id)


def suspender(who: Actor, company_id: int) -> None:
    """Whether a company may book is the admins' to say. Raises NotFound, Forbidden."""
    people.company(who, company_id)
    if not policy.may_suspend(who):
        raise Forbidden


def by_the_clock(who: Actor) -> None:
    """What time does to windows and outages, only the clockwork does. Raises Forbidden."""
    if not policy.may_let_time_pass(who):
        raise Forbidden
