"""How a proof takes a guard away, in one process and in nothing that is shipped: each must then fail."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from labshare.booking import change, displacement, gathering, presence
from labshare.booking.services import deciding
from labshare.kernel import db as kernel
from labshare.kernel.retry import Retry
from labshare.quotas import account

GAP = 0.03  # seconds between looking and writing, so that a race that can be lost is lost


def unlocked(app: Flask) -> None:
    """Nobody waits for anybody: no advisory lock, and no transaction at all where BEGIN IMMEDIATE is the lock."""
    with app.app_context():
        if kernel.dialect() == "sqlite":
            untransacted(kernel.db.engine)
        else:
            _reword(kernel.db.engine, r"pg_advisory_xact_lock(?=\()", "")


def untransacted(engine: sa.Engine) -> None:
    """Every statement is its own transaction."""
    _reword(engine, r"^BEGIN\b[^;]*", "SELECT 1")


def _reword(engine: sa.Engine, pattern: str, instead: str) -> None:
    """Say something else to the database than what the application says."""

    def reworded(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> tuple[str, Any]:
        return re.sub(pattern, instead, statement), parameters

    event.listen(engine, "before_cursor_execute", reworded, retval=True)


def slow(_app: Flask) -> None:
    """A moment passes between gathering the facts and writing."""
    gathering.gather = _late(gathering.gather)
    deciding.standing = _late(deciding.standing)  # type: ignore[attr-defined]
    presence.around = _late(presence.around)
    displacement.hit = _late(displacement.hit)


def _late(look: Callable[..., Any]) -> Callable[..., Any]:
    def looked(*args: Any, **values: Any) -> Any:
        found = look(*args, **values)
        time.sleep(GAP)
        return found

    return looked


def careless(_app: Flask) -> None:
    """A change is written whatever the row's version has become."""

    def swap(tx: kernel.Transaction, table: sa.Table, row_id: int, version: int, values: dict[str, Any]) -> int:
        tx.execute(sa.update(table).where(table.c.id == row_id).values(version=version + 1, **values))
        return version + 1

    change.swap = deciding.swap = swap  # type: ignore[attr-defined]  # the one that moves a claim with it, too


def forgetful(_app: Flask) -> None:
    """Nobody looks whether a key was answered before."""
    Retry.replay = lambda *_: None  # type: ignore[method-assign]  # that is the point


def generous(_app: Flask) -> None:
    """A balance is changed whatever its limit."""
    mine = account._balance.c.id == account._number
    account._CHANGE = sa.update(account._balance).where(mine).values(account._CHANGE._values)  # type: ignore[arg-type]


def unchecked(app: Flask) -> None:
    """SQLite looks at no CHECK; where constraints can be dropped, the stage drops this one."""
    with app.app_context():
        if kernel.dialect() == "sqlite":
            event.listen(kernel.db.engine, "connect", _ignores_checks)


def _ignores_checks(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA ignore_check_constraints = ON")
