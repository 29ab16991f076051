"""The use of an instrument: thresholds, check-in and -out, usage records.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
THRESHOLDS = {
    "check_in_minutes": 15,
    "grace_minutes": 30,
    "late_minutes": 10,
    "overtime_minutes": 10,
    "early_minutes": 30,
    "auto_end_minutes": 60,
}


def upgrade() -> None:
    # The defaults stay in the schema, so that the version still running can go on adding instruments and bookings.
    for name, minutes in THRESHOLDS.items():
        op.add_column("instrument", sa.Column(name, sa.Integer(), server_default=str(minutes), nullable=False))
    op.add_column("booking", sa.Column("excuse", sa.String(length=20), server_default="", nullable=False))
    op.create_table(
        "usage_record",
        sa.Column("id", ID, nullable=False),
        sa.Column("booking_id", ID, nullable=False),
        sa.Column("instrument_id", ID, nullable=False),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("company_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("company_name", sa.String(length=200), nullable=False),
        sa.Column("category_en", sa.String(length=120), nullable=False),
        sa.Column("category_zh", sa.String(length=120), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("freed_at", MOMENT, nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("overtime", sa.Boolean(), nullable=False),
        sa.Column("left_early", sa.Boolean(), nullable=False),
        sa.Column("excuse", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("source IN ('checked_in', 'operator', 'assumed')", name=op.f("ck_usage_record_source")),
        sa.CheckConstraint("starts_at <= ends_at", name=op.f("ck_usage_record_order")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_usage_record_booking_id"),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_usage_record_instrument_id"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_usage_record_company_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_usage_record_person_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["company.id"], name="fk_usage_record_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_usage_record"),
        sa.UniqueConstraint("booking_id", name="uq_usage_record_booking_id"),
    )
    op.create_index("ix_usage_record_instrument_id_freed_at", "usage_record", ["instrument_id", "freed_at"])
    op.create_index("ix_usage_record_company_id_starts_at", "usage_record", ["company_id", "starts_at"])


def downgrade() -> None:
    op.drop_table("usage_record")
    op.drop_column("booking", "excuse")
    for name in reversed(THRESHOLDS):
        op.drop_column("instrument", name)
