"""The yardstick: a bare Flask route that does one guarded insert and nothing else; no token, no rules, no journal."""

from __future__ import annotations

import os
import sqlite3
import threading
from datetime import datetime
from typing import Any

import psycopg
from flask import Flask, jsonify, request

URL = os.environ.get("BENCH_DATABASE_URL", "")
INSERT = "INSERT INTO bare_claim (instrument_id, channel, starts_at, ends_at) VALUES ({}) RETURNING id"
SCHEMA = {  # the same guards as `claim` has
    "postgresql": (
        "CREATE TABLE bare_claim (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, instrument_id bigint NOT NULL,"
        " channel integer NOT NULL, starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL,"
        " CONSTRAINT ex_bare_overlap EXCLUDE USING gist (instrument_id WITH =, channel WITH =,"
        " tstzrange(starts_at, ends_at, '[)') WITH &&))",
    ),
    "sqlite": (
        "CREATE TABLE bare_claim (id INTEGER PRIMARY KEY, instrument_id INTEGER NOT NULL, channel INTEGER NOT NULL,"
        " starts_at TEXT NOT NULL, ends_at TEXT NOT NULL)",
        "CREATE INDEX ix_bare_claim ON bare_claim (instrument_id, channel, starts_at)",
        "CREATE TRIGGER ex_bare_overlap BEFORE INSERT ON bare_claim"
        " WHEN NEW.starts_at < (SELECT ends_at FROM bare_claim"
        " WHERE instrument_id = NEW.instrument_id AND channel = NEW.channel AND starts_at < NEW.ends_at"
        " ORDER BY starts_at DESC LIMIT 1) BEGIN SELECT RAISE(ABORT, 'ex_bare_overlap'); END",
    ),
}

app = Flask(__name__)
_mine = threading.local()  # a connection a thread: the cheapest pool there is


def connect(url: str) -> Any:
    """A connection in autocommit, durable as the product's are."""
    if not url.startswith("sqlite"):
        return psycopg.connect(url, autocommit=True)
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def prepare(url: str) -> None:
    """Make the table and its guard."""
    connection = connect(url)
    for statement in SCHEMA["sqlite" if url.startswith("sqlite") else "postgresql"]:
        connection.execute(statement)
    connection.close()


@app.post("/api/v1/bookings")
def book() -> Any:
    said = request.get_json()
    starts_at, ends_at = datetime.fromisoformat(said["starts_at"]), datetime.fromisoformat(said["ends_at"])
    values = (int(said["instrument"][-2:]), 1, starts_at, ends_at)
    if not hasattr(_mine, "connection"):
        _mine.connection = connect(URL)
    return jsonify({"id": _insert(_mine.connection, values), **said}), 201


def _insert(connection: Any, values: tuple[int, int, datetime, datetime]) -> int:
    if isinstance(connection, psycopg.Connection):
        return connection.execute(INSERT.format("%s, %s, %s, %s"), values).fetchone()[0]  # type: ignore[index]
    connection.execute("BEGIN IMMEDIATE")
    stored = (*values[:2], *(f"{moment:%Y-%m-%d %H:%M:%S.%f}" for moment in values[2:]))
    number = connection.execute(INSERT.format("?, ?, ?, ?"), stored).fetchone()[0]
    connection.execute("COMMIT")
    return int(number)
