"""What is told of companies, hours, links and the clockwork."""

from __future__ import annotations

from labshare.clockwork import events as clockwork
from labshare.kernel.errors import N_
from labshare.notifications import sayings
from labshare.notifications.recipes.shape import (
    ACCOUNT,
    ADMINS,
    ALARMS,
    CUSTOMER,
    HOURS,
    INVITED,
    LABORATORY,
    ONESELF,
    QUEUE,
    Recipe,
    always,
    plain,
)
from labshare.people import events as people
from labshare.quotas import events as quotas

RECIPES: dict[str, Recipe] = {
    # companies
    people.CompanyRegistered.kind(): Recipe(
        QUEUE,
        always(ADMINS),
        N_("A company waits to be let in: %(name)s"),
        plain(N_("%(name)s registered and waits to be let in.")),
    ),
    people.CompanyApproved.kind(): Recipe(
        ACCOUNT,
        always(CUSTOMER),
        N_("Welcome to LabShare, %(name)s"),
        plain(N_("%(name)s is let in: you can book instruments now.")),
    ),
    people.CompanyRejected.kind(): Recipe(
        ACCOUNT,
        always(CUSTOMER),
        N_("%(name)s was not let in"),
        plain(N_("%(name)s was not let in: %(reason)s")),
    ),
    people.CompanySuspended.kind(): Recipe(
        ACCOUNT,
        always(CUSTOMER),
        N_("%(name)s may not book for now"),
        plain(N_("%(name)s may not book for now: %(reason)s")),
    ),
    people.CompanyReactivated.kind(): Recipe(
        ACCOUNT,
        always(CUSTOMER),
        N_("%(name)s may book again"),
        plain(N_("%(name)s may book again.")),
    ),
    # hours
    quotas.AllowancesSet.kind(): Recipe(
        HOURS, always(CUSTOMER), N_("Allowances of %(company)s"), sayings.allowances_set
    ),
    quotas.AllowanceExtended.kind(): Recipe(
        HOURS, always(CUSTOMER), N_("Extended once: %(allowance)s, %(company)s"), sayings.extended
    ),
    quotas.AllowanceNearlyUsed.kind(): Recipe(
        HOURS,
        always(CUSTOMER, LABORATORY, ADMINS),
        N_("%(percent)s %% are spoken for: %(allowance)s, %(company)s"),
        sayings.nearly_used,
    ),
    # links: written in letters.py, and in no inbox
    people.ColleagueInvited.kind(): Recipe(
        ACCOUNT,
        always(INVITED),
        N_("%(who)s invites you to LabShare"),
        plain(N_("%(who)s invites you to LabShare")),
        inbox=False,
    ),
    people.PasswordResetAsked.kind(): Recipe(
        ACCOUNT,
        always(ONESELF),
        N_("A new password for LabShare"),
        plain(N_("A new password for LabShare")),
        inbox=False,
    ),
    # alarms
    clockwork.JobFailed.kind(): Recipe(
        ALARMS,
        always(ADMINS),
        N_("Job failed: %(job)s"),
        plain(N_("The job %(job)s failed %(tries)s times and was given up for this period: %(error)s")),
    ),
    clockwork.JobLate.kind(): Recipe(
        ALARMS,
        always(ADMINS),
        N_("Job late: %(job)s"),
        plain(N_("The job %(job)s has been waiting for %(minutes)s minutes.")),
    ),
    clockwork.ClockJumped.kind(): Recipe(ALARMS, always(ADMINS), N_("The clock jumped"), sayings.jumped),
}
