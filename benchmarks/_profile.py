"""Where the time of one POST /bookings goes: once by whose code runs, once by part of the path."""

from __future__ import annotations

import cProfile
import pstats
from collections import defaultdict
from collections.abc import Callable
from typing import Any

OWNERS = {  # a piece of the file's path -> whose code it is; the first that fits
    "/psycopg": "driver and waiting for the database",
    "sqlite3": "driver and waiting for the database",
    "/sqlalchemy/": "SQLAlchemy",
    "/flask_sqlalchemy/": "SQLAlchemy",
    "/marshmallow/": "marshmallow, webargs, smorest",
    "/webargs/": "marshmallow, webargs, smorest",
    "/flask_smorest/": "marshmallow, webargs, smorest",
    "/apispec/": "marshmallow, webargs, smorest",
    "/flask": "Flask, werkzeug, Babel, Flask-Login",
    "/werkzeug/": "Flask, werkzeug, Babel, Flask-Login",
    "/babel/": "Flask, werkzeug, Babel, Flask-Login",
    "/prometheus_client/": "metrics",
    "/labshare/": "LabShare itself",
    "/json/": "json",
}
REST = "Python's own library"
PARTS = {  # (end of the file's path, function) -> what it does
    ("people/access.py", "by_bearer"): "identity: token to actor",
    ("web/bodies.py", "load_json"): "reading the JSON",
    ("marshmallow/schema.py", "load"): "checking it by schema",
    ("kernel/db/writing.py", "_begin"): "begin and locks, in one round trip",
    ("booking/queries.py", "asked_anew"): "the instrument and the company",
    ("booking/queries.py", "gather"): "the claims around the slot",
    ("booking/rules/asking.py", "refusals"): "the rules",
    ("booking/services/asking.py", "_save"): "making booking, claim and fact",
    ("kernel/retry.py", "keep"): "making the answer",
    ("kernel/db/writing.py", "write_down"): "writing all of it, in one statement",
    ("sqlalchemy/orm/session.py", "commit"): "commit",
    ("web/health.py", "_count"): "metrics",
}
Found = list[tuple[str, float]]


def where(run: Callable[[], None]) -> tuple[Found, Found]:
    """Shares of the whole (0 to 1): by owner, own time only, largest first; and by part, all it calls included."""
    profile = cProfile.Profile()
    profile.runcall(run)
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # documented by its use only
    whole = sum(own for _, _, own, _, _ in stats.values())
    owners: dict[str, float] = defaultdict(float)
    for place, (_, _, own, _, callers) in stats.items():
        if place[0] == "~" and callers and _owner(place) == REST:  # built in: whoever called it pays
            for caller, (_, _, share, _) in callers.items():
                owners[_owner(caller)] += share
        else:
            owners[_owner(place)] += own
    parts = dict.fromkeys(PARTS.values(), 0.0)
    for (file, _, name), (_, _, _, inclusive, _) in stats.items():
        for (end, function), label in PARTS.items():
            if name == function and file.endswith(end):
                parts[label] = max(parts[label], inclusive)
    by_owner = sorted(((name, own / whole) for name, own in owners.items()), key=lambda one: -one[1])
    return by_owner, [(name, share / whole) for name, share in parts.items()]


def _owner(place: tuple[str, int, str]) -> str:
    said = f"{place[0]} {place[2]}"
    return next((owner for piece, owner in OWNERS.items() if piece in said), REST)
