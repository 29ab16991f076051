"""How the web workers run: gunicorn's settings (`gunicorn -c python:labshare.webserver`) and what it serves."""

from __future__ import annotations

import gc
import logging
import os
from typing import Any

from flask import Flask
from prometheus_client import multiprocess
from sqlalchemy.exc import DBAPIError

from labshare import create_app
from labshare.config import Settings
from labshare.kernel.db import db
from labshare.supervisor import follow_supervisor

log = logging.getLogger("labshare")
_settings = Settings.from_env()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

wsgi_app = "labshare.webserver:application()"
bind = f"{_host}:{_settings.port}"
worker_class = "gthread"
workers = _settings.workers
threads = _settings.threads
timeout = 60
graceful_timeout = 30
accesslog = None
loglevel = "warning"
control_socket_disable = True  # its place is shared by every gunicorn of this user


class NotSound(RuntimeError):
    """The database is not as the application needs it; the message says what to do."""


def application() -> Flask:
    """The application, unless its promises would not hold. Raises NotSound."""
    app = create_app()
    with app.app_context():
        try:
            found = faults(app)
        except DBAPIError:
            # No database, no booking: a worker reborn in an outage answers 503 and is there when it ends.
            log.exception("the database does not answer")
            found = []
        if found:
            db.session.remove()
            db.engine.dispose()
            raise NotSound(" ".join(found))
    return app


def faults(app: Flask) -> list[str]:
    """Why this application must not be served, a sentence each."""
    return [found for check in app.extensions["start_checks"].values() if (found := check())]


def post_worker_init(_worker: Any) -> None:
    """gunicorn's hook: what the house is made of lives as long as the worker; the collector need not look at it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def when_ready(_server: Any) -> None:
    """gunicorn's hook: the master follows the process that supervises it."""
    follow_supervisor()


def child_exit(_server: Any, worker: Any) -> None:
    """gunicorn's hook: a worker that is gone counts no longer among the living."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)
