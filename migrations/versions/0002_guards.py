"""The database's own guards: no two claims overlap, and the journal only grows.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Claims of a channel never overlap, so only the last one that starts before the new one ends can touch it.
OVERLAP = """
CREATE TRIGGER ex_claim_overlap_{event} BEFORE {when} ON claim
WHEN NEW.starts_at < (
    SELECT ends_at FROM claim
    WHERE instrument_id = NEW.instrument_id AND channel = NEW.channel AND starts_at < NEW.ends_at {but}
    ORDER BY starts_at DESC LIMIT 1
)
BEGIN SELECT RAISE(ABORT, 'ex_claim_overlap'); END
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(
            "ALTER TABLE claim ADD CONSTRAINT ex_claim_overlap EXCLUDE USING gist "
            "(instrument_id WITH =, channel WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&)"
        )
        op.execute(
            "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23514', "
            "CONSTRAINT = TG_TABLE_NAME || '_append_only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
    else:
        op.execute(OVERLAP.format(event="insert", when="INSERT", but=""))
        moved = "UPDATE OF instrument_id, channel, starts_at, ends_at"
        op.execute(OVERLAP.format(event="update", when=moved, but="AND id <> NEW.id"))
        for event in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER journal_append_only_{event} BEFORE {event.upper()} ON journal "
                "BEGIN SELECT RAISE(ABORT, 'journal_append_only'); END"
            )
        op.execute(  # INSERT OR REPLACE removes the row in its way without asking the trigger above
            "CREATE TRIGGER journal_append_only_insert BEFORE INSERT ON journal "
            "WHEN EXISTS (SELECT 1 FROM journal WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'journal_append_only'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER journal_append_only ON journal")
        op.execute("DROP FUNCTION append_only()")
        op.execute("ALTER TABLE claim DROP CONSTRAINT ex_claim_overlap")
    else:
        for event in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS journal_append_only_{event}")
        for event in ("insert", "update"):
            op.execute(f"DROP TRIGGER ex_claim_overlap_{event}")
