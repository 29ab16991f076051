"""Opening hours, calendars of workdays, and whose an instrument was when.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    # The default stays in the schema, so that the version still running can go on adding bookings. Where nobody has
    # said any hours an instrument is open around the clock, so for that version nothing changes.
    op.add_column("booking", sa.Column("provisional", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "ownership",
        sa.Column("id", ID, nullable=False),
        sa.Column("instrument_id", ID, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_ownership_instrument_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["company.id"], name="fk_ownership_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ownership"),
        sa.UniqueConstraint("instrument_id", "valid_from", name="uq_ownership_instrument_id_valid_from"),
    )
    op.execute(
        "INSERT INTO ownership (instrument_id, owner_id, valid_from) SELECT id, owner_id, '2000-01-01' FROM instrument"
    )
    _create_hours()
    _create_calendar()


def _create_hours() -> None:
    op.create_table(
        "opening_pattern",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("instrument_id", ID, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("week", JSON, nullable=True),
        sa.Column("holidays", sa.Boolean(), nullable=False),
        sa.Column("unattended", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_opening_pattern_site_id"),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_opening_pattern_instrument_id"),
        sa.PrimaryKeyConstraint("id", name="pk_opening_pattern"),
        sa.UniqueConstraint(
            "site_id", "instrument_id", "valid_from", name="uq_opening_pattern_site_id_instrument_id_valid_from"
        ),
    )
    op.create_index("ix_opening_pattern_instrument_id", "opening_pattern", ["instrument_id"])
    op.create_table(
        "opening_exception",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("instrument_id", ID, nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("intervals", JSON, nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_opening_exception_site_id"),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_opening_exception_instrument_id"),
        sa.PrimaryKeyConstraint("id", name="pk_opening_exception"),
    )
    op.create_index("ix_opening_exception_site_id_day", "opening_exception", ["site_id", "day"])


def _create_calendar() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('workday', 'restday', 'holiday', 'makeup_workday')", name=op.f("ck_calendar_day_kind")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_calendar_day_site_id"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_day"),
        sa.UniqueConstraint("site_id", "day", name="uq_calendar_day_site_id_day"),
    )
    op.create_index("ix_calendar_day_site_id_year", "calendar_day", ["site_id", "year"])
    op.create_table(
        "calendar_year",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("rechecked_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_calendar_year_site_id"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_year"),
        sa.UniqueConstraint("site_id", "year", name="uq_calendar_year_site_id_year"),
    )


def downgrade() -> None:
    for table in ("calendar_year", "calendar_day", "opening_exception", "opening_pattern", "ownership"):
        op.drop_table(table)
    op.drop_column("booking", "provisional")
