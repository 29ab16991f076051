"""Companies from a CSV file: every fault is told with its line, and nothing is taken unless all of it is sound."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, rows, swap, transaction
from labshare.kernel.errors import N_, Forbidden, Invalid, Text
from labshare.kernel.journal import publish
from labshare.people import events, lifecycle, policy, rules
from labshare.people.models import Company

NEEDED = ("name", "name_en", "org_id", "kind", "contact_name", "contact_phone")
EXTRA = ("org_id_type", "state")
FIELDS = ("name", "name_en", "org_id_type", "org_id", "kind", "contact_name", "contact_phone")
MOST_LINES, MOST_FAULTS = 10_000, 200

_company: Any = Company.__table__


@dataclass(frozen=True)
class Counts:
    """What an import did, or would do."""

    created: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class Line:
    """One company as the file has it; `state` is empty where the file leaves it alone."""

    number: int
    values: dict[str, str]
    state: str

    @property
    def key(self) -> tuple[str, str]:
        return self.values["org_id_type"], self.values["org_id"]


def import_companies(actor: Actor, text: str, dry_run: bool = False, now: datetime | None = None) -> Counts:
    """Create or change companies, known by their codes; raises Invalid whose `file` names every faulty line."""
    now = now or clock.now()
    if not policy.is_admin(actor):
        raise Forbidden
    lines = _read(text)
    if dry_run:
        return _count(_plan(lines, rows))
    with transaction() as tx:
        plan = _plan(lines, lambda statement: tx.execute(statement).all())
        for line, known in plan:
            if known is None:
                _create(tx, actor, line, now)
            elif _differences(line, known):
                _change(tx, actor, line, known, now)
        return tx.done(_count(plan))


def _fault(number: int, column: str, fault: Text | str) -> Text:
    return N_("Line %(line)s, %(column)s: %(fault)s", line=number, column=column, fault=fault)


def _refuse(faults: Sequence[Text]) -> None:
    if faults:
        raise Invalid(N_("Nothing was imported; please correct the file."), fields={"file": faults[:MOST_FAULTS]})


# ---------------------------------------------------------------- reading the file


def _read(text: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    lines: list[Line] = []
    faults: list[Text] = []
    seen: dict[tuple[str, str], int] = {}
    try:
        header = _header(next(reader, []))
        number = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                line, wrong = _line(number, header, cells)
                earlier = seen.setdefault(line.key, number) if line else number
                if earlier != number:
                    wrong = [_fault(number, "org_id", N_("The same code stands in line %(line)s.", line=earlier))]
                faults += wrong
                lines += [line] if line else []
            number = reader.line_num + 1
            if len(lines) > MOST_LINES:
                _refuse([N_("A file may have at most %(count)s lines.", count=MOST_LINES)])
    except csv.Error as error:
        faults.append(N_("Line %(line)s is not CSV: %(fault)s", line=reader.line_num, fault=str(error)))
    _refuse(faults)
    return lines


def _header(cells: Sequence[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    faults = []
    if missing := [name for name in NEEDED if name not in names]:
        faults.append(N_("These columns are missing: %(columns)s", columns=", ".join(missing)))
    if unknown := [name for name in names if name not in NEEDED + EXTRA]:
        faults.append(N_("These columns are unknown: %(columns)s", columns=", ".join(unknown)[:200]))
    if len(set(names)) != len(names):
        faults.append(N_("A column stands there twice."))
    _refuse(faults)
    return names


def _line(number: int, header: Sequence[str], cells: Sequence[str]) -> tuple[Line | None, list[Text]]:
    if len(cells) != len(header):
        return None, [
            N_("Line %(line)s has %(found)s cells, not %(wanted)s.", line=number, found=len(cells), wanted=len(header))
        ]
    said = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    state = said.pop("state", "")
    values = {**said, "org_id_type": said.get("org_id_type") or "uscc"}
    values["org_id"] = rules.normal_org_id(values["org_id_type"], values["org_id"])
    faults = rules.company_faults(values | ({"state": state} if state else {}))
    told = [_fault(number, column, fault) for column, wrong in faults.items() for fault in wrong]
    return (None, told) if told else (Line(number, values, state), [])


# ---------------------------------------------------------------- comparing it with what is there

Plan = list[tuple[Line, Any]]


def _plan(lines: Sequence[Line], read: Callable[[sa.Select[*tuple[Any, ...]]], Iterable[Any]]) -> Plan:
    """Each line with the company it is about; None where that is new."""
    known: dict[tuple[str, str], Any] = {}
    for start in range(0, len(lines), 500):
        codes = [line.values["org_id"] for line in lines[start : start + 500]]
        for row in read(sa.select(*_company.c).where(_company.c.org_id.in_(codes))):
            known[row.org_id_type, row.org_id] = row
    plan = [(line, known.get(line.key)) for line in lines]
    _refuse(
        [
            _fault(
                line.number, "state", N_("A company cannot go from %(old)s to %(new)s.", old=row.state, new=line.state)
            )
            for line, row in plan
            if row is not None and line.state not in ("", row.state) and _move(row.state, line.state) is None
        ]
    )
    return plan


def _move(old: str, new: str) -> str | None:
    return next((move for move in lifecycle.MOVES if lifecycle.after(old, move) == new), None)


def _differences(line: Line, known: Any) -> dict[str, str]:
    wanted = line.values | ({"state": line.state} if line.state else {})
    return {field: value for field, value in wanted.items() if value != getattr(known, field)}


def _count(plan: Plan) -> Counts:
    created = sum(known is None for _line, known in plan)
    changed = sum(known is not None and bool(_differences(line, known)) for line, known in plan)
    return Counts(created, changed, len(plan) - created - changed)


# ---------------------------------------------------------------- writing


def _create(tx: Transaction, actor: Actor, line: Line, now: datetime) -> None:
    state = line.state or lifecycle.ACTIVE
    values = {**line.values, "state": state, "created_at": now}
    company_id = tx.execute(sa.insert(Company).values(values).returning(Company.id)).scalar_one()
    about: dict[str, Any] = {
        "object_id": company_id,
        "version": 1,
        "company_id": company_id,
        "name": line.values["name"],
    }
    publish(tx, actor, events.CompanyAdded(**about, state=state), now)


def _change(tx: Transaction, actor: Actor, line: Line, known: Any, now: datetime) -> None:
    changes = _differences(line, known)
    version = swap(tx, _company, known.id, known.version, changes)
    about: dict[str, Any] = {
        "object_id": known.id,
        "version": version,
        "company_id": known.id,
        "name": line.values["name"],
    }
    particulars = tuple(field for field in FIELDS if field in changes)
    if particulars:
        publish(tx, actor, events.CompanyChanged(**about, changed=particulars), now)
    move = _move(known.state, line.state) if "state" in changes else None
    if move == "approve":
        publish(tx, actor, events.CompanyApproved(**about), now)
    elif move == "reactivate":
        publish(tx, actor, events.CompanyReactivated(**about), now)
    elif move == "suspend":
        publish(tx, actor, events.CompanySuspended(**about, reason=""), now)
    elif move == "reject":
        publish(tx, actor, events.CompanyRejected(**about, reason=""), now)
