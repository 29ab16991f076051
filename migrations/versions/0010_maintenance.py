"""Time the laboratory takes for itself: windows, outages, displaced bookings and the offers held for them.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
BEFORE = ("requested", "approved", "rejected", "cancelled", "expired", "in_use", "completed", "missed")
SINCE = (*BEFORE, "displaced")
CAUSES = "'maintenance', 'outage', 'closed_day', 'retired', 'channels'"
KINDS = "'preventive', 'calibration', 'repair', 'vendor_visit'"


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
            "cause IN ('maintenance', 'outage', 'closed_day', 'retired', 'channels')",
            name=op.f("ck_displacement_cause"),
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
    _conditions("in_service", "in_maintenance", "out_of_service", "retired")
    _create_windows()
    _create_outages_and_upkeep()
    _remember()


def _create_windows() -> None:
    op.create_table(
        "utility",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("name_zh", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_utility_site_id"),
        sa.PrimaryKeyConstraint("id", name="pk_utility"),
    )
    op.create_index("ix_utility_site_id", "utility", ["site_id"])
    op.create_table(
        "dependence",
        sa.Column("id", ID, nullable=False),
        sa.Column("utility_id", ID, nullable=False),
        sa.Column("instrument_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["utility_id"], ["utility.id"], name="fk_dependence_utility_id"),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_dependence_instrument_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dependence"),
        sa.UniqueConstraint("utility_id", "instrument_id", name="uq_dependence_utility_id_instrument_id"),
    )
    op.create_table(
        "maintenance_series",
        sa.Column("id", ID, nullable=False),
        sa.Column("repeat", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_series"),
    )
    op.create_table(
        "maintenance_window",
        sa.Column("id", ID, nullable=False),
        sa.Column("series_id", ID, nullable=True),
        sa.Column("utility_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("performed_by", sa.String(length=200), nullable=False),
        sa.Column("fits", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("reminded_of", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_maintenance_window_kind")),
        sa.CheckConstraint(
            "state IN ('planned', 'open', 'done', 'cancelled')", name=op.f("ck_maintenance_window_state")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_maintenance_window_order")),
        sa.ForeignKeyConstraint(["series_id"], ["maintenance_series.id"], name="fk_maintenance_window_series_id"),
        sa.ForeignKeyConstraint(["utility_id"], ["utility.id"], name="fk_maintenance_window_utility_id"),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_window"),
    )
    op.create_index("ix_maintenance_window_state_starts_at", "maintenance_window", ["state", "starts_at"])
    op.create_index("ix_maintenance_window_starts_at_id", "maintenance_window", ["starts_at", "id"])
    op.create_index("ix_maintenance_window_series_id", "maintenance_window", ["series_id"])
    op.create_table(
        "maintenance_window_place",
        sa.Column("id", ID, nullable=False),
        sa.Column("window_id", ID, nullable=False),
        sa.Column("instrument_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["window_id"], ["maintenance_window.id"], name="fk_maintenance_window_place_window_id"),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_maintenance_window_place_instrument_id"),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_window_place"),
        sa.UniqueConstraint("window_id", "instrument_id", name="uq_maintenance_window_place_window_id_instrument_id"),
    )
    op.create_index("ix_maintenance_window_place_instrument_id", "maintenance_window_place", ["instrument_id"])
    op.create_table(
        "maintenance_document",
        sa.Column("id", ID, nullable=False),
        sa.Column("window_id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["window_id"], ["maintenance_window.id"], name="fk_maintenance_document_window_id"),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_document"),
    )
    op.create_index("ix_maintenance_document_window_id", "maintenance_document", ["window_id"])


def _create_outages_and_upkeep() -> None:
    op.create_table(
        "outage",
        sa.Column("id", ID, nullable=False),
        sa.Column("instrument_id", ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=False),
        sa.Column("expected_until", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'ended')", name=op.f("ck_outage_state")),
        sa.CheckConstraint("began_at <= ended_at", name=op.f("ck_outage_order")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_outage_instrument_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outage"),
    )
    op.create_index("ix_outage_state_claimed_until", "outage", ["state", "claimed_until"])
    op.create_index("ix_outage_instrument_id_began_at", "outage", ["instrument_id", "began_at"])
    op.create_table(
        "upkeep",
        sa.Column("id", ID, nullable=False),
        sa.Column("instrument_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=True),
        sa.Column("every_hours", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_upkeep_kind")),
        sa.CheckConstraint("every_days BETWEEN 1 AND 3660", name=op.f("ck_upkeep_days")),
        sa.CheckConstraint("every_hours BETWEEN 1 AND 100000", name=op.f("ck_upkeep_hours")),
        sa.CheckConstraint("every_days IS NOT NULL OR every_hours IS NOT NULL", name=op.f("ck_upkeep_some")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_upkeep_instrument_id"),
        sa.PrimaryKeyConstraint("id", name="pk_upkeep"),
        sa.UniqueConstraint("instrument_id", "kind", name="uq_upkeep_instrument_id_kind"),
    )
    op.create_table(
        "upkeep_warning",
        sa.Column("id", ID, nullable=False),
        sa.Column("upkeep_id", ID, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["upkeep_id"], ["upkeep.id"], name="fk_upkeep_warning_upkeep_id"),
        sa.PrimaryKeyConstraint("id", name="pk_upkeep_warning"),
        sa.UniqueConstraint("upkeep_id", "since", name="uq_upkeep_warning_upkeep_id_since"),
    )


def _remember() -> None:
    """A house that went back and comes again: the journal still says what was displaced, and what was taken for it."""
    bind = op.get_bind()
    journal = sa.table("journal", *map(sa.column, ("id", "kind", "object_id", "data", "at")))
    told = sa.select(journal.c.object_id, sa.type_coerce(journal.c.data, sa.JSON), sa.type_coerce(journal.c.at, MOMENT))
    by_kind = {
        kind: bind.execute(told.where(journal.c.kind == kind).order_by(journal.c.id)).all()
        for kind in ("booking_displaced", "booking_requested")
    }
    if not by_kind["booking_displaced"]:
        return
    successors = {
        data["replaces_id"]: number for number, data, _ in by_kind["booking_requested"] if data.get("replaces_id")
    }
    booking = sa.table("booking", *map(sa.column, ("id", "state", "replaces_id")))
    displacement = sa.table(
        "displacement",
        *map(sa.column, ("booking_id", "was", "cause", "cause_id", "state", "version")),
        sa.column("at", MOMENT),
    )
    for number, data, at in by_kind["booking_displaced"]:
        state = "accepted" if number in successors else "lapsed"
        row = {"booking_id": number, "state": state, "version": 1, "at": at}
        row |= {name: data[name] for name in ("was", "cause", "cause_id")}
        bind.execute(sa.insert(displacement).values(row))
        bind.execute(sa.update(booking).where(booking.c.id == number).values(state="displaced"))
    for number, successor in successors.items():
        bind.execute(sa.update(booking).where(booking.c.id == successor).values(replaces_id=number))


TABLES = (
    *("upkeep_warning", "upkeep", "outage", "maintenance_document", "maintenance_window_place"),
    *("maintenance_window", "maintenance_series", "dependence", "utility", "displacement"),
)


def downgrade() -> None:
    # The older version knows nothing that could own such time, or ever give it back.
    op.execute("DELETE FROM claim WHERE kind IN ('offer', 'maintenance', 'outage')")
    for table in TABLES:
        op.drop_table(table)
    op.execute("UPDATE instrument SET state = 'out_of_service' WHERE state = 'in_maintenance'")
    _conditions("in_service", "out_of_service", "retired")
    with op.batch_alter_table("booking") as booking:
        booking.drop_constraint("uq_booking_replaces_id", type_="unique")
        booking.drop_constraint("fk_booking_replaces_id", type_="foreignkey")
        booking.drop_column("replaces_id")
    # The older schema has no word for what the laboratory took back; it is nobody's fault, and it holds no time.
    op.execute("UPDATE booking SET state = 'cancelled' WHERE state = 'displaced'")
    _allow(BEFORE)


def _conditions(*states: str) -> None:
    """Say which states an instrument may be in."""
    words = "state IN ({})".format(", ".join(f"'{state}'" for state in states))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_instrument_state"), "instrument", type_="check")
        op.create_check_constraint(op.f("ck_instrument_state"), "instrument", words)
        return
    with op.batch_alter_table("instrument", recreate="always") as instrument:
        instrument.create_check_constraint(op.f("ck_instrument_state"), words)
        for name, said in CHECKS.items():
            instrument.create_check_constraint(op.f(f"ck_instrument_{name}"), said)


# What else is checked of an instrument; SQLite, which makes the table anew, forgets it.
CHECKS = {
    "channels": "channels BETWEEN 1 AND 500",
    "grid": "grid_minutes BETWEEN 1 AND 1440",
    "lengths": "min_minutes BETWEEN 1 AND max_minutes",
    "buffers": "warmup_minutes >= 0 AND cooldown_minutes >= 0",
}


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
