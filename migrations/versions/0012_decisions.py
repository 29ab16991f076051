"""Decisions: changed times, in-house approval, waivers, the waiting list, the conduct record.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
BEFORE = (*("requested", "approved", "rejected", "cancelled", "expired", "in_use", "completed", "missed", "displaced"),)
SINCE = (*BEFORE, "offered", "lapsed")


def upgrade() -> None:
    _create_waitlist()
    with op.batch_alter_table("booking") as booking:
        # The default stays in the schema, so that the version still running can go on adding bookings.
        booking.add_column(sa.Column("awaiting", sa.String(length=12), server_default="", nullable=False))
        booking.add_column(sa.Column("waitlist_id", ID, nullable=True))
        booking.create_foreign_key("fk_booking_waitlist_id", "waitlist_entry", ["waitlist_id"], ["id"])
    _say(SINCE, awaiting="awaiting IN ('', 'company')")
    # Without a stamp nobody remembers a site's hours, which is right as long as the version still running writes some.
    op.add_column("site", sa.Column("hours_stamp", sa.String(length=16), server_default="", nullable=False))
    op.add_column("company", sa.Column("in_house_minutes", sa.Integer(), nullable=True))
    op.create_table(
        "waiver",
        sa.Column("id", ID, nullable=False),
        sa.Column("booking_id", ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_waiver_booking_id"),
        sa.PrimaryKeyConstraint("id", name="pk_waiver"),
    )
    op.create_index("ix_waiver_booking_id", "waiver", ["booking_id"])
    _create_conduct()


def _create_waitlist() -> None:
    op.create_table(
        "waitlist_entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("instrument_id", ID, nullable=False),
        sa.Column("company_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'taken', 'passed', 'left', 'over')", name=op.f("ck_waitlist_entry_state")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_waitlist_entry_order")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_waitlist_entry_instrument_id"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_waitlist_entry_company_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_waitlist_entry_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_waitlist_entry"),
    )
    op.create_index("ix_waitlist_entry_state_starts_at", "waitlist_entry", ["state", "starts_at"])
    op.create_index("ix_waitlist_entry_instrument_id_state", "waitlist_entry", ["instrument_id", "state"])
    op.create_index("ix_waitlist_entry_company_id_state", "waitlist_entry", ["company_id", "state"])


def _create_conduct() -> None:
    op.create_table(
        "conduct_entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("booking_id", ID, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("company_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("objection", sa.Text(), nullable=False),
        sa.Column("objected_at", MOMENT, nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", sa.BigInteger(), nullable=True),
        sa.Column("lift_reason", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("what IN ('no_show', 'late_cancel', 'overtime')", name=op.f("ck_conduct_entry_what")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_conduct_entry_booking_id"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_conduct_entry_company_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_conduct_entry_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_conduct_entry"),
        sa.UniqueConstraint("booking_id", "what", name="uq_conduct_entry_booking_id_what"),
    )
    op.create_index("ix_conduct_entry_company_id_expires_at", "conduct_entry", ["company_id", "expires_at"])
    op.create_index("ix_conduct_entry_person_id_expires_at", "conduct_entry", ["person_id", "expires_at"])
    op.create_table(
        "restriction",
        sa.Column("id", ID, nullable=False),
        sa.Column("company_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", sa.BigInteger(), nullable=True),
        sa.Column("lift_reason", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_restriction_order")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_restriction_company_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_restriction_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_restriction"),
    )
    op.create_index("ix_restriction_company_id_ends_at", "restriction", ["company_id", "ends_at"])


def downgrade() -> None:
    for table in ("restriction", "conduct_entry", "waiver"):
        op.drop_table(table)
    op.drop_column("company", "in_house_minutes")
    op.drop_column("site", "hours_stamp")
    # The older schema has no word for time that waits for its company: it is asked for, or was not wanted.
    op.execute("UPDATE booking SET state = 'requested' WHERE state = 'offered'")
    op.execute("UPDATE booking SET state = 'expired' WHERE state = 'lapsed'")
    with op.batch_alter_table("booking") as booking:
        booking.drop_constraint(op.f("ck_booking_awaiting"), type_="check")
        booking.drop_constraint("fk_booking_waitlist_id", type_="foreignkey")
        booking.drop_column("waitlist_id")
        booking.drop_column("awaiting")
    _say(BEFORE)
    op.drop_table("waitlist_entry")


def _say(states: tuple[str, ...], **more: str) -> None:
    """Say which states a booking may be in, and what else of its columns."""
    words = "state IN ({})".format(", ".join(f"'{state}'" for state in states))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_booking_state"), "booking", type_="check")
        for name, said in {"state": words, **more}.items():
            op.create_check_constraint(op.f(f"ck_booking_{name}"), "booking", said)
        return
    # SQLite makes the table anew and forgets every CHECK of it, so all are said again.
    with op.batch_alter_table("booking", recreate="always") as booking:
        for name, said in {"state": words, "order": "starts_at < ends_at", **more}.items():
            booking.create_check_constraint(op.f(f"ck_booking_{name}"), said)
