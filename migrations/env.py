"""How Alembic runs here: on the application's own engine, all in one transaction on either engine."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from labshare.kernel.db import db

postgres = db.engine.dialect.name == "postgresql"
options = {"isolation_level": "READ COMMITTED"} if postgres else {"writes": True}

with db.engine.connect().execution_options(**options) as connection:
    if postgres:  # two installers at once take turns
        connection.execute(text("SELECT pg_advisory_xact_lock(7221)"))
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=not postgres,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
