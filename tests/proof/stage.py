"""One database with the cast and instruments in it, which many processes share; and what a proof asks of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import insert

from labshare import create_app
from labshare.config import Settings
from labshare.instruments.events import InstrumentAdded
from labshare.instruments.models import Category, Instrument
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, snapshot, transaction
from labshare.kernel.journal import publish
from tests.cast import LONG_AGO, Cast

HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)


class Stage:
    """The application of the test's own process, and everybody in its database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.app: Flask = create_app(Settings(database_url=url, data_dir=folder))
        with self.app.app_context():
            self.cast = Cast(self.app)
            self.postgres = db.engine.dialect.name == "postgresql"
        people = self.cast.people
        self.mei, self.chen, self.bo, self.li, self.ada = (people[one] for one in ("mei", "chen", "bo", "li", "ada"))
        self.askers = [self.mei, self.chen, self.bo]
        tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        self.begins = tomorrow + 2 * HOUR

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def instrument(self, code: str, *, approval: bool = False, channels: int = 1) -> int:
        """One more instrument, in a category of its own, free at any hour; its id."""
        values: dict[str, Any] = {
            "code": code, "name_en": code, "name_zh": code, "owner_id": self.cast.operator, "site_id": self.cast.east,
            "grid_minutes": 30, "min_minutes": 30, "max_minutes": 240, "warmup_minutes": 15, "notice_minutes": 0,
            "horizon_days": 60, "approval": approval, "channels": channels,
        }  # fmt: skip
        with self.app.app_context(), transaction() as tx:
            named = {"name_en": f"Made for {code}", "name_zh": code}
            values["category_id"] = tx.execute(insert(Category).values(named).returning(Category.id)).scalar_one()
            number = tx.execute(insert(Instrument).values(values).returning(Instrument.id)).scalar_one()
            names = {"code": code, "name_en": code, "name_zh": code, "site_id": self.cast.east}
            publish(tx, SYSTEM, InstrumentAdded(object_id=number, version=1, **names), LONG_AGO)
        return int(number)

    def slot(self, number: int) -> tuple[datetime, datetime]:
        """The half hour that the n-th round is about; no two touch, buffers included."""
        return self.begins + number * HOUR, self.begins + number * HOUR + HALF

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """What the database says, outside of everything."""
        with self.app.app_context():
            return [tuple(row) for row in db.session.connection().execute(sa.text(statement), values)]

    def raw(self, statement: str, *values: Any) -> None:
        """Change something as a stranger with the database's password would: past the application."""
        with self.app.app_context():
            raw(statement, *values)

    def breaches(self) -> list[str]:
        """What the house's own checks find, all in one snapshot."""
        with self.app.app_context(), snapshot() as session:
            return [found for _, check in self.app.extensions["checks"] for found in check(session)]

    def deadlocks(self) -> int:
        """How many deadlocks PostgreSQL has broken in this database; SQLite knows none."""
        if not self.postgres:
            return 0
        time.sleep(1.2)  # backends hand in their figures once a second
        return int(self.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0])

    @contextmanager
    def everything_locked(self, instrument: int) -> Iterator[None]:
        """Somebody else holds the instrument, by the lock the application takes, and does not let go."""
        with self.app.app_context():
            other = sa.create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
            with other.connect() as holder:
                if self.postgres:
                    holder.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": 1 << 48 | instrument})
                else:
                    holder.exec_driver_sql("BEGIN IMMEDIATE")
                yield

    def without_guard(self) -> None:
        """Take the database's own guard against overlaps away."""
        if self.postgres:
            self.raw("ALTER TABLE claim DROP CONSTRAINT ex_claim_overlap")
        else:
            self.raw("DROP TRIGGER ex_claim_overlap_insert")
            self.raw("DROP TRIGGER ex_claim_overlap_update")

    def without_limit(self) -> None:
        """Take the database's own guard of limits away; on SQLite each connection does, see `spoiling.unchecked`."""
        if self.postgres:
            self.raw("ALTER TABLE balance DROP CONSTRAINT ck_balance_within_limit")


def raw(statement: str, *values: Any) -> None:
    """One statement through the driver alone, committed; `?` stands for a value."""
    connection = db.engine.raw_connection()
    try:
        if db.engine.dialect.name == "postgresql":
            statement = statement.replace("?", "%s")
        cursor = connection.cursor()
        cursor.execute(statement, values)
        cursor.close()
        connection.commit()
    finally:
        connection.close()
