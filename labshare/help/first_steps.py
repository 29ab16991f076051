"""What somebody who is new does first, by role; shown on the start page until it is put away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labshare.help.guides import ADMIN, COMPANY_ADMIN, LAB_MANAGER, MEMBER
from labshare.kernel.errors import N_, Text


@dataclass(frozen=True)
class Step:
    """One thing to do, why, and the page where it is done."""

    label: Text
    why: Text
    endpoint: str
    given: Mapping[str, Any] = field(default_factory=dict)


STEPS = {
    MEMBER: (
        Step(
            N_("Look through the instruments"),
            N_("What there is, what it costs and when it is free."),
            "instruments.catalogue",
        ),
        Step(
            N_("Ask for time"),
            N_("Price, hours left and every rule are said before you ask."),
            "bookings.new",
        ),
        Step(
            N_("Choose what is mailed to you"),
            N_("Your inbox holds every answer; mails are yours to choose."),
            "inbox.choices",
        ),
    ),
    COMPANY_ADMIN: (
        Step(
            N_("Invite your colleagues"),
            N_("Each gets a mail with a link of their own."),
            "people.own_company",
        ),
        Step(
            N_("Say what your company approves first"),
            N_("Long bookings can wait for your yes before the laboratory is asked."),
            "people.own_company",
            {"_anchor": "in-house"},
        ),
        Step(
            N_("See how many hours you have"),
            N_("What is used, held and left of each allowance."),
            "accounts.own",
        ),
    ),
    LAB_MANAGER: (
        Step(
            N_("Answer what waits"),
            N_("The most urgent first, with what the answer rests on."),
            "bookings.queue",
        ),
        Step(
            N_("Look over the opening hours"),
            N_("Time can be asked for only while a site is open."),
            "instruments.openings",
        ),
        Step(
            N_("Plan maintenance"),
            N_("You see whom it hits before you save."),
            "maintenance.new",
        ),
    ),
    ADMIN: (
        Step(
            N_("Look over sites and staff"),
            N_("Where the instruments stand, and who answers there."),
            "people.sites",
        ),
        Step(
            N_("Let companies in"),
            N_("Who has registered waits for your decision."),
            "people.companies",
            {"state": "pending"},
        ),
        Step(
            N_("Say how many hours companies have"),
            N_("The default is for all that have no allowances of their own."),
            "accounts.default",
        ),
    ),
}
