"""What the database says of accounts and bookings after every move, held against the oracle."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from labshare.booking.models import Displacement
from labshare.instruments.models import Claim, Instrument
from labshare.kernel.db import db, snapshot
from labshare.kernel.journal import Entry
from labshare.maintenance.models import Outage, Window
from labshare.quotas.models import EFFECTS
from tests.proof.life.oracle import MINUTE, Limit, Oracle
from tests.proof.life.upkeep import Upkeep

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
_WINDOWS = sa.select(Window.id, Window.state, Window.starts_at, Window.ends_at)
_OUTAGES = sa.select(Outage.id, Outage.state, Outage.claimed_until)
_INSTRUMENTS = sa.select(Instrument.id, Instrument.state).where(
    Instrument.id.in_(sa.select(Entry.object_id).where(Entry.kind == "instrument_changed"))
)
_HELD = Displacement.state == "offered"
_DISPLACED = sa.select(
    *(Displacement.booking_id, Displacement.was, Displacement.cause, Displacement.cause_id, Displacement.state),
    Displacement.answer_by,
    *(sa.case((_HELD, one)) for one in (Displacement.instrument_id, Displacement.starts_at, Displacement.ends_at)),
)
_CLAIMS = sa.select(Claim.instrument_id, Claim.kind, Claim.starts_at, Claim.ends_at).where(Claim.kind != "booking")
Over = dict[int, int]  # minutes over the limit, by balance


def _asked(statement: Any, **values: Any) -> list[Any]:
    return list(db.session.connection().execute(statement, values))


def look(oracle: Oracle, upkeep: Upkeep, companies: tuple[int, int], now: datetime) -> Over:
    """Everything the database says is what the oracle says; how far each balance is over its limit."""
    _same_bookings(oracle)
    _same_upkeep(upkeep, now)
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


def _same_upkeep(upkeep: Upkeep, now: datetime) -> None:
    """Windows, outages and offers are where they should be, and what is taken from now on is theirs."""
    if not upkeep.windows and not upkeep.outages:
        return
    for name, statement, wanted in (
        ("windows", _WINDOWS, {(one.id, one.state, one.start, one.end) for one in upkeep.windows.values()}),
        ("outages", _OUTAGES, {(one.id, one.state, one.until) for one in upkeep.outages.values()}),
        ("instruments", _INSTRUMENTS, {(one.id, upkeep.condition(one)) for one in upkeep.turns}),
        ("displaced", _DISPLACED, {
            (number, one.was, one.cause, one.cause_id, one.state, one.answer_by,
             *((one.place.id, *one.slot) if one.place and one.slot and one.state == "offered" else (None,) * 3))
            for number, one in upkeep.displaced.items()
        }),
    ):  # fmt: skip
        found = {tuple(row) for row in _asked(statement)}
        assert found == wanted, f"{name} are {found - wanted}, and should be {wanted - found}"
    soon = now + MINUTE  # a use that ended in its first minute keeps that minute
    claims = {(row[0], row[1], max(row[2], soon), row[3]) for row in _asked(_CLAIMS) if row[3] > soon}
    places = {place for one in upkeep.windows.values() for place in one.places}
    places |= {one.place for one in upkeep.outages.values()}
    closed = {(place.id, kind, *span) for place in places for kind, span in upkeep.closed(place)}
    closed |= {(one.place.id, "offer", *one.slot) for one in upkeep.offers() if one.place and one.slot}
    taken = {(number, kind, max(start, soon), end) for number, kind, start, end in closed if end > soon}
    assert claims == taken, f"held are {claims - taken}, and should be {taken - claims}"


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
