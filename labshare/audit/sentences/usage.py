"""Yearly figures: sums, and how far years are settled."""

from __future__ import annotations

from labshare.audit.sentences.shape import Line, Table
from labshare.booking import events as booking
from labshare.kernel.errors import N_, Text
from labshare.usage import events


def _corrected(line: Line) -> Text:
    told = N_(
        "%(who)s corrected a use of %(instrument)s by %(company)s in %(year)s, which is closed: %(minutes)s min, a "
        "line of %(in_year)s. %(reason)s"
    )
    if not line.data["reason"]:
        told = N_(
            "%(who)s corrected what %(company)s did at %(instrument)s in %(year)s, which is closed: %(minutes)s min, a "
            "line of %(in_year)s."
        )
    return Text(told.msgid, {"minutes": f"{line.data['effective_minutes']:+d}"})


TOLD: Table = {
    booking.TotalsRecounted.kind(): N_("%(who)s counted %(sums)s sums of companies, instruments and months anew."),
    events.YearIssued.kind(): N_(
        "%(who)s issued the figures of %(year)s to the companies they are of: %(companies)s. They may object until "
        "%(object_by)s."
    ),
    events.StatementIssued.kind(): N_(
        "%(company)s may look at its figures of %(year)s, and object until %(object_by)s."
    ),
    events.YearWithdrawn.kind(): N_("%(who)s withdrew the figures of %(year)s; they are a draft again."),
    events.StatementsDue.kind(): N_(
        "Companies were reminded to look at their figures of %(year)s until %(object_by)s: %(companies)s."
    ),
    events.StatementDue.kind(): N_(
        "%(company)s was reminded that it may object to its figures of %(year)s until %(object_by)s."
    ),
    events.YearClosed.kind(): N_(
        "%(who)s closed %(year)s, in which so many companies used something: %(companies)s. SHA-256: %(digest)s."
    ),
    events.StatementClosed.kind(): N_("The figures of %(company)s in %(year)s are closed."),
    events.ObjectionRaised.kind(): N_("%(who)s objected for %(company)s to its figures of %(year)s: “%(text)s”"),
    events.ObjectionAnswered.kind(): N_(
        "%(who)s answered the objection of %(company)s to its figures of %(year)s: “%(answer)s”"
    ),
    events.UseCorrectedAfterClosing.kind(): _corrected,
}
