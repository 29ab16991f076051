"""LabShare: shared laboratories, their instruments, and the companies that book them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from labshare.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Assemble the application; the only place where the slices are put together."""
    # The slices import this package for its Settings; so the house is opened only when somebody builds it.
    from labshare import wiring  # noqa: PLC0415
    from labshare.kernel import db as database  # noqa: PLC0415
    from labshare.people import access  # noqa: PLC0415
    from labshare.web import api, assets, compression, docs, errors, guard, health, i18n, layout  # noqa: PLC0415

    settings = settings or Settings.from_env()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = Flask(__name__, static_folder="static")
    app.config.update(_flask_config(settings))
    app.extensions["settings"] = settings
    app.extensions["subscriptions"] = wiring.SUBSCRIPTIONS
    app.extensions["jobs"] = wiring.JOBS
    app.extensions["checks"] = wiring.CHECKS
    app.extensions["start_checks"] = wiring.START_CHECKS

    database.db.init_app(app)
    with app.app_context():
        database.prepare(database.db.engine)
    Migrate(app, database.db, directory=str(wiring.MIGRATIONS))

    compression.init_app(app)  # first, so that it has the last look at an answer
    health.init_app(app, wiring.MIGRATIONS, wiring.START_CHECKS, wiring.VITALS)
    guard.init_app(app)
    access.init_app(app)
    i18n.init_app(app)
    assets.init_app(app)
    layout.init_app(app, wiring.MENU, wiring.NOTICES)
    doors = api.init_app(app)
    docs.init_app(app, doors)
    for blueprint in wiring.APIS:
        doors.register_blueprint(blueprint)
    for blueprint in wiring.PAGES:
        app.register_blueprint(blueprint)
    errors.init_app(app)
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # the documented way to wrap it
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    return app


def _flask_config(settings: Settings) -> dict[str, Any]:
    from labshare.kernel.db import engine_options  # noqa: PLC0415

    known = {"localhost", "127.0.0.1", "::1", settings.host, urlsplit(settings.base_url).hostname or "localhost"}
    open_house = settings.host in ("0.0.0.0", "::") and not settings.production  # noqa: S104 - compared, not bound
    hosts = list(settings.trusted_hosts) or (None if open_house else sorted(known))
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "MAX_CONTENT_LENGTH": settings.body_limit,
        "MAX_FORM_PARTS": 500,
        "TRUSTED_HOSTS": hosts,
        "SESSION_COOKIE_NAME": "__Host-labshare" if settings.production else "labshare",
        "SESSION_COOKIE_SECURE": settings.production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_hours),
        "SESSION_REFRESH_EACH_REQUEST": False,
    }
