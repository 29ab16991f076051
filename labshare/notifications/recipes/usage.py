"""What is told of years and how far their figures are settled: to each company of its own alone."""

from __future__ import annotations

from labshare.kernel.errors import N_
from labshare.notifications.recipes.shape import ADMINS, CUSTOMER, HOURS, NAMED, QUEUE, Recipe, always, plain
from labshare.usage import events as usage

RECIPES: dict[str, Recipe] = {
    usage.StatementIssued.kind(): Recipe(
        HOURS,
        always(CUSTOMER),
        N_("Your figures of %(year)s: %(company)s"),
        plain(
            N_(
                "The figures of %(company)s in %(year)s are issued. Please look whether they are right; you may object "
                "until %(object_by)s. After that they are closed."
            )
        ),
        news_until="object_by",
    ),
    usage.StatementDue.kind(): Recipe(
        HOURS,
        always(CUSTOMER),
        N_("Your figures of %(year)s: object until %(object_by)s"),
        plain(
            N_(
                "Until %(object_by)s you may object to the figures of %(company)s in %(year)s. If they are right, "
                "there is nothing to do."
            )
        ),
        news_until="object_by",
    ),
    usage.StatementClosed.kind(): Recipe(
        HOURS,
        always(CUSTOMER),
        N_("Closed: your figures of %(year)s, %(company)s"),
        plain(
            N_(
                "The figures of %(company)s in %(year)s are closed and do not change any more. What is corrected from "
                "now on is a line of the year in which it is corrected."
            )
        ),
    ),
    usage.ObjectionRaised.kind(): Recipe(
        QUEUE,
        always(ADMINS),
        N_("An objection to the figures of %(year)s: %(company)s"),
        plain(N_("%(who)s of %(company)s objects to its figures of %(year)s: %(text)s")),
    ),
    usage.ObjectionAnswered.kind(): Recipe(
        HOURS,
        always(NAMED, CUSTOMER),
        N_("Your objection to the figures of %(year)s is answered"),
        plain(N_("%(who)s answered the objection of %(company)s to its figures of %(year)s: %(answer)s")),
    ),
}
