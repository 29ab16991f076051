"""Who may do what with a booking; whether it is possible now is for rules.py."""

from __future__ import annotations

from typing import Protocol

from labshare.booking.lifecycle import COMPANY
from labshare.kernel.actor import Actor


class Held(Protocol):
    """Whose something is."""

    @property
    def company_id(self) -> int: ...
    @property
    def person_id(self) -> int: ...


class Owned(Held, Protocol):
    """What policy needs to know of a booking."""

    @property
    def site_id(self) -> int: ...
    @property
    def awaiting(self) -> str: ...


def may_ask(actor: Actor, company_id: int, site_id: int) -> bool:
    """Members ask for their own company; staff ask on behalf of any, at their own sites."""
    return actor.is_system or actor.belongs_to(company_id) or actor.manages(site_id)


def may_decide(actor: Actor, booking: Owned) -> bool:
    """The site's lab managers, and admins."""
    return actor.manages(booking.site_id)


def may_answer_many(actor: Actor) -> bool:
    """Whoever may have a queue: the laboratory's staff; each request is then asked about by itself."""
    return actor.is_staff


def may_waive(actor: Actor, site_id: int) -> bool:
    """Rules are let pass by name by the site's lab managers, and admins."""
    return actor.manages(site_id)


def may_endorse(actor: Actor, booking: Owned) -> bool:
    """The company's own admins."""
    return actor.belongs_to(booking.company_id) and actor.is_company_admin


def may_reject(actor: Actor, booking: Owned) -> bool:
    """Whoever decides; and the company's own admins while it awaits them."""
    return may_decide(actor, booking) or (booking.awaiting == COMPANY and may_endorse(actor, booking))


def may_change_end(actor: Actor, booking: Owned) -> bool:
    """Who uses it, the company's admins, and the site's staff."""
    return may_cancel(actor, booking)


def may_move(actor: Actor, booking: Held) -> bool:
    """The person who asked, and the company's admins."""
    mine = actor.person_id == booking.person_id
    return actor.belongs_to(booking.company_id) and (mine or actor.is_company_admin)


def may_cancel(actor: Actor, booking: Owned) -> bool:
    """Whoever may move it, and the site's staff."""
    return may_move(actor, booking) or actor.manages(booking.site_id)


class Personal(Held, Protocol):
    """What policy needs to know of a place on the waiting list, or an entry of the conduct record."""

    @property
    def site_id(self) -> int: ...


def may_leave(actor: Actor, wait: Personal) -> bool:
    """The person who joined, the company's admins, and the site's staff."""
    mine = actor.person_id == wait.person_id or actor.is_company_admin
    return (actor.belongs_to(wait.company_id) and mine) or actor.manages(wait.site_id)


def may_object(actor: Actor, entry: Personal) -> bool:
    """The person it is held against, and the company's admins."""
    mine = actor.person_id == entry.person_id
    return actor.belongs_to(entry.company_id) and (mine or actor.is_company_admin)


def may_lift(actor: Actor, entry: Personal) -> bool:
    """The lab managers of the instrument's site, and admins."""
    return actor.manages(entry.site_id)


def may_lift_restriction(actor: Actor) -> bool:
    """Any lab manager, and admins: a restriction is of no one site."""
    return actor.is_staff


def may_let_time_pass(actor: Actor) -> bool:
    """What the clock does to bookings, only the clockwork does."""
    return actor.is_system


def may_ask_to_hand_over(actor: Actor, booking: Owned) -> bool:
    """The company's people: whoever handed it over has it no more, and asking again is told the same again."""
    return actor.belongs_to(booking.company_id)


MAY = {
    "approve": may_decide,
    "offer": may_decide,
    "endorse": may_endorse,
    "reject": may_reject,
    "hand_over": may_move,
    "change_end": may_change_end,
    "move": may_move,
    "cancel": may_cancel,
    "check_in": may_cancel,
    "check_out": may_cancel,
    "record": may_decide,
    "accept": may_move,
    "decline": may_move,
}
