"""What bookings add up to, month by month; when a request was answered, and the rate of a use.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
COUNTS = (
    *("asked", "approved", "rejected", "cancelled", "late_cancels", "no_shows", "expired", "displaced", "answered"),
    *("uses", "external_uses"),
)
SUMS = (
    *("answer_minutes", "booked_minutes", "credited_minutes", "samples", "effective_minutes", "external_minutes"),
    "worth",
)
INDEXES = {
    "ix_usage_record_person_id_starts_at": ["person_id", "starts_at"],
    "ix_usage_record_starts_at_id": ["starts_at", "id"],
    "ix_usage_record_instrument_id_starts_at": ["instrument_id", "starts_at"],
}


def upgrade() -> None:
    op.add_column("booking", sa.Column("answered_at", MOMENT, nullable=True))
    # The default stays in the schema, so that the version still running can go on adding uses.
    rate = sa.Column("rate_cny_per_hour", sa.Numeric(10, 2), server_default="0", nullable=False)
    op.add_column("usage_record", rate)
    _remember()
    for name, columns in INDEXES.items():
        op.create_index(name, "usage_record", columns)
    _create_sums("tally")
    op.create_index("ix_tally_company_id_year", "tally", ["company_id", "year"])
    op.create_index("ix_tally_instrument_id_year", "tally", ["instrument_id", "year"])
    _create_years()


def _create_sums(table: str) -> None:
    op.create_table(
        table,
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("company_id", ID, nullable=False),
        sa.Column("instrument_id", ID, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=f"fk_{table}_company_id"),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=f"fk_{table}_instrument_id"),
        sa.PrimaryKeyConstraint("year", "month", "company_id", "instrument_id", name=f"pk_{table}"),
    )


def _create_years() -> None:
    op.create_table(
        "usage_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=True),
        sa.Column("object_by", MOMENT, nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'issued', 'closed')", name=op.f("ck_usage_year_state")),
        sa.PrimaryKeyConstraint("year", name="pk_usage_year"),
    )
    _create_sums("closed_tally")
    op.create_table(
        "closed_line",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["year"], ["usage_year.year"], name="fk_closed_line_year"),
        sa.PrimaryKeyConstraint("year", "kind", "number", name="pk_closed_line"),
    )
    op.create_table(
        "usage_heat",
        *(sa.Column(name, sa.Integer(), autoincrement=False, nullable=False) for name in ("year", "weekday", "hour")),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("year", "weekday", "hour", name="pk_usage_heat"),
    )
    op.create_table(
        "usage_objection",
        sa.Column("id", ID, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("company_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_usage_objection_company_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_usage_objection_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_usage_objection"),
    )
    op.create_index("ix_usage_objection_year_company_id", "usage_objection", ["year", "company_id"])
    _create_corrections()


def _create_corrections() -> None:
    op.create_table(
        "usage_correction",
        sa.Column("id", ID, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("year", "of_year", "of_month")),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, ID, nullable=False) for name in ("booking_id", "company_id", "instrument_id")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("uses", "external_uses", "late_cancels")),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("samples", "effective_minutes", "external_minutes", "credited_minutes", "worth")
        ),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_usage_correction_booking_id"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_usage_correction_company_id"),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_usage_correction_instrument_id"),
        sa.PrimaryKeyConstraint("id", name="pk_usage_correction"),
        sa.UniqueConstraint(
            *("booking_id", "kind", "version", "of_year", "of_month"),
            name="uq_usage_correction_booking_id_kind_version_of_year_of_month",
        ),
    )
    op.create_index("ix_usage_correction_year_company_id", "usage_correction", ["year", "company_id"])
    op.create_index("ix_usage_correction_of_year", "usage_correction", ["of_year"])


def _remember() -> None:
    """Uses of the past are worth what their instruments cost today; answers stand in the journal."""
    op.execute(
        "UPDATE usage_record SET rate_cny_per_hour ="
        " (SELECT rate_cny_per_hour FROM instrument WHERE instrument.id = usage_record.instrument_id)"
    )
    op.execute(
        "UPDATE booking SET answered_at = (SELECT min(journal.at) FROM journal WHERE journal.object = 'booking'"
        " AND journal.object_id = booking.id AND journal.actor_id IS NOT NULL"
        " AND journal.kind IN ('booking_approved', 'booking_rejected'))"
    )


NEW = ("usage_correction", "usage_objection", "usage_heat", "closed_line", "closed_tally", "usage_year", "tally")


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
    for name in INDEXES:
        op.drop_index(name, table_name="usage_record")
    op.drop_column("usage_record", "rate_cny_per_hour")
    op.drop_column("booking", "answered_at")
