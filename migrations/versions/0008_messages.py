"""Messages: what each person is told, by which way, and how far the journal was told.

What was told before is not told again: the mark begins at the journal's end. Mails under way keep their row and get
the address they go to; links that nobody had taken up yet get a row. Of the old inbox, which was read straight from
the journal, the last 90 days of answers come along, read as far as they were read.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
LINKS = "('password_reset_asked', 'colleague_invited')"
STATES = "state IN ('waiting', 'sent', 'dead', 'needless')"
WHOSE = {  # the address a mailed link goes to
    "password_reset_asked": "SELECT person.email FROM person WHERE person.id = journal.object_id",
    "colleague_invited": "SELECT invitation.email FROM invitation WHERE invitation.id = journal.object_id",
}
ADDRESS = "CASE journal.kind " + " ".join(f"WHEN '{kind}' THEN ({found})" for kind, found in WHOSE.items()) + " END"


def _delivery(name: str, *more: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("id", ID, nullable=False),
        sa.Column("journal_id", ID, nullable=False),
        *more,
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(STATES, name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name="fk_delivery_journal_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
    )


def _make_way() -> None:
    """Set the present deliveries aside under another name, with nothing that would be in the new table's way."""
    op.execute("CREATE TABLE delivery_before AS SELECT * FROM delivery")
    op.drop_table("delivery")


def upgrade() -> None:
    _make_way()
    _delivery(
        "delivery",
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_delivery_person_id"),
        sa.UniqueConstraint("journal_id", "address", name="uq_delivery_journal_id_address"),
    )
    op.create_index("ix_delivery_state_next_try_at", "delivery", ["state", "next_try_at"])
    op.create_index("ix_delivery_changed_at", "delivery", ["changed_at"])
    who = "CASE journal.kind WHEN 'password_reset_asked' THEN journal.object_id END"
    op.execute(
        "INSERT INTO delivery "
        "(journal_id, address, person_id, state, tries, next_try_at, changed_at, last_error, version) "
        f"SELECT journal.id, {ADDRESS}, {who}, coalesce(before.state, 'waiting'), coalesce(before.tries, 0), "
        "coalesce(before.next_try_at, journal.at), coalesce(before.changed_at, journal.at), "
        "coalesce(before.last_error, ''), coalesce(before.version, 1) "
        "FROM journal LEFT JOIN delivery_before AS before ON before.journal_id = journal.id "
        f"WHERE journal.kind IN {LINKS} AND {ADDRESS} IS NOT NULL"
    )
    op.drop_table("delivery_before")

    op.create_table(
        "message",
        sa.Column("id", ID, nullable=False),
        sa.Column("journal_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("booking_id", ID, nullable=True),
        sa.Column("group", sa.String(length=20), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_message_booking_id"),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name="fk_message_journal_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_message_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("journal_id", "person_id", name="uq_message_journal_id_person_id"),
    )
    op.create_index("ix_message_person_id_read_at", "message", ["person_id", "read_at"])
    op.create_index("ix_message_person_id_id", "message", ["person_id", "id"])
    op.create_index("ix_message_at", "message", ["at"])
    lately = sa.bindparam("lately", datetime.now(UTC) - timedelta(days=90), MOMENT)
    op.execute(
        sa.text(
            'INSERT INTO message (journal_id, person_id, booking_id, "group", at, read_at) '
            "SELECT journal.id, booking.person_id, booking.id, 'bookings', journal.at, "
            "CASE WHEN journal.id <= coalesce(inbox_mark.seen_id, 0) THEN journal.at END "
            "FROM journal JOIN booking ON booking.id = journal.object_id AND journal.object = 'booking' "
            "LEFT JOIN inbox_mark ON inbox_mark.person_id = booking.person_id "
            "WHERE journal.kind IN ('booking_approved', 'booking_rejected', 'booking_cancelled', 'booking_moved') "
            "AND journal.at > :lately AND coalesce(journal.actor_id, 0) <> booking.person_id ORDER BY journal.id"
        ).bindparams(lately)
    )
    op.drop_table("inbox_mark")

    op.create_table(
        "told",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_told"),
    )
    # The one mark there is: moving it is then one guarded UPDATE, with no first time to race for.
    op.execute("INSERT INTO told (name, journal_id) SELECT 'journal', coalesce(max(id), 0) FROM journal")
    op.create_table(
        "message_choice",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("group", sa.String(length=20), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_message_choice_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message_choice"),
        sa.UniqueConstraint("person_id", "group", name="uq_message_choice_person_id_group"),
    )


def downgrade() -> None:
    op.drop_table("message_choice")
    op.drop_table("told")
    op.create_table(
        "inbox_mark",
        sa.Column("person_id", ID, autoincrement=False, nullable=False),
        sa.Column("seen_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_inbox_mark_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_inbox_mark"),
    )
    op.execute(
        "INSERT INTO inbox_mark (person_id, seen_id) "
        "SELECT person_id, max(journal_id) FROM message WHERE read_at IS NOT NULL GROUP BY person_id"
    )
    op.drop_table("message")
    _make_way()
    _delivery("delivery", sa.UniqueConstraint("journal_id", name="uq_delivery_journal_id"))
    op.create_index("ix_delivery_state_next_try_at", "delivery", ["state", "next_try_at"])
    columns = "journal_id, state, tries, next_try_at, changed_at, last_error, version"
    op.execute(
        f"INSERT INTO delivery ({columns}) "
        f"SELECT {', '.join(f'before.{name}' for name in columns.split(', '))} FROM delivery_before AS before "
        f"JOIN journal ON journal.id = before.journal_id AND journal.kind IN {LINKS}"
    )
    op.drop_table("delivery_before")
