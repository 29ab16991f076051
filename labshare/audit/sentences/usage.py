"""Yearly figures."""

from __future__ import annotations

from labshare.audit.sentences.shape import Table
from labshare.booking import events
from labshare.kernel.errors import N_

TOLD: Table = {
    events.TotalsRecounted.kind(): N_("%(who)s counted %(sums)s sums of companies, instruments and months anew."),
}
