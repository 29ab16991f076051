"""The journal is sought by who did it, by time, and by what kind of thing it is about.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_journal_actor": ["actor_id", "id"],
    "ix_journal_at": ["at", "id"],
    "ix_journal_object_newest": ["object", "id"],
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.create_index(name, "journal", columns)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="journal")
