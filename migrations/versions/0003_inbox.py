"""How far each person has read their inbox.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "inbox_mark",
        sa.Column("person_id", ID, autoincrement=False, nullable=False),
        sa.Column("seen_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_inbox_mark_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_inbox_mark"),
    )


def downgrade() -> None:
    op.drop_table("inbox_mark")
