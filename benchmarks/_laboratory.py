"""A laboratory to measure: 50 instruments, 100 companies, a member with a token in each, and bookings as wanted."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask

from labshare import create_app
from labshare.booking.models import Booking
from labshare.config import Settings
from labshare.instruments.models import Category, Claim, Instrument
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, look_around, transaction
from labshare.kernel.db.notes import blanks
from labshare.kernel.journal import Entry
from labshare.people import access
from labshare.people.models import Company, Person, RoleGrant, Site, Token
from labshare.quotas import allowances, rules
from labshare.quotas.allowances import Caps
from labshare.quotas.models import Account, Allowance, Balance, Line
from labshare.quotas.rules import Terms

INSTRUMENTS, COMPANIES = 50, 100
EVERY = timedelta(minutes=252)  # forty claims a week on each instrument
LENGTH, WARM_UP = timedelta(hours=2), timedelta(minutes=15)
BATCH = 20_000
YEARS = 11  # so long ago the companies came in; a million bookings reach back ten years
ZONE = ZoneInfo("Asia/Shanghai")
TABLES: tuple[Any, ...] = (Booking.__table__, Claim.__table__, Entry.__table__, Line.__table__)


@dataclass
class Laboratory:
    """The application on one database, and what a client needs to book there."""

    url: str
    app: Flask
    tokens: list[str]  # one a company
    codes: list[str]
    midnight: datetime  # bookings of the past end before it, free slots begin after it
    admin: str = ""  # the token of one, where there is one

    @property
    def year(self) -> int:
        return self.midnight.astimezone(ZONE).year

    def headers(self, whose: int = 0) -> dict[str, str]:
        token = self.tokens[whose % len(self.tokens)]
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def wishes(self) -> Iterator[dict[str, str]]:
        """Requests of which each can be granted: the free slots of the coming weeks, in no order."""
        slots = [
            (code, self.midnight + timedelta(days=day, hours=hour))
            for code in self.codes
            for day in range(2, 58)
            for hour in range(24)
        ]
        random.Random(1).shuffle(slots)
        for code, start in slots:
            yield {
                "instrument": code,
                "starts_at": start.isoformat(),
                "ends_at": (start + timedelta(minutes=30)).isoformat(),
                "purpose": "Fracture surfaces of batch 12",
            }


def furnish(url: str, folder: Path, limits: Sequence[Terms] = (), instruments: int = INSTRUMENTS) -> Laboratory:
    """Companies with their accounts, instruments and a member in an empty, migrated database."""
    app = create_app(Settings(database_url=url, data_dir=folder))
    app.config["TESTING"] = True
    now = datetime.now(UTC)
    tokens = [access.TOKEN_PREFIX + access.new_secret() for _ in range(COMPANIES)]
    with app.app_context(), transaction() as tx:
        site = {"code": "EAST", "name_en": "East Lab", "name_zh": "东区实验室", "zone": "Asia/Shanghai"}
        tx.execute(sa.insert(Site).values(id=1, **site))
        named = {"name_en": "Electron microscopes", "name_zh": "电子显微镜"}
        tx.execute(sa.insert(Category).values(id=1, **named))
        tx.execute(sa.insert(Company), [_company(number, now) for number in range(1, COMPANIES + 1)])
        tx.execute(sa.insert(Instrument), [_instrument(number) for number in range(1, instruments + 1)])
        default = tx.execute(sa.select(Account.__table__).where(Account.company_id.is_(None))).one()
        allowances.replace(tx, SYSTEM, default, limits, Caps(), None, now)
        for number, token in enumerate(tokens, 1):
            allowances.open_account(tx, number, now)
            person = {"email": f"mei{number}@bench.labshare.test", "name": f"Mei {number}", "company_id": number}
            tx.execute(sa.insert(Person).values(id=number, created_at=now, **person))
            tx.execute(sa.insert(RoleGrant).values(person_id=number, role="member"))
            secret = {"name": "bench", "secret_hash": access.hashed(token)}
            tx.execute(sa.insert(Token).values(person_id=number, created_at=now, **secret))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Laboratory(url, app, tokens, [_code(number) for number in range(1, instruments + 1)], midnight)


def _code(number: int) -> str:
    return f"SEM-{number:02}"


def _company(number: int, now: datetime) -> dict[str, Any]:
    org_id = {"org_id_type": "foreign", "org_id": f"BENCH-{number}"}
    return {"id": number, "name": f"Company {number}", "state": "active", "created_at": _years_ago(now), **org_id}


def _years_ago(now: datetime) -> datetime:
    return now.replace(year=now.year - YEARS, day=1)


def _instrument(number: int) -> dict[str, Any]:
    named = {"code": _code(number), "name_en": f"Electron microscope {number}", "name_zh": f"电子显微镜 {number}"}
    belongs = {"category_id": 1, "owner_id": 1, "site_id": 1}
    return {"id": number, **named, **belongs, "warmup_minutes": 15, "notice_minutes": 0, "horizon_days": 60}


# ---------------------------------------------------------------- past bookings


def fill(lab: Laboratory, bookings: int, at_least: timedelta = timedelta()) -> None:
    """Bookings of the past, forty a week on each instrument, the newest last; with their claims and journal.

    Fewer a week, where they would else not reach back `at_least` so far.
    """
    every = max(EVERY, at_least * INSTRUMENTS / bookings)
    with lab.app.app_context():
        connection = db.engine.raw_connection()
        try:
            load = _into_postgres if db.engine.dialect.name == "postgresql" else _into_sqlite
            held: Counter[int] = Counter()
            load(connection.driver_connection, _past(lab, bookings, every, held))
            mark = "%s" if db.engine.dialect.name == "postgresql" else "?"
            change = f"UPDATE balance SET held = {mark} WHERE id = {mark}"
            connection.cursor().executemany(change, [(minutes, number) for number, minutes in held.items()])
            connection.commit()
        finally:
            connection.close()


USED = """
    INSERT INTO usage_record (booking_id, instrument_id, channel, company_id, person_id, owner_id, company_name,
        category_en, category_zh, rate_cny_per_hour, starts_at, ends_at, freed_at, minutes, source, samples, note,
        problem, late, overtime, left_early, excuse, version)
    SELECT b.id, b.instrument_id, 1, b.company_id, b.person_id, 1, 'Company', 'Electron microscopes', '电子显微镜', 300,
        b.starts_at, b.ends_at, b.ends_at, 120, 'checked_in', 2, '', '', false, false, false, '', 1
    FROM booking b
