"""`labshare serve`: the whole house on one machine; web workers and scheduler as children that never outlive it."""

from __future__ import annotations

import http.client
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping

import click
import sqlalchemy as sa
from flask_migrate import upgrade

from labshare import create_app
from labshare import demo as laboratory
from labshare.config import Settings
from labshare.kernel import clock
from labshare.kernel.db import db, rows
from labshare.people.models import Company
from labshare.quotas.jobs import open_periods
from labshare.supervisor import SCHEDULER, Child, end
from labshare.webserver import faults

WEB = (sys.executable, "-m", "gunicorn", "-c", "python:labshare.webserver")
READY_WITHIN = 60.0  # seconds
DEMO = (  # what each of the demo's own people is there for, in the order of its sign-ins
    "books instruments for a company",
    "runs that company's account",
    "belongs to another company",
    "lab manager of every site",
    "runs the laboratory",
)


class Refused(Exception):
    """The house cannot open; the message is one clear line."""


def serve(settings: Settings, *, demo: bool) -> int:
    """Prepare the database, open the doors, and stay until told to end; the exit code."""
    try:
        prepare(settings, demo=demo)
    except Refused as refusal:
        click.echo(str(refusal), err=True)
        return 1
    return House(settings, demo=demo).run()


def prepare(settings: Settings, *, demo: bool) -> None:
    """Everything that must be true before the first request. Raises Refused."""
    if demo and settings.production:
        raise Refused("The demo laboratory is not for production.")
    _port_is_free(settings)
    app = create_app(settings)
    with app.app_context():
        try:
            upgrade()
            open_periods(clock.now())  # else nobody could book before the clockwork has run
            if demo:
                load_demo()
            found = faults(app)
        finally:
            db.session.remove()
            db.engine.dispose()
    if found:
        raise Refused(" ".join(found))


def load_demo() -> None:
    """Fill an empty database with the demo laboratory; one that holds companies is left alone."""
    if rows(sa.select(Company.id).limit(1)):
        return
    click.echo("Filling the empty database with the demo laboratory; this happens once.")
    laboratory.load()


def _port_is_free(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"port {settings.port} on {settings.host}"
            raise Refused(f"Cannot listen at {where}: {error.strerror}. Choose another with LABSHARE_PORT.") from None


class House:
    """The two children and their keeper."""

    def __init__(self, settings: Settings, *, demo: bool) -> None:
        self.settings, self.demo = settings, demo
        self.told = threading.Event()
        self.metrics = settings.data_dir / "metrics"

    def run(self) -> int:
        """Open, keep open, close; 0 where it was told to end."""
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, lambda *_: self.told.set())
        shutil.rmtree(self.metrics, ignore_errors=True)  # figures of workers long gone
        self.metrics.mkdir(parents=True)
        self.web, self.clock = Child(WEB, PROMETHEUS_MULTIPROC_DIR=str(self.metrics)), Child(SCHEDULER)
        try:
            if not self._wait_until_ready():
                return 0 if self.told.is_set() else 1
            click.echo(self.greeting())
            return self._keep()
        finally:
            end(self.web, self.clock)

    def _wait_until_ready(self) -> bool:
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until and self.web.ended is None:
            if is_ready(self.settings):
                return True
            if self.told.wait(0.1):
                return False
        click.echo("The web server did not become ready.", err=True)
        return False

    def _keep(self) -> int:
        while not self.told.wait(0.2):
            if self.web.ended is not None:
                click.echo(f"The web server ended by itself ({self.web.ended}).", err=True)
                return 1
            self.clock.keep("scheduler")
        return 0

    def greeting(self) -> str:
        """What whoever started the house reads."""
        lines = [f"LabShare is ready: {self.settings.base_url}/"]
        if self.demo:
            lines += ["", f"Sign in with the password {laboratory.PASSWORD} as"]
            lines += [f"  {email:34} {does}" for email, does in zip(laboratory.SIGN_INS, DEMO, strict=True)]
        return "\n".join(lines)


def is_ready(settings: Settings) -> bool:
    """Does /readyz answer 200?"""
    local: Mapping[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(local.get(settings.host, settings.host), settings.port, timeout=2)
    host = settings.trusted_hosts[0].lstrip(".") if settings.trusted_hosts else "localhost"
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
