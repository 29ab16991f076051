"""What the database says of accounts and bookings after every move, held against the oracle."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from labshare.kernel.db import db, snapshot
from labshare.quotas.models import EFFECTS
from tests.proof.life.oracle import Limit, Oracle

_EFFECT = ", ".join(
    f"sum(CASE kind {' '.join(f'WHEN {kind!r} THEN {effect[n]}' for kind, effect in EFFECTS.items())} END * minutes)"
    for n in range(4)
)
_BOOKINGS = sa.text("SELECT id, state, over_quota, charge, company_id, starts_at, ends_at FROM booking")
_BOOKINGS = _BOOKINGS.columns(over_quota=sa.Boolean, starts_at=sa.DateTime, ends_at=sa.DateTime)
_ALLOWANCES = sa.text(
    "SELECT a.id, c.company_id, a.scope, a.scope_id, a.period, a.minutes, a.when_exceeded, a.valid_from, a.valid_to, "
    "a.counts_from FROM allowance a JOIN account c ON c.id = a.account_id "
    "WHERE a.withdrawn_at IS NULL AND c.company_id IN (:one, :other)"
).columns(valid_from=sa.Date, valid_to=sa.Date, counts_from=sa.Date)
_BALANCES = sa.text(
    "SELECT id, allowance_id, starts_on, held, used, minutes, extended, granted FROM balance "
    "WHERE held <> 0 OR used <> 0 OR extended <> 0 OR granted <> 0"
).columns(starts_on=sa.Date)
_LINES = sa.text(f"SELECT balance_id, {_EFFECT} FROM ledger GROUP BY balance_id")
_OVERLAPS = sa.text(
    "SELECT count(*) FROM claim a JOIN claim b ON b.instrument_id = a.instrument_id AND b.channel = a.channel "
    "AND b.id > a.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
)
Over = dict[int, int]  # minutes over the limit, by balance


def _asked(statement: Any, **values: Any) -> list[Any]:
    return list(db.session.connection().execute(statement, values))


def look(oracle: Oracle, companies: tuple[int, int]) -> Over:
    """Everything the database says is what the oracle says; how far each balance is over its limit."""
    _same_bookings(oracle)
    balances = _asked(_BALANCES)
    lines = {row[0]: tuple(map(int, row[1:])) for row in _asked(_LINES)}
    for row in balances:
        stands = (row.held, row.used, row.extended, row.granted)
        assert stands == lines.get(row.id, (0, 0, 0, 0)), (
            f"balance {row.id} has {stands}, its lines {lines.get(row.id)}"
        )
    idle = {number for number, sums in lines.items() if any(sums)} - {row.id for row in balances}
    assert not idle, f"balances {idle} are empty, and their lines are not"
    _same_standing(oracle, companies, balances)
    assert _asked(_OVERLAPS)[0][0] == 0, "claims overlap"
    return {
        row.id: max(0, row.held + row.used - row.minutes - row.extended) for row in balances if row.minutes is not None
    }


def _same_bookings(oracle: Oracle) -> None:
    there = {row.id: (row.state, bool(row.over_quota), row.charge, row.company_id) for row in _asked(_BOOKINGS)}
    here = {one.id: (one.state, one.over, one.charge, one.company) for one in oracle.bookings.values()}
    assert there == here, f"bookings are {there}, and should be {here}"


def _same_standing(oracle: Oracle, companies: tuple[int, int], balances: list[Any]) -> None:
    mine = {(limit.company, bool(limit.history), *limit.identity): limit for limit in oracle.limits}
    found: dict[int, Limit] = {}
    for row in _asked(_ALLOWANCES, one=companies[0], other=companies[1]):
        identity = (row.scope, row.scope_id, row.period, row.valid_from, row.valid_to)
        limit = mine.pop((row.company_id, row.minutes is not None, *identity), None)
        assert limit is not None, f"nobody set {identity} for {row.company_id}"
        said = (limit.history[-1][1] if limit.history else None, limit.then if limit.history else "refuse")
        assert (row.minutes, row.when_exceeded) == said, (
            f"{identity}: {row.minutes} {row.when_exceeded}, set was {said}"
        )
        assert row.counts_from == limit.since or not limit.history, f"{identity} counts from {row.counts_from}"
        found[row.id] = limit
    assert not mine, f"{list(mine)} are not in force"
    stands: dict[int, dict[date, tuple[int, int]]] = {number: {} for number in found}
    for row in balances:
        limit = found.get(row.allowance_id)
        if limit is None:
            continue
        if row.held or row.used:
            stands[row.allowance_id][row.starts_on] = (row.held, row.used)
        room = limit.room(row.starts_on)
        assert room == (None if row.minutes is None else row.minutes + row.extended), (limit, row)
        assert row.minutes is None or row.held + row.used <= row.minutes + row.extended + row.granted, row
    for number, limit in found.items():
        wanted = oracle.stands(limit)
        assert stands[number] == wanted, f"{limit.company} {limit.identity}: {stands[number]}, should be {wanted}"


def breaches(checks: Any) -> list[str]:
    """What the house's own checks find, in one snapshot."""
    with snapshot() as session:
        return [f"{name}: {found}" for name, check in checks for found in check(session)]
