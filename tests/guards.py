"""Takes the overlap guard out of a database, as a careless hand would."""

from __future__ import annotations

import sqlalchemy as sa

from labshare.kernel.db import db

DROP = {
    "sqlite": "DROP TRIGGER ex_claim_overlap_insert",
    "postgresql": "ALTER TABLE claim DROP CONSTRAINT ex_claim_overlap",
}


def drop_overlap_guard() -> None:
    """From here on the database would let two claims overlap."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(DROP[db.engine.dialect.name]))