"""


def use(lab: Laboratory) -> None:
    """All of the past was used as it was booked; and an admin comes, to see."""
    lab.admin = access.TOKEN_PREFIX + access.new_secret()
    now, number = datetime.now(UTC), COMPANIES + 1
    with lab.app.app_context():
        with transaction() as tx:
            if db.engine.dialect.name == "postgresql":
                tx.execute(sa.text("SET LOCAL statement_timeout = 0"))
            tx.execute(sa.text("UPDATE booking SET state = 'completed'"))
            tx.execute(sa.text(USED))
            person = {"email": "ada@bench.labshare.test", "name": "Ada", "created_at": now}
            tx.execute(sa.insert(Person).values(id=number, **person))
            tx.execute(sa.insert(RoleGrant).values(person_id=number, role="admin"))
            secret = {"name": "bench", "secret_hash": access.hashed(lab.admin)}
            tx.execute(sa.insert(Token).values(person_id=number, created_at=now, **secret))
        db.session.remove()
        look_around()
        db.session.remove()


def _past(
    lab: Laboratory, bookings: int, every: timedelta, held: Counter[int]
) -> Iterator[list[list[tuple[Any, ...]]]]:
    """Batches of rows for the four tables; counts what is held of each balance."""
    mixed, lines, balances = random.Random(2), itertools.count(1), _balances()
    for first in range(1, bookings + 1, BATCH):
        rows: list[list[tuple[Any, ...]]] = [[], [], [], []]
        for number in range(first, min(first + BATCH, bookings + 1)):
            back, instrument = divmod(bookings - number, INSTRUMENTS)
            start = lab.midnight - (back + 1) * every
            company = int(mixed.paretovariate(1.2)) % COMPANIES + 1
            for table, row in zip(rows[:3], _booking(number, instrument + 1, company, start), strict=True):
                table.append(row)
            for period, year, minutes in _minutes(start):
                for balance in balances.get((company, period, year), ()):
                    about = (number, instrument + 1, company, company, start - timedelta(days=3), "")
                    rows[3].append((next(lines), balance, "hold", minutes, *about))
                    held[balance] += minutes
        yield rows


def _balances() -> dict[tuple[int, str, date], list[int]]:
    """The balances of each company's own period that begins so."""
    mine = sa.select(Balance.id, Account.company_id, Allowance.period, Balance.starts_on)
    mine = mine.join(Allowance, Allowance.id == Balance.allowance_id).join(Account, Account.id == Balance.account_id)
    found: dict[tuple[int, str, date], list[int]] = {}
    for number, *key in db.session.execute(mine.where(Account.company_id.is_not(None))):
        found.setdefault(tuple(key), []).append(number)
    db.session.rollback()
    return found


