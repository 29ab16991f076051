"""Canaries: marked words in everything a company wrote, and a harvest of every byte a reader can fetch."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from labshare.booking.jobs.offering import make_offers
from labshare.booking.models import Booking, UsageRecord
from labshare.instruments.models import Claim
from labshare.kernel import clock
from labshare.kernel.db import Base, Transaction, transaction
from labshare.web.files import XLSX
from tests.doors.scene import Scene
from tests.doors.walk import routes

# Words of ours, secrets nobody reads, and what is unreadable when marked; everything else is people's own text.
OURS = {
    "state",
    "awaiting",
    "kind",
    "role",
    "language",
    "org_id_type",
    "password_hash",
    "secret_hash",
    "key",
    "fingerprint",
    "zone",
    "source",
    "excuse",
    "what",
}
THEIRS = {  # what a laboratory writes for itself; no company reads it
    "maintenance_window": ("note", "performed_by"),
    "maintenance_document": ("name", "content"),
    "outage": ("note", "remedy"),
    "utility": ("name_en", "name_zh"),
    "upkeep": ("note",),
}
MARK = re.compile(rb"cnry-(\w+)-(\w+)-(\w+)-[0-9]+", re.IGNORECASE)
SOURCE = Path(__file__).parent.parent.parent / "labshare"


def fill(scene: Scene) -> None:
    """Give both companies a life through the doors, then mark every text of theirs where it is stored."""
    soon = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    for number, name in enumerate(("mei", "bo")):
        start = soon + timedelta(hours=4 * number)
        body = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat(), "purpose": "Work"}
        made = scene.ask(name, "POST", "/api/v1/bookings", {"instrument": "SEM-01", **body})
        assert made.status_code == 201, made.get_json()
        path = f"/api/v1/bookings/{made.get_json()['id']}"
        assert scene.ask("li", "POST", f"{path}/approve", {"reason": "Welcome"}).status_code == 200
        later = {
            "starts_at": (start + timedelta(hours=8)).isoformat(),
            "ends_at": (start + timedelta(hours=9)).isoformat(),
        }
        assert scene.ask(name, "POST", f"{path}/move", later).status_code == 200
        assert scene.ask(name, "POST", "/api/v1/bookings", {"instrument": "BAT-01", **body}).status_code == 201
        _use(scene, name, number)
    for company in ("aurora", "borealis"):
        _extend(scene, company, scene.cast.companies[company])
    _maintain(scene, soon + timedelta(days=3))
    some = (Scene.booking, Scene.wait, Scene.colleague, Scene.invitation, Scene.token, Scene.session)
    for make in (*some, Scene.entry, Scene.restriction, Scene.objection):
        make(scene)
    with transaction() as tx:
        for company in ("aurora", "borealis"):
            _mark(tx, company, scene.cast.companies[company])
        _mark_the_laboratorys(tx)
        scene.cast._tell(tx)


def _use(scene: Scene, name: str, number: int) -> None:
    """Something was used last week, noted and complained about."""
    cast, start = scene.cast, clock.now() - timedelta(days=7, hours=number)
    whose = {"instrument_id": cast.sem, "company_id": cast.actor(name).company_id, "person_id": cast.people[name]}
    slot = {"starts_at": start, "ends_at": start + timedelta(minutes=30)}
    with transaction() as tx:
        booked: Any = sa.insert(Booking).values(**whose, **slot, state="completed", purpose="Work", created_at=start)
        booking_id = tx.execute(booked.returning(Booking.id)).scalar_one()
        tx.execute(
            sa.insert(Claim).values(instrument_id=cast.sem, channel=1, kind="booking", owner_id=booking_id, **slot)
        )
        names = {"company_name": name, "category_en": "Microscopes", "category_zh": "显微镜"}
        said = {"source": "checked_in", "note": "All fine", "problem": "It hums", "minutes": 30, "samples": 1}
        ended = {"freed_at": slot["ends_at"], "owner_id": cast.operator, "booking_id": booking_id}
        tx.execute(sa.insert(UsageRecord).values(**whose, **slot, **names, **said, **ended))
        cast._tell(tx)


def _maintain(scene: Scene, start: datetime) -> None:
    """A booking of Mei's is displaced and another time held for it; the laboratory keeps its own papers."""
    slot = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat()}
    asked = {"instrument": "SEM-01", "purpose": "Work", **slot}
    assert scene.ask("mei", "POST", "/api/v1/bookings", asked).status_code == 201
    said = {"instruments": ["SEM-01"], "kind": "repair", "note": "Pump", "performed_by": "The maker", **slot}
    window = scene.ask("li", "POST", "/api/v1/maintenance-windows", said).get_json()
    assert [one["company"]["name"] for one in window["bookings"]] == ["Aurora Displays"]
    file = {"name": "sheet.pdf", "content": "JVBERi0xLjcK"}
    path = f"/api/v1/maintenance-windows/{window['id']}/documents"
    assert scene.ask("li", "POST", path, file).status_code == 201
    broken = scene.ask("li", "POST", "/api/v1/outages", {"instrument": "BAT-01", "note": "No power"}).get_json()
    path = f"/api/v1/outages/{broken['id']}/repaired"
    assert scene.ask("li", "POST", path, {"remedy": "A fuse"}).status_code == 200
    assert make_offers(clock.now()) == {"offered": 1}
    for make in (Scene.window, Scene.document, Scene.outage, Scene.utility, Scene.upkeep):
        make(scene)


