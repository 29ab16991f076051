"""Where the laboratory lives: the application, one database made anew for each life, and its people and instruments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event, insert

from labshare import create_app
from labshare.config import Settings
from labshare.instruments.events import InstrumentAdded
from labshare.instruments.models import Category, Instrument
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, transaction
from labshare.kernel.journal import publish
from labshare.people.events import SiteAdded
from labshare.people.models import RoleGrant, Site
from tests.cast import LONG_AGO, Cast
from tests.conftest import Databases
from tests.proof.life.oracle import Place

BEGINS = datetime(2026, 12, 9, 8, 12, 30, tzinfo=UTC)


class World:
    """The application on a database that `renew` makes as it was in the beginning."""

    def __init__(self, databases: Databases, folder: Path) -> None:
        self.databases, self.folder = databases, folder
        self.origin, self.url = databases.fresh(), databases.fresh()
        self.at = BEGINS
        clock.source = lambda: self.at
        made = create_app(Settings(database_url=self.origin, data_dir=folder))
        with made.app_context():
            self._furnish(made)
            db.session.remove()
            if db.engine.dialect.name == "sqlite":
                with db.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
        self.app: Flask = create_app(Settings(database_url=self.url, data_dir=folder))
        with self.app.app_context():
            if db.engine.dialect.name == "sqlite":
                event.listen(db.engine, "connect", _in_no_hurry)
            self.checks: Any = self.app.extensions["checks"]

    def _furnish(self, app: Flask) -> None:
        self.cast = cast = Cast(app)
        with transaction() as tx:
            berlin = {"code": "NORTH", "name_en": "North Lab", "name_zh": "北区实验室", "zone": "Europe/Berlin"}
            north = tx.execute(insert(Site).values(berlin).returning(Site.id)).scalar_one()
            publish(tx, SYSTEM, SiteAdded(object_id=north, version=1, code="NORTH"), LONG_AGO)
            tx.execute(insert(RoleGrant).values(person_id=cast.people["li"], role="lab_manager", site_id=north))
            kinds = (("Spectrometers", "光谱仪"), ("Diffractometers", "衍射仪"))  # and none of them the cast's
            named = ({"name_en": english, "name_zh": chinese} for english, chinese in kinds)
            one, other = (tx.execute(insert(Category).values(it).returning(Category.id)).scalar_one() for it in named)
            self.places = tuple(
                self._instrument(tx, *said)
                for said in (
                    ("LIFE-A", one, cast.east, "Asia/Shanghai", False),
                    ("LIFE-B", other, cast.east, "Asia/Shanghai", True),
                    ("LIFE-C", one, north, "Europe/Berlin", False),
                )
            )
        cast.li = cast.actor("li")
        self.tokens = {name: cast.token(name) for name in cast.people}
        self.companies = (cast.aurora, cast.borealis)
        self.people = {cast.aurora: cast.mei, cast.borealis: cast.bo}

    def _instrument(self, tx: Any, code: str, category: int, site: int, zone: str, approval: bool) -> Place:
        names = {"code": code, "name_en": code, "name_zh": code}
        values: dict[str, Any] = {"category_id": category, "owner_id": self.cast.operator, "site_id": site}
        values |= {"grid_minutes": 30, "min_minutes": 30, "max_minutes": 1440, "warmup_minutes": 0}
        values |= {"notice_minutes": 0, "horizon_days": 90, "approval": approval}
        number = tx.execute(insert(Instrument).values(**names, **values).returning(Instrument.id)).scalar_one()
        publish(tx, SYSTEM, InstrumentAdded(object_id=number, version=1, site_id=site, **names), LONG_AGO)
        return Place(code, number, category, site, zone, approval)

    def renew(self) -> None:
        """Begin again."""
        db.session.remove()
        db.engine.dispose()
        self.at = BEGINS
        self.databases.drop(self.url)
        self.databases.like(self.origin, self.url)

    def close(self, back: Callable[[], datetime]) -> None:
        clock.source = back
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        for url in (self.url, self.origin):
            self.databases.drop(url)


def _in_no_hurry(connection: Any, _record: Any) -> None:
    """What is lost when the machine falls over is asked elsewhere."""
    connection.execute("PRAGMA synchronous = OFF")
