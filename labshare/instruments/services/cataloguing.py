"""What keepers of the catalogue do with its entries: add an instrument, change one, bring in a sheet of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import insert

from labshare.instruments import entry, hours, policy, queries, rules, sheet, timeline
from labshare.instruments.entry import Directory, Settled
from labshare.instruments.events import InstrumentAdded, InstrumentChanged
from labshare.instruments.models import Instrument, Ownership
from labshare.instruments.queries import Described
from labshare.instruments.sheet import BadSheet, Fault
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, swap, table_of, transaction
from labshare.kernel.errors import N_, Conflict, Forbidden, Invalid, Reason
from labshare.kernel.journal import publish
from labshare.kernel.retry import Retry

BUSY_AHEAD = Reason(
    "time_taken_ahead",
    N_("There is time taken ahead: retire the instrument, or take channels away, where you are shown whom that hits."),
)
BROKEN = Reason("outage", N_("An outage of it goes on; end that instead."))


def add(actor: Actor, said: Mapping[str, Any], *, retry: Retry | None = None, now: datetime | None = None) -> Described:
    """Put a new instrument into the catalogue; fields as on the wire, what is not said has its default."""
    now = now or clock.now()
    if not policy.may_keep_some(actor):
        raise Forbidden
    with transaction(retry=retry) as tx:
        directory = Directory.read([said])
        settled = entry.settle(said, None, directory)
        _allow(actor, settled, None)
        if settled.faults:
            raise Invalid(fields=settled.faults)
        _add(tx, actor, settled, directory, entry.make_categories(tx, directory), now)
        return tx.done(queries.by_code(actor, said["code"]))


def change(
    actor: Actor,
    code: str,
    said: Mapping[str, Any],
    *,
    version: int | None = None,
    now: datetime | None = None,
) -> Described:
    """Change what is said of an instrument, leaving the rest; with `version`, only if nobody did since."""
    now = now or clock.now()
    with transaction(lock=[queries.by_code(actor, code).id]) as tx:
        before = queries.by_code(actor, code)
        if not policy.may_keep(actor, before.site_id):
            raise Forbidden
        if version is not None and version != before.version:
            raise Conflict(
                N_("Somebody changed this instrument meanwhile; please look at it again."),
                code="changed_meanwhile",
            )
        directory = Directory.read([said])
        settled = entry.settle(said, before, directory)
        _allow(actor, settled, before)
        if settled.faults:
            raise Invalid(fields=settled.faults)
        if blocked := _in_the_way(before, settled, now):
            _, reason = blocked
            raise Conflict(reason.message, reasons=[reason])
        changes = settled.changes(before)
        if changes:
            _change(tx, actor, before, settled, changes, directory, entry.make_categories(tx, directory), now)
        return tx.done(queries.by_code(actor, code))


def _allow(actor: Actor, settled: Settled, before: Described | None) -> None:
    sites = {settled.columns.get("site_id"), before.site_id if before else None} - {None}
    if not all(policy.may_keep(actor, site_id) for site_id in sites if site_id is not None):
        raise Forbidden


def _in_the_way(before: Described, settled: Settled, now: datetime) -> tuple[str, Reason] | None:
    """The field that cannot change so, and why: time is taken ahead on what it would take away, or it is broken."""
    state, channels = settled.columns["state"], settled.columns["channels"]
    if state == "retired" != before.state:
        return ("state", BUSY_AHEAD) if queries.busy_ahead(before.id, 0, now) else None
    if state in rules.BOOKABLE and before.state not in rules.BOOKABLE and queries.is_broken(before.id, now):
        return "state", BROKEN
    if channels < before.channels:
        return ("channels", BUSY_AHEAD) if queries.busy_ahead(before.id, channels, now) else None
    return None


def _add(
    tx: Transaction, actor: Actor, settled: Settled, directory: Directory, made: Mapping[str, int], now: datetime
) -> None:
    row = settled.row(made)
    new_id = tx.execute(insert(Instrument).values(**row).returning(Instrument.id)).scalar_one()
    names = {name: row[name] for name in ("code", "name_en", "name_zh", "site_id")}
    _own(tx, new_id, row, directory, now)
    publish(tx, actor, InstrumentAdded(object_id=new_id, version=1, **names), now)


def _change(
    tx: Transaction,
    actor: Actor,
    before: Described,
    settled: Settled,
    changes: Mapping[str, list[Any]],
    directory: Directory,
    made: Mapping[str, int],
    now: datetime,
) -> None:
    row = settled.row(made)
    version = swap(tx, _TABLE, before.id, before.version, {name: row[name] for name in changes})
    if "owner_id" in changes:
        _own(tx, before.id, row, directory, now)
    for site_id in changes.get("site_id", ()):  # its own hours go with it
        hours.stamp(tx, site_id)
    fact = InstrumentChanged(object_id=before.id, version=version, code=before.code, changes=changes)
    publish(tx, actor, fact, now)
    if row["channels"] > before.channels:
        timeline.spread(tx, before.id, range(before.channels + 1, row["channels"] + 1), now)


_TABLE: Any = Instrument.__table__
_ownership = table_of(Ownership)


def _own(tx: Transaction, instrument_id: int, row: Mapping[str, Any], directory: Directory, now: datetime) -> None:
    """Remember whose it is from today on; whose it was for a part of the day is not remembered."""
    zone = next(ZoneInfo(site.zone) for site in directory.sites if site.id == row["site_id"])
    mine = {"instrument_id": instrument_id, "valid_from": now.astimezone(zone).date()}
    tx.execute(sa.delete(_ownership).where(*(_ownership.c[name] == value for name, value in mine.items())))
    tx.execute(sa.insert(_ownership).values(**mine, owner_id=row["owner_id"]))


# ---------------------------------------------------------------- a sheet of instruments


@dataclass(frozen=True)
class Imported:
    """What a sheet did, or in a dry run would do: codes by what became of them, and new categories."""

    created: list[str]
    changed: dict[str, list[str]]  # code -> the columns that changed
    unchanged: list[str]
    categories: list[str]


@dataclass(frozen=True)
class _Step:
    line: int
    before: Described | None
    settled: Settled
    changes: dict[str, list[Any]]


def import_instruments(actor: Actor, text: str, *, dry_run: bool = False, now: datetime | None = None) -> Imported:
    """Bring in a sheet, changing known codes and adding new ones; BadSheet unless every line is good."""
    now = now or clock.now()
    if not policy.may_keep_some(actor):
        raise Forbidden
    lines, faults = sheet.read(text)
    if dry_run or faults:
        steps, directory = _plan(actor, lines, faults, now)
        return _imported(steps, directory)
    known = queries.described(line.values["code"] for line in lines)
    with transaction(lock=[found.id for found in known.values()]) as tx:
        steps, directory = _plan(actor, lines, faults, now)
        made = entry.make_categories(tx, directory)
        for step in steps:
            if step.before is None:
                _add(tx, actor, step.settled, directory, made, now)
            elif step.changes:
                _change(tx, actor, step.before, step.settled, step.changes, directory, made, now)
        return tx.done(_imported(steps, directory))


def _plan(actor: Actor, lines: list[sheet.Line], faults: list[Fault], now: datetime) -> tuple[list[_Step], Directory]:
    """What each line comes to, or BadSheet with all that is wrong with any of them."""
    known = queries.described(line.values["code"] for line in lines if "code" in line.values)
    directory = Directory.read([line.values for line in lines])
    often = Counter(line.values.get("code") for line in lines)
    formless = {fault.line for fault in faults}
    found, steps = list(faults), []
    for line in lines:
        code = line.values.get("code")
        if code is not None and often[code] > 1:
            found.append(Fault(line.number, "code", N_("This code stands in more than one line.")))
        if line.number in formless:
            continue  # what it lacks is said already
        before = known.get(line.values["code"])
        settled = entry.settle(line.values, before, directory)
        try:
            _allow(actor, settled, before)
        except Forbidden as error:
            message = N_("Line %(line)s belongs to a site you do not manage.", line=line.number)
            raise Forbidden(message) from error
        for name, messages in settled.faults.items():
            column = sheet.COLUMN_OF.get(name, name)
            found += [Fault(line.number, column, message) for message in messages]
        if before is not None and not settled.faults and (blocked := _in_the_way(before, settled, now)):
            field, reason = blocked
            found.append(Fault(line.number, sheet.COLUMN_OF[field], reason.message))
        steps.append(_Step(line.number, before, settled, settled.changes(before) if before else {}))
    if found:
        raise BadSheet(found)
    return steps, directory


def _imported(steps: list[_Step], directory: Directory) -> Imported:
    codes = [(step.settled.columns["code"], step) for step in steps]
    return Imported(
        created=[code for code, step in codes if step.before is None],
        changed={code: list(step.changes) for code, step in codes if step.before is not None and step.changes},
        unchanged=[code for code, step in codes if step.before is not None and not step.changes],
        categories=list(directory.new),
    )