def _extend(scene: Scene, name: str, company_id: int) -> None:
    """An allowance and its extension; its line is marked as it is written, for nothing changes it afterwards."""
    path, limit = f"/api/v1/companies/{company_id}", {"items": [{"period": "year", "hours": 99}]}
    assert scene.ask("ada", "PUT", f"{path}/allowances", limit).status_code == 200
    [balance] = scene.ask("ada", "GET", f"{path}/account").get_json()["allowances"]
    said = {"allowance": balance["id"], "hours": 1, "reason": f"cnry-{name}-ledger-reason-1"}
    assert scene.ask("ada", "POST", f"{path}/account/extend", said).status_code == 200


def _mark(tx: Transaction, name: str, company_id: int) -> None:
    tables = Base.metadata.tables
    people = sa.select(tables["person"].c.id).where(tables["person"].c.company_id == company_id)
    for table in tables.values():
        if table.name == "company":
            theirs: Any = table.c.id == company_id
        elif "company_id" in table.c:
            theirs = table.c.company_id == company_id
        elif "person_id" in table.c:
            theirs = table.c.person_id.in_(people)
        else:
            continue
        texts = [one.name for one in table.c if isinstance(one.type, sa.String) and one.name not in OURS]
        for row_id in (
            tx.execute(sa.select(table.c.id).where(theirs)).scalars().all() if texts and "id" in table.c else ()
        ):
            said = {text: f"cnry-{name}-{table.name}-{text}-{row_id}" for text in texts if table.name != "journal"}
            if said and table.name not in ("answer", "ledger"):
                tx.execute(sa.update(table).where(table.c.id == row_id).values(said))


def _mark_the_laboratorys(tx: Transaction) -> None:
    for name, columns in THEIRS.items():
        table = Base.metadata.tables[name]
        for row_id in tx.execute(sa.select(table.c.id)).scalars().all():
            said: dict[str, Any] = {column: f"cnry-lab-{name}-{column}-{row_id}" for column in columns}
            if "content" in said:
                said["content"] = said["content"].encode()
            tx.execute(sa.update(table).where(table.c.id == row_id).values(said))


def marks(harvest: dict[str, bytes], company: str) -> dict[str, set[str]]:
    """Which texts of the company stand in what was fetched: table.column -> where."""
    found: dict[str, set[str]] = {}
    for where, body in harvest.items():
        for name, table, column in MARK.findall(body):
            if name.decode().lower() == company:
                found.setdefault(f"{table.decode()}.{column.decode()}".lower(), set()).add(where)
    return found


