"""A PostgreSQL database put back as it was: in a new one every connection has to learn anew what tables there are."""

from __future__ import annotations

import psycopg
from psycopg import sql

STRUCTURE = """
SELECT md5(string_agg(one, ' ' ORDER BY one)) FROM (
    SELECT 'c' || c.oid || ':' || c.xmin AS one FROM pg_class c WHERE c.oid >= 16384 AND c.relnamespace <> 99
    UNION ALL SELECT 'a' || attrelid || '.' || attnum || ':' || xmin FROM pg_attribute WHERE attrelid >= 16384
    UNION ALL SELECT 't' || oid || ':' || xmin FROM pg_trigger
    UNION ALL SELECT 'k' || oid || ':' || xmin FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT 'f' || oid || ':' || xmin FROM pg_proc WHERE oid >= 16384
) AS everything
"""  # which rows of the catalogue there are, and who wrote them last; 99 is the namespace of TOAST
TABLES = """
SELECT c.relname, array_agg(a.attname ORDER BY a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0
AND NOT a.attisdropped AND a.attgenerated = '' GROUP BY c.relname ORDER BY c.relname
"""
PATIENCE = "2s"  # whoever still holds a lock after that is thrown out with the whole database


class Sweeper:
    """Knows how one database was when it was new, sees what has become of it, and can put that right.

    Rows are told by place and writer, so nothing that was written goes unseen, whoever wrote it. A table that was
    written to is emptied and cut to nothing before its first rows come back: rows lie as in a new database, in the
    order in which they came.
    """

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("SET session_replication_role = replica")  # no append-only guard, no foreign key
        self.connection.execute(sql.SQL("SET lock_timeout = {}").format(PATIENCE))
        self.columns = dict(self.connection.execute(TABLES).fetchall())
        found = self.connection.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        self.sequences = [name for (name,) in found]
        each = sql.SQL(" UNION ALL ").join(
            sql.SQL(
                "SELECT {}, count(*), coalesce(sum(hashtextextended(ctid::text || ':' || xmin::text, 0)), 0)::text, "
                "pg_relation_size({}) FROM {}"
            ).format(name, sql.Literal(f'"{name}"'), sql.Identifier(name))
            for name in self.columns
        )
        self.ask = each.as_string(self.connection)
        self.structure = self._structure()
        self.prints = self._prints()
        self.rows = {name: self._copied(name) for name, seen in self.prints.items() if seen[0]}
        self.reset = self._reset()

    def close(self) -> None:
        self.connection.close()

    def sweep(self) -> bool:
        """Put everything back; False if that cannot be done, because the tables themselves are not what they were."""
        try:
            if self._structure() != self.structure:
                return False
            self._put_back()
        except psycopg.OperationalError:  # the database is gone, or somebody does not let go of a table
            return False
        return True

    def _put_back(self) -> None:
        seen = self._prints()
        written = [name for name in self.columns if seen[name] != self.prints[name]]
        if written:
            empty = sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in written)
            self.connection.execute(empty)
            cut = sql.SQL(", ").join(map(sql.Identifier, written))
            self.connection.execute(sql.SQL("VACUUM (INDEX_CLEANUP ON) {}").format(cut))
            for name in written:
                if name in self.rows:
                    with self.connection.cursor().copy(self._copy(name, "FROM STDIN")) as copy:
                        copy.write(self.rows[name])
            self.prints = self._prints()
        self.connection.execute(self.reset)

    def _structure(self) -> str:
        found = self.connection.execute(STRUCTURE).fetchone()
        assert found is not None
        return str(found[0])

    def _prints(self) -> dict[str, tuple[int, str, int]]:
        """Of every table: how many rows, which and by whom, and how much room it takes."""
        return {name: (count, which, size) for name, count, which, size in self.connection.execute(self.ask)}

    def _copy(self, name: str, whither: str) -> sql.Composed:
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns[name]))
        return sql.SQL("COPY {} ({}) {} (FORMAT binary)").format(sql.Identifier(name), columns, sql.SQL(whither))

    def _copied(self, name: str) -> bytes:
        with self.connection.cursor().copy(self._copy(name, "TO STDOUT")) as copy:
            return b"".join(bytes(part) for part in copy)

    def _reset(self) -> str:
        """One statement that sets every sequence as it stands now."""
        parts = []
        for name in self.sequences:
            query = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name))
            found = self.connection.execute(query).fetchone()
            assert found is not None
            parts.append(sql.SQL("setval({}, {}, {})").format(sql.Literal(f'"{name}"'), *map(sql.Literal, found)))
        return sql.SQL("SELECT {}").format(sql.SQL(", ").join(parts or [sql.SQL("1")])).as_string(self.connection)
