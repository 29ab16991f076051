"""Is it alive, can it book, how does it do: /healthz, /readyz, /metrics.

What to look at beyond the database is handed in by the factory: this floor knows no feature.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from labshare.kernel.db import rows
from labshare.kernel.errors import Forbidden
from labshare.web.guard import public

Check = Callable[[], str | None]
Sign = float | None | Mapping[str, float | None]  # one figure, or one for each of several by name
Vitals = Callable[[], Mapping[str, Sign]]

blueprint = Blueprint("health", __name__)

# One registry a process; with several workers their files are added up, see PROMETHEUS_MULTIPROC_DIR.
registry = CollectorRegistry()
REQUESTS = Counter("labshare_requests", "Requests answered.", ("endpoint", "method", "status"), registry=registry)
LATENCY = Histogram("labshare_request_seconds", "Time from request to answer.", ("endpoint",), registry=registry)
_own: dict[str, Any] = {"registry": registry, "multiprocess_mode": "liveall"}
MEMORY = Gauge("labshare_process_peak_bytes", "Most memory this worker held at once.", **_own)
CPU = Gauge("labshare_process_cpu_seconds", "Processor time this worker has used.", **_own)
BORN = Gauge("labshare_process_start_time_seconds", "When this worker started.", **_own)
BORN.set_to_current_time()


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """The process answers; nothing else is asked."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """Can this node book? 503 where it cannot; how the scheduler does is told beside it."""
    checks = {name: _fault(check) for name, check in current_app.extensions["readiness"].items()}
    ready = not any(checks.values())
    body: dict[str, Any] = {"status": "ready" if ready else "not ready"}
    body["checks"] = {name: fault or "ok" for name, fault in checks.items()}
    body |= {name: dict(found) for name, found in _vitals()}
    return jsonify(body), 200 if ready else 503


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Figures for Prometheus: to this machine itself, and to whoever has the token."""
    if not (_is_local() or _has_token()):
        raise Forbidden
    gathered = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(gathered)
    else:
        gathered.register(registry)
    gathered.register(_VitalsCollector())
    return Response(generate_latest(gathered), content_type=CONTENT_TYPE_LATEST)


def _is_local() -> bool:
    # A proxy on this machine makes the whole world look local; it says so in its headers.
    if request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _has_token() -> bool:
    token = current_app.extensions["settings"].metrics_token
    said = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(said.encode(), f"Bearer {token}".encode())


def _fault(check: Check) -> str | None:
    try:
        return check()
    except SQLAlchemyError:
        return "The database does not answer."


def _vitals() -> Iterator[tuple[str, Mapping[str, Sign]]]:
    for name, look in current_app.extensions["vitals"].items():
        try:
            yield name, look()
        except SQLAlchemyError:
            yield name, {}


class _VitalsCollector:
    """The house's vital signs as gauges, looked at when asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, found in _vitals():
            for sign, value in found.items():
                labels = ("name",) if isinstance(value, Mapping) else ()
                gauge = GaugeMetricFamily(f"labshare_{name}_{sign}", f"{name}: {sign}.", labels=labels)
                for label, figure in value.items() if isinstance(value, Mapping) else (("", value),):
                    if figure is not None:
                        gauge.add_metric((label,) if labels else (), figure)
                yield gauge


def _start() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    REQUESTS.labels(endpoint, request.method if request.endpoint else "any", response.status_code).inc()
    LATENCY.labels(endpoint).observe(time.perf_counter() - g.get("began", time.perf_counter()))
    _measure()
    return response


def _measure() -> None:
    used = getrusage(RUSAGE_SELF)
    MEMORY.set(used.ru_maxrss * 1024)
    CPU.set(used.ru_utime + used.ru_stime)


def database() -> str | None:
    """Does the database answer?"""
    rows(sa.select(sa.literal(1)))
    return None


def migrated(migrations: Path) -> Check:
    """A check whether the schema is this code's or a newer one's, which still lets this code book."""
    script = ScriptDirectory(str(migrations))
    head = script.get_current_head()
    older = {revision.revision for revision in script.walk_revisions()} - {head}
    versions: sa.Select[Any] = sa.select(sa.column("version_num")).select_from(sa.table("alembic_version"))

    def check() -> str | None:
        found = {row.version_num for row in rows(versions)}
        return None if found and not found & older else "The schema is an older version's: run `labshare upgrade`."

    return check


def init_app(app: Flask, migrations: Path, readiness: Mapping[str, Check], vitals: Mapping[str, Vitals]) -> None:
    """Open the three doors, and count every request; before the lock, so that refusals are timed too."""
    app.extensions["readiness"] = {"database": database, "migrations": migrated(migrations), **readiness}
    app.extensions["vitals"] = vitals
    _measure()
    app.before_request(_start)
    app.after_request(_count)
    app.register_blueprint(blueprint)
