"""Requests that wait: what the clock makes of a booking, deputies, reminders.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
BEFORE = ("requested", "approved", "rejected", "cancelled")
SINCE = (*BEFORE, "expired", "in_use", "completed", "missed")


def upgrade() -> None:
    _allow(SINCE)
    op.add_column("role_grant", sa.Column("deputy", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "reminder",
        sa.Column("id", ID, nullable=False),
        sa.Column("booking_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("about", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('answer_due', 'answer_overdue', 'coming_up')", name=op.f("ck_reminder_kind")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_reminder_booking_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("booking_id", "kind", "about", name="uq_reminder_booking_id_kind_about"),
    )


def downgrade() -> None:
    op.drop_table("reminder")
    with op.batch_alter_table("role_grant") as roles:
        roles.drop_column("deputy")
    # The older schema has no word for these; each becomes the nearest that holds, or holds not, the same time.
    op.execute("UPDATE booking SET state = 'rejected' WHERE state IN ('expired', 'missed')")
    op.execute("UPDATE booking SET state = 'approved' WHERE state IN ('in_use', 'completed')")
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
