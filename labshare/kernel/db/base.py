"""What every table is made of: one base, one naming of constraints, and types that mean the same on both engines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # only INTEGER is SQLite's own row id
Json = sa.JSON().with_variant(postgresql.JSONB, "postgresql")


def table_of(model: type[Base]) -> sa.Table:
    """The table behind a model, for statements that go round the object layer."""
    return model.__table__  # type: ignore[return-value]  # declared as FromClause, always a Table here


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment, stored in UTC; a naive one is refused with ValueError."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: every moment in LabShare is aware")
        return value.astimezone(UTC)

    def result_processor(self, dialect: Any, coltype: Any) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        # PostgreSQL's driver hands out aware moments, in UTC as the session asks; SQLite stores text without a zone.
        return _from_text if dialect.name == "sqlite" else None


def _from_text(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored + "+00:00")


class WrittenDateTime(UtcDateTime):
    """The same, read as it goes over the wire; of a list of thousands, to turn each twice was a sixth of the time."""

    cache_ok = True

    def result_processor(self, dialect: Any, coltype: Any) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        return _rewritten if dialect.name == "sqlite" else _written


def _rewritten(stored: str | None) -> str | None:
    if stored is None:
        return None
    fraction = stored[19:]
    return f"{stored[:10]}T{stored[11:19]}{'' if fraction == '.000000' else fraction}+00:00"


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def dialect() -> str:
    return db.engine.dialect.name