IN_FULL = 2


def harvest(scene: Scene, reader: str, doors: str = "") -> dict[str, bytes]:
    """Everything a reader can fetch: every GET route, for every object there is, with every query it knows.

    Or only what is behind doors whose names begin so. Of objects that are shown alike the first two are asked with
    every query, the others as they are; so is what does not exist or open for the reader, whatever is asked of it.
    """
    document = scene.ask(None, "GET", "/api/v1/openapi.json").get_json()
    found = {}
    for rule, method in routes(scene.app):
        if method != "GET" or rule.endpoint == "static" or not rule.endpoint.startswith(doors):
            continue
        in_full = 0
        for path in _paths(scene, rule):
            closed = False
            for number, query in enumerate(_queries(scene, rule, document)):
                if number and (closed or in_full > IN_FULL):
                    break
                answer = scene.ask(reader, "GET", path, query_string=query)
                assert answer.status_code < 500, (path, query)
                in_full += not number and answer.status_code == 200
                closed = closed or (not number and answer.status_code in (403, 404))
                said = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
                found[f"{path} {query}"] = said.encode() + _spread_out(answer)
    return found


def _spread_out(answer: TestResponse) -> bytes:
    """Every byte of the answer that says something: a workbook is an archive, in which nothing could be read."""
    if answer.content_type != XLSX:
        return answer.get_data()
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def _paths(scene: Scene, rule: Rule) -> Iterator[str]:
    """The route for each object of that kind there is, of whichever company."""
    tables = {"booking_id": "booking", "company_id": "company", "person_id": "person", "invitation_id": "invitation"}
    tables |= {"window_id": "maintenance_window", "document_id": "maintenance_document"}
    if not rule.arguments or not rule.arguments <= tables.keys():
        yield scene.path(rule)
        return
    names = sorted(rule.arguments)
    for numbers in product(*(scene.contents_of(tables[name], "id") for name in names)):
        yield scene.path(rule, **dict(zip(names, numbers, strict=True)))


def _queries(scene: Scene, rule: Rule, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    now = clock.now()
    windows = [
        {"from": at.isoformat(), "to": (at + timedelta(days=14)).isoformat()}
        for at in (now, now.replace(year=2030, month=1, day=1))
    ]
    values: dict[str, list[Any]] = {
        "company": [scene.cast.aurora, scene.cast.borealis],
        "instrument": ["SEM-01", "BAT-01"],
        "q": ["nry-aur", "nry-bor", "c"],
        "state": ["requested", "approved", "cancelled", "displaced", "active", "all"],
        "limit": [200],
        "minutes": [30],
        "mine": ["1"],
        "tab": ["past", "all", "coming", "waiting"],
        "day": [(now + timedelta(days=2)).date().isoformat(), "2030-01-01"],
        "span": ["week", "day", "month"],
        "category": [scene.cast.category],
        "site": ["EAST"],
        "year": [2026, 2030],
        "format": ["csv", "xlsx", "json"],
        "scope": ["all"],
        "allowance": sorted(set(scene.contents_of("ledger", "balance_id"))),
    }
    if rule.rule.startswith("/api/v1"):
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        parameters = document["paths"].get(path, {}).get("get", {}).get("parameters", [])
        known = {one["name"] for one in parameters}
        needed = {one["name"] for one in parameters if one["required"]}
    else:
        slice_of_it = scene.app.view_functions[rule.endpoint].__module__.split(".")[1]
        text = "".join(file.read_text(encoding="utf-8") for file in (SOURCE / slice_of_it).rglob("*.py"))
        known, needed = {name for name in (*values, "from", "to") if f'"{name}"' in text}, set()
    base = {name: values[name][0] for name in needed if name in values}
    for window in windows if "from" in known else [{}]:
        yield {**base, **(window if "from" in needed or "to" in known else {})}
        for name in sorted(known & values.keys()):
            for value in values[name]:
                yield {**base, **window, name: value}