def _minutes(start: datetime) -> Iterator[tuple[str, date, int]]:
    """What a booking takes of a year; of other periods the laboratory has no limits."""
    for first, minutes in rules.pieces(start, start + LENGTH, "year", ZONE):
        yield "year", first, minutes


def _booking(number: int, instrument: int, company: int, start: datetime) -> tuple[tuple[Any, ...], ...]:
    end, asked = start + LENGTH, start - timedelta(days=3)
    said = {"instrument_id": instrument, "starts_at": start.isoformat(), "ends_at": end.isoformat()}
    booking = {"id": number, "state": "approved", "version": 2, "instrument_id": instrument, "company_id": company}
    booking |= {"person_id": company, "starts_at": start, "ends_at": end, "created_at": asked}
    booking |= {"purpose": "Fracture surfaces"}
    claim = (instrument, 1, start - WARM_UP, end, "booking", number)
    told = (asked, "booking_requested", "booking", number, 1, company, company, json.dumps(said))
    return _row(Booking.__table__, booking), (number, *claim), (number, *told)


def _row(table: Any, said: dict[str, Any]) -> tuple[Any, ...]:
    """A row as its columns stand; of what it does not say, their defaults."""
    return tuple(({**blanks(table), **said}).get(name) for name in _columns(table))


def _columns(table: Any) -> list[str]:
    return [column.name for column in table.columns]


def _into_postgres(connection: Any, batches: Iterator[list[list[tuple[Any, ...]]]]) -> None:
    cursor = connection.cursor()
    for rows in batches:
        for table, some in zip(TABLES, rows, strict=True):
            with cursor.copy(f"COPY {table.name} ({', '.join(_columns(table))}) FROM STDIN") as copy:
                for row in some:
                    copy.write_row(row)
    for table in TABLES:
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}")
        cursor.execute(f"VACUUM ANALYZE {table.name}")
    cursor.execute("CHECKPOINT")


def _into_sqlite(connection: Any, batches: Iterator[list[list[tuple[Any, ...]]]]) -> None:
    for rows in batches:
        connection.execute("BEGIN IMMEDIATE")
        for table, some in zip(TABLES, rows, strict=True):
            columns = _columns(table)
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})", map(_as_stored, some)
            )
        connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _as_stored(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Moments as SQLAlchemy stores them on SQLite."""
    return tuple(f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value for value in row)
