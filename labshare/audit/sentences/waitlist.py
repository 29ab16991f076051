"""The waiting list: who waits for which time, and what becomes of it."""

from __future__ import annotations

from labshare.audit.sentences.shape import Table
from labshare.booking import events
from labshare.kernel.errors import N_

TOLD: Table = {
    events.WaitlistJoined.kind(): N_("%(who)s put %(company)s on the waiting list for %(instrument)s, %(slot)s."),
    events.WaitlistLeft.kind(): N_("%(who)s took %(company)s off the waiting list for %(instrument)s, %(slot)s."),
    events.WaitlistOffered.kind(): N_(
        "%(instrument)s became free, %(slot)s: held for %(company)s, which waited, as booking %(booking_id)s."
    ),
    events.WaitlistTaken.kind(): N_(
        "%(company)s took %(instrument)s, %(slot)s, for which it waited, as booking %(booking_id)s."
    ),
    events.WaitlistPassed.kind(): N_(
        "%(company)s did not take %(instrument)s, %(slot)s, for which it waited: the next in line is asked."
    ),
    events.WaitlistOver.kind(): N_("%(instrument)s did not become free for %(company)s, which waited: %(slot)s."),
}
