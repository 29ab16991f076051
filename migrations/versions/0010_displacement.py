"""Time the laboratory takes back: displaced bookings, and the offers held for them.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
BEFORE = ("requested", "approved", "rejected", "cancelled", "expired", "in_use", "completed", "missed")
SINCE = (*BEFORE, "displaced")


def upgrade() -> None:
    _allow(SINCE)
    with op.batch_alter_table("booking") as booking:
        booking.add_column(sa.Column("replaces_id", ID, nullable=True))
        booking.create_foreign_key("fk_booking_replaces_id", "booking", ["replaces_id"], ["id"])
        booking.create_unique_constraint("uq_booking_replaces_id", ["replaces_id"])
    op.create_table(
        "displacement",
        sa.Column("id", ID, nullable=False),
        sa.Column("booking_id", ID, nullable=False),
        sa.Column("was", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("cause_id", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("instrument_id", ID, nullable=True),
        sa.Column("channel", sa.Integer(), nullable=True),
        sa.Column("starts_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("answer_by", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "cause IN ('maintenance', 'outage', 'closed_day', 'retired', 'channels')", name=op.f("ck_displacement_cause")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'accepted', 'declined', 'lapsed')", name=op.f("ck_displacement_state")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_displacement_order")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_displacement_booking_id"),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_displacement_instrument_id"),
        sa.PrimaryKeyConstraint("id", name="pk_displacement"),
        sa.UniqueConstraint("booking_id", name="uq_displacement_booking_id"),
    )
    op.create_index("ix_displacement_state_answer_by", "displacement", ["state", "answer_by"])
    op.create_index("ix_displacement_cause_cause_id", "displacement", ["cause", "cause_id"])


def downgrade() -> None:
    op.execute("DELETE FROM claim WHERE kind = 'offer'")
    op.drop_table("displacement")
    with op.batch_alter_table("booking") as booking:
        booking.drop_constraint("uq_booking_replaces_id", type_="unique")
        booking.drop_constraint("fk_booking_replaces_id", type_="foreignkey")
        booking.drop_column("replaces_id")
    # The older schema has no word for what the laboratory took back; it is nobody's fault, and it holds no time.
    op.execute("UPDATE booking SET state = 'cancelled' WHERE state = 'displaced'")
    _allow(BEFORE)


def _allow(states: tuple[str, ...]) -> None:
    """Say which states a booking may be in."""
    words = "state IN ({})".format(", ".join(f"'{state}'" for state in states))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_booking_state"), "booking", type_="check")
        op.create_check_constraint(op.f("ck_booking_state"), "booking", words)
        return
    # SQLite makes the table anew and forgets every CHECK of it, so both are said again.
    with op.batch_alter_table("booking", recreate="always") as booking:
        booking.create_check_constraint(op.f("ck_booking_state"), words)
        booking.create_check_constraint(op.f("ck_booking_order"), "starts_at < ends_at")
