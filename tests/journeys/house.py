"""The application as people meet it: served on a port of its own, with the demo laboratory in its database."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale, gettext
from werkzeug.serving import WSGIRequestHandler, make_server

from labshare import create_app, demo
from labshare.config import Settings
from labshare.demo.names import DOMAIN
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Base, db, rows
from labshare.people import access
from labshare.people.models import Person
from labshare.web.i18n import LOCALES

SIZE = 0.05  # some five hundred bookings: enough to look like a laboratory, loaded in half a second


class _Quiet(WSGIRequestHandler):
    """A line for every request would bury what a failed test has to say."""

    def log_request(self, *_: Any) -> None:
        pass


class House:
    """One served laboratory; knows who is in it and how it says things in each language."""

    def __init__(self, database_url: str, folder: Path, size: float = SIZE) -> None:
        self.folder = folder
        self._door = socket.create_server(("127.0.0.1", 0))
        port = self._door.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        settings = Settings(database_url=database_url, data_dir=folder, port=port, base_url=self.address)
        self.app = create_app(settings)
        with self.app.app_context():
            demo.load(size=size)
        fd = self._door.fileno()
        self._server = make_server("127.0.0.1", port, self.app, threaded=True, fd=fd, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._door.close()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    # ------------------------------------------------------------ who and what is in it

    def email(self, name: str) -> str:
        """The address of one of the demo's fixed sign-ins: member, company-admin, rival, manager, admin."""
        return f"{name}@{DOMAIN}"

    def actor(self, name: str) -> Actor:
        found = self.read(sa.select(Person.id).where(Person.email == self.email(name)))
        with self.app.app_context():
            one = access.by_id(found[0].id)
        assert one is not None
        return one

    def read(self, statement: sa.Select[Any]) -> list[Any]:
        """Rows, read beside everything else."""
        with self.app.app_context():
            found = list(rows(statement))
            db.session.remove()
        return found

    def run(self, job: str) -> None:
        """Let the clockwork do one of its jobs."""
        with self.app.app_context():
            found = next(one for one in self.app.extensions["jobs"] if one.name == job)
            found.run(clock.now())
            db.session.remove()

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """As if it were this moment now, for everybody in the house; the clock goes on from there."""
        usual, ahead = clock.source, moment - clock.now()
        clock.source = lambda: usual() + ahead
        try:
            yield
        finally:
            clock.source = usual

    def table(self, name: str) -> sa.Table:
        return Base.metadata.tables[name]

    # ------------------------------------------------------------ how it speaks

    def words(self, language: str, english: str, **params: Any) -> str:
        """A sentence of the program in a language, as the pages say it."""
        with self.app.app_context(), force_locale(LOCALES[language]):
            return gettext(english, **params)
