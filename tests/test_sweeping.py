"""What a test did to a PostgreSQL database is undone, whatever it did; what cannot be undone is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from tests.conftest import Databases
from tests.sweeping import Sweeper

EVERYTHING = """
SELECT relname, CASE relkind WHEN 'S' THEN 'last_value, is_called' ELSE '*' END FROM pg_class
WHERE relkind IN ('r', 'S') AND relnamespace = 'public'::regnamespace
"""


@pytest.fixture(scope="module")
def set_of_them(postgres_url: str) -> Iterator[Databases]:
    databases = Databases(postgres_url)
    yield databases
    databases.close()


@pytest.fixture
def url(set_of_them: Databases) -> str:
    """A database with the cast in it."""
    set_of_them.renew(peopled=True)
    return set_of_them.current


@pytest.fixture
def other(url: str) -> Iterator[psycopg.Connection]:
    """Somebody else's connection to it."""
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        yield connection


def contents(other: psycopg.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table in the order in which they lie, and where every sequence stands."""
    everything = other.execute(EVERYTHING).fetchall()
    return {name: other.execute(f'SELECT {columns} FROM "{name}"').fetchall() for name, columns in everything}


WRITTEN = (
    "UPDATE person SET name = 'Somebody' WHERE id = (SELECT min(id) FROM person)",
    "DELETE FROM role_grant",
    "INSERT INTO category (name_en, name_zh) VALUES ('New', '新')",
    "UPDATE site SET code = 'S' || id",
    "SELECT nextval(pg_get_serial_sequence('booking', 'id'))",
)


def test_whatever_was_written_is_undone(url: str, other: psycopg.Connection) -> None:
    with closing(Sweeper(url)) as sweeper:
        before = contents(other)
        for _ in range(2):
            for statement in WRITTEN:
                other.execute(statement)
            assert contents(other) != before
            assert sweeper.sweep()
            assert contents(other) == before


@pytest.mark.parametrize("statement", WRITTEN)
def test_each_thing_written_is_seen(url: str, other: psycopg.Connection, statement: str) -> None:
    with closing(Sweeper(url)) as sweeper:
        before = contents(other)
        other.execute(statement)
        assert contents(other) != before
        assert sweeper.sweep()
        assert contents(other) == before


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE claim DROP CONSTRAINT ex_claim_overlap",
        "DROP TRIGGER ledger_append_only ON ledger",
        "ALTER TABLE ledger DISABLE TRIGGER ledger_append_only",
        "ALTER TABLE person ALTER COLUMN name DROP NOT NULL",
        "CREATE TABLE late (id integer)",
        "DROP TABLE sign_in_failure",
        "CREATE INDEX late ON person (name)",
    ],
)
def test_a_database_of_another_shape_cannot_be_swept(url: str, other: psycopg.Connection, statement: str) -> None:
    with closing(Sweeper(url)) as sweeper:
        other.execute(statement)
        assert not sweeper.sweep()


def test_a_database_that_is_gone_cannot_be_swept(url: str, postgres_url: str) -> None:
    with closing(Sweeper(url)) as sweeper, closing(psycopg.connect(postgres_url, autocommit=True)) as admin:
        admin.execute(f"DROP DATABASE {psycopg.conninfo.conninfo_to_dict(url)['dbname']} WITH (FORCE)")
        assert not sweeper.sweep()
