"""The yardstick: a bare Flask route that does one guarded insert and nothing else; no token, no rules, no journal.

It inserts into a twin of `claim`, with the same columns, indexes and guard, in autocommit on a pooled connection
that is as durable as the product's.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Flask, jsonify, request

from labshare.kernel.db import engine_options
from labshare.kernel.db import prepare as as_the_product

TWIN = "bare_claim"
COLUMNS = "instrument_id, channel, starts_at, ends_at, kind, owner_id"
POSTGRESQL = f"INSERT INTO {TWIN} ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id"
SQLITE = f"INSERT INTO {TWIN} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) RETURNING id"

app = Flask(__name__)


@cache
def engine(url: str) -> sa.Engine:
    """The product's own pool and session settings."""
    made = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), **engine_options(url))
    as_the_product(made)
    return made


def prepare(url: str) -> None:
    """Make the twin of `claim`."""
    with engine(url).connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"CREATE TABLE {TWIN} (LIKE claim INCLUDING ALL)")
            own = "FOREIGN KEY (instrument_id) REFERENCES instrument"
            connection.exec_driver_sql(f"ALTER TABLE {TWIN} ADD {own}")
        else:
            parts = "SELECT sql FROM sqlite_master WHERE tbl_name = 'claim' AND sql > '' ORDER BY type = 'table' DESC"
            for (part,) in connection.exec_driver_sql(parts).all():
                connection.exec_driver_sql(re.sub("claim", TWIN, part))
    empty(url)


def empty(url: str) -> None:
    """Free all its time again."""
    with engine(url).connect() as connection:
        connection.exec_driver_sql(f"DELETE FROM {TWIN}")
    engine(url).dispose()


@app.post("/api/v1/bookings")
def book() -> Any:
    said = request.get_json()
    starts_at, ends_at = datetime.fromisoformat(said["starts_at"]), datetime.fromisoformat(said["ends_at"])
    values = (int(said["instrument"][-2:]), 1, starts_at, ends_at, "booking", 1)
    return jsonify({"id": _insert(values), **said}), 201


def _insert(values: tuple[Any, ...]) -> int:
    pooled = engine(os.environ["BENCH_DATABASE_URL"]).raw_connection()
    try:
        cursor = pooled.cursor()
        if os.environ["BENCH_DATABASE_URL"].startswith("postgresql"):
            cursor.execute(POSTGRESQL, values)
            return int(cursor.fetchone()[0])
        cursor.execute("BEGIN IMMEDIATE")
        as_stored = (
            value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value for value in values
        )
        cursor.execute(SQLITE, tuple(as_stored))
        number = int(cursor.fetchone()[0])
        cursor.execute("COMMIT")
        return number
    finally:
        pooled.close()
