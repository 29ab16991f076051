"""Who comes in, by either door, and to what: what is another company's, or another site's, is missing."""

from __future__ import annotations

from collections.abc import Callable

from labshare.booking import conduct, policy, queries, waitlist
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden
from labshare.people import queries as people


def mover(move: str) -> Callable[[Actor, int], None]:
    """A booking is moved so by whom policy says. What it gives raises NotFound, Forbidden."""

    def check(who: Actor, booking_id: int) -> None:
        if not policy.MAY[move](who, queries.seen(who, booking_id)):
            raise Forbidden

    return check


def colleague_of(who: Actor, booking_id: int) -> None:
    """Handing over is a matter of the booking's own company. Raises NotFound, Forbidden."""
    if not policy.may_ask_to_hand_over(who, queries.seen(who, booking_id)):
        raise Forbidden


def answerer(who: Actor) -> None:
    """The queue is the laboratory's. Raises Forbidden."""
    if not policy.may_answer_many(who):
        raise Forbidden


def leaver_of(who: Actor, wait_id: int) -> None:
    """Who joined, their admins and the site's staff give a place in line up. Raises NotFound, Forbidden."""
    if not policy.may_leave(who, waitlist.seen(who, wait_id)):
        raise Forbidden


def reader_of(who: Actor, company_id: int) -> None:
    """A company's record is its own people's and the laboratory's. Raises NotFound."""
    people.company(who, company_id)


def objector_to(who: Actor, entry_id: int) -> None:
    """Whoever an entry is held against, and their admins, object to it. Raises NotFound, Forbidden."""
    if not policy.may_object(who, conduct.entry(who, entry_id)):
        raise Forbidden


def lifter_of(who: Actor, entry_id: int) -> None:
    """An entry is lifted by the site's lab managers. Raises NotFound, Forbidden."""
    if not policy.may_lift(who, conduct.entry(who, entry_id)):
        raise Forbidden


def ender_of(who: Actor, restriction_id: int) -> None:
    """A restriction is lifted by any lab manager. Raises NotFound, Forbidden."""
    conduct.restriction(who, restriction_id)
    if not policy.may_lift_restriction(who):
        raise Forbidden
