"""The company's account of hours: allowances, balances, and a ledger that only grows.

Every company gets its account; its periods are opened, and filled from its bookings, by `labshare upgrade`.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CHARGES = {"cancel_minutes": 1440, "late_cancel_percent": 50, "no_show_percent": 100}
KINDS = (
    "'hold', 'release', 'outage_credit', 'use', 'no_show', 'late_cancel', 'correction', "
    "'extension', 'waiver', 'overtime', 'lowered'"
)


def upgrade() -> None:
    # The defaults stay in the schema, so that the version still running can go on.
    for name, value in CHARGES.items():
        op.add_column("instrument", sa.Column(name, sa.Integer(), server_default=str(value), nullable=False))
    op.add_column("booking", sa.Column("over_quota", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("booking", sa.Column("charge", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "account",
        sa.Column("id", ID, nullable=False),
        sa.Column("company_id", ID, nullable=True),
        sa.Column("follows", sa.Integer(), nullable=True),
        sa.Column("company_cap", sa.Integer(), nullable=True),
        sa.Column("person_cap", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("company_cap >= 0 AND person_cap >= 0", name=op.f("ck_account_caps")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_account_company_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("company_id", name="uq_account_company_id"),
    )
    op.create_table(
        "allowance",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=True),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("when_exceeded", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("counts_from", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("scope IN ('all', 'category', 'instrument', 'site')", name=op.f("ck_allowance_scope")),
        sa.CheckConstraint("period IN ('week', 'month', 'quarter', 'year')", name=op.f("ck_allowance_period")),
        sa.CheckConstraint("when_exceeded IN ('refuse', 'ask')", name=op.f("ck_allowance_when_exceeded")),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_allowance_minutes")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_allowance_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_allowance"),
    )
    op.create_index("ix_allowance_account_id", "allowance", ["account_id"])
    op.create_table(
        "balance",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("allowance_id", ID, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("extended", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("lowered", sa.Integer(), nullable=False),
        sa.Column("terms", sa.Integer(), nullable=False),
        sa.CheckConstraint("held + used <= minutes + extended + granted", name=op.f("ck_balance_within_limit")),
        sa.CheckConstraint("held >= 0 AND used >= 0 AND granted >= 0 AND lowered >= 0", name=op.f("ck_balance_order")),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_balance_period")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_balance_account_id"),
        sa.ForeignKeyConstraint(["allowance_id"], ["allowance.id"], name="fk_balance_allowance_id"),
        sa.PrimaryKeyConstraint("id", name="pk_balance"),
        sa.UniqueConstraint("allowance_id", "starts_on", name="uq_balance_allowance_id_starts_on"),
    )
    op.create_index("ix_balance_account_id_starts_on", "balance", ["account_id", "starts_on"])
    op.create_table(
        "ledger",
        sa.Column("id", ID, nullable=False),
        sa.Column("balance_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("instrument_id", ID, nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_ledger_kind")),
        sa.ForeignKeyConstraint(["balance_id"], ["balance.id"], name="fk_ledger_balance_id"),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name="fk_ledger_instrument_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
    )
    op.create_index("ix_ledger_balance_id_id", "ledger", ["balance_id", "id"])
    op.create_index("ix_ledger_booking_id", "ledger", ["booking_id"])
    op.create_table(
        "warned",
        sa.Column("id", ID, nullable=False),
        sa.Column("balance_id", ID, nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["balance_id"], ["balance.id"], name="fk_warned_balance_id"),
        sa.PrimaryKeyConstraint("id", name="pk_warned"),
        sa.UniqueConstraint("balance_id", "percent", "minutes", name="uq_warned_balance_id_percent_minutes"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
    else:
        for event in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER ledger_append_only_{event} BEFORE {event.upper()} ON ledger "
                "BEGIN SELECT RAISE(ABORT, 'ledger_append_only'); END"
            )
        op.execute(  # INSERT OR REPLACE removes the row in its way without asking the trigger above
            "CREATE TRIGGER ledger_append_only_insert BEFORE INSERT ON ledger "
            "WHEN EXISTS (SELECT 1 FROM ledger WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'ledger_append_only'); END"
        )
    op.execute("INSERT INTO account (company_id, version) VALUES (NULL, 1)")  # the default


def downgrade() -> None:
    for table in ("warned", "ledger", "balance", "allowance", "account"):  # triggers go with their table
        op.drop_table(table)
    op.drop_column("booking", "charge")
    op.drop_column("booking", "over_quota")
    for name in reversed(CHARGES):
        op.drop_column("instrument", name)
