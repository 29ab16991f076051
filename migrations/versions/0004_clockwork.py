"""The clockwork's notes: runs of jobs, the leader's lease, and mails on their way.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "job_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("period", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=True),
        sa.Column("result", JSON, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_job_run"),
        sa.UniqueConstraint("job", "period", name="uq_job_run_job_period"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("beat_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    # The one lease there is: taking it is then one guarded UPDATE, with no first time to race for.
    op.execute(
        "INSERT INTO lease (name, holder, fence, beat_at, expires_at) "
        "VALUES ('clockwork', '', 0, '2000-01-01 00:00:00.000000', '2000-01-01 00:00:00.000000')"
    )
    op.create_table(
        "delivery",
        sa.Column("id", ID, nullable=False),
        sa.Column("journal_id", ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dead', 'needless')", name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name="fk_delivery_journal_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("journal_id", name="uq_delivery_journal_id"),
    )
    op.create_index("ix_delivery_state_next_try_at", "delivery", ["state", "next_try_at"])
    op.create_index("ix_journal_kind", "journal", ["kind", "id"])


def downgrade() -> None:
    op.drop_index("ix_journal_kind", "journal")
    op.drop_table("delivery")
    op.drop_table("lease")
    op.drop_table("job_run")
