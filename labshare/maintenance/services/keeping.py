"""What becomes of windows as time passes, and who is reminded; done by the clockwork."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from labshare.instruments import condition
from labshare.instruments import queries as catalogue
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of, transaction
from labshare.kernel.journal import publish
from labshare.maintenance import access, lifecycle, queries, rules
from labshare.maintenance.events import UpkeepOverdue, WindowClosed, WindowComingUp, WindowOpened
from labshare.maintenance.models import UpkeepWarning, Window
from labshare.maintenance.queries import Seen
from labshare.maintenance.services.planning import about, reopen
from labshare.maintenance.upkeep import Due

_window, _warning = map(table_of, (Window, UpkeepWarning))


def open_window(actor: Actor, window_id: int, now: datetime) -> bool:
    """It begins: its instruments are in maintenance. Whether that was still to be done; raises Conflict."""

    def begin(tx: Transaction, old: Seen) -> bool:
        if old.state != lifecycle.PLANNED or not old.starts_at <= now < old.ends_at:
            return False
        _move(tx, actor, old, "open", WindowOpened, now)
        for known in catalogue.known_by_ids(old.instrument_ids) if not old.fits else ():
            if known.state == "in_service":
                condition.change(tx, actor, known, now, state="in_maintenance")
        return True

    return _locked(actor, window_id, begin)


def close_window(actor: Actor, window_id: int, now: datetime) -> bool:
    """Its time is over: its instruments are in service again. Whether that was still to be done; raises Conflict."""

    def end(tx: Transaction, old: Seen) -> bool:
        if old.state not in lifecycle.LIVE or now < old.ends_at:
            return False
        _move(tx, actor, old, "close", WindowClosed, now)
        reopen(tx, actor, old, now)
        return True

    return _locked(actor, window_id, end)


def _locked(actor: Actor, window_id: int, act: Callable[[Transaction, Seen], bool]) -> bool:
    access.by_the_clock(actor)
    with transaction(lock=queries.window(actor, window_id).instrument_ids) as tx:
        return act(tx, queries.window(actor, window_id))


def _move(tx: Transaction, actor: Actor, old: Seen, move: str, fact: type[Any], now: datetime) -> None:
    version = swap(tx, _window, old.id, old.version, {"state": lifecycle.after(old.state, move)})
    publish(tx, actor, fact(**about(old), version=version), now)


def remind_of_window(actor: Actor, window_id: int, now: datetime) -> bool:
    """Tell that a window begins within a day, once for each start. Whether that was still to be done."""
    access.by_the_clock(actor)
    with transaction() as tx:
        old = queries.window(actor, window_id)
        ahead = now < old.starts_at <= now + rules.REMIND_AHEAD
        if old.state != lifecycle.PLANNED or not ahead or old.reminded_of == old.starts_at:
            return False
        version = swap(tx, _window, old.id, old.version, {"reminded_of": old.starts_at})
        publish(tx, actor, WindowComingUp(**about(replace(old, version=version)), version=version), now)
        return True


def warn_of_upkeep(actor: Actor, due: Due, now: datetime) -> bool:
    """Tell that an upkeep is overdue, once since it was last done. Whether that was still to be done."""
    access.by_the_clock(actor)
    with transaction() as tx:
        row: dict[str, Any] = {"upkeep_id": due.id, "since": due.since, "at": now}
        if not tx.insert_missing(_warning, [row]):
            return False
        said: dict[str, Any] = {"instrument_id": due.instrument_id, "kind_of_work": due.kind, "since": due.since}
        said |= {"every_days": due.every_days, "every_hours": due.every_hours, "hours_run": due.minutes_run // 60}
        publish(tx, actor, UpkeepOverdue(object_id=due.id, **said), now)
        return True
