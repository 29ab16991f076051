"""In what state an instrument is, as others than its keepers change it: windows, outages, its retirement.

Runs in the caller's transaction, which has locked the instrument.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from labshare.instruments.events import InstrumentChanged
from labshare.instruments.models import Instrument
from labshare.instruments.queries import Known
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of
from labshare.kernel.journal import publish

_instrument = table_of(Instrument)


def change(tx: Transaction, actor: Actor, known: Known, now: datetime, **values: Any) -> None:
    """Give these columns other values and tell; nothing where they have them already."""
    changes = {name: [getattr(known, name), value] for name, value in values.items() if getattr(known, name) != value}
    if not changes:
        return
    version = swap(tx, _instrument, known.id, known.version, {name: new for name, (_, new) in changes.items()})
    fact = InstrumentChanged(object_id=known.id, version=version, code=known.code, changes=changes)
    publish(tx, actor, fact, now)
