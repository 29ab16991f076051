"""Messages and mails."""

from __future__ import annotations

from labshare.audit.names import DELIVERY
from labshare.audit.sentences.shape import Line, Table, called, joined, numbered
from labshare.kernel.errors import N_, Text
from labshare.notifications import events
from labshare.notifications.recipes import GROUPS


def _chosen(line: Line) -> Text:
    if not line.data["mail"]:
        return N_("%(person)s wants no mails.")
    groups = joined((called(GROUPS, one) for one in line.data["mail"]), N_("; "))
    return N_("%(person)s chose what is mailed: %(groups)s.", groups=groups)


def _retried(line: Line) -> Text:
    mail = line.names.of(DELIVERY, line.object_id)
    return N_(
        "%(who)s had the mail to %(address)s sent again.", address=mail.address if mail else numbered(line.object_id)
    )


TOLD: Table = {events.MessagesChosen.kind(): _chosen, events.DeliveryRetried.kind(): _retried}
