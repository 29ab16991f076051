"""The clockwork: paused jobs and alarms.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "job_pause",
        sa.Column("id", ID, nullable=False),
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_job_pause_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_job_pause"),
        sa.UniqueConstraint("job", name="uq_job_pause_job"),
    )
    op.create_table(
        "job_late",
        sa.Column("id", ID, nullable=False),
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_late"),
        sa.UniqueConstraint("job", name="uq_job_late_job"),
    )
    op.add_column("job_run", sa.Column("took", sa.Float(), nullable=True))
    # Written by the leader alone; the version still running leaves them as they are.
    op.add_column("lease", sa.Column("boot", sa.String(length=60), nullable=False, server_default=""))
    op.add_column("lease", sa.Column("epoch", MOMENT, nullable=True))
    op.add_column("lease", sa.Column("ahead", sa.Float(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("lease") as lease:
        lease.drop_column("ahead")
        lease.drop_column("epoch")
        lease.drop_column("boot")
    with op.batch_alter_table("job_run") as job_run:
        job_run.drop_column("took")
    op.drop_table("job_late")
    op.drop_table("job_pause")
