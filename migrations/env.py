"""How Alembic runs here: on the application's own engine, all in one transaction on either engine."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from labshare.kernel.db import db

postgres = db.engine.dialect.name == "postgresql"
options = {"isolation_level": "READ COMMITTED"} if postgres else {"writes": True}

with db.engine.connect().execution_options(**options) as connection:
    own = connection.connection.driver_connection
    try:
        if postgres:  # two installers at once take turns
            connection.execute(text("SELECT pg_advisory_xact_lock(7221)"))
        else:  # a table made anew is dropped once, which must not be taken for the end of all rows that name it
            own.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=not postgres,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if not postgres and (dangling := own.execute("PRAGMA foreign_key_check").fetchall()):
            raise RuntimeError(f"the migration leaves rows behind that name what is gone: {dangling[:5]}")
        connection.commit()
    finally:
        if not postgres:
            connection.rollback()
            own.execute("PRAGMA foreign_keys=ON")
