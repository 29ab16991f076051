"""A witness beside every test: a committed change that published nothing fails the test that made it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

# Not facts of the business: answers kept for retries, sessions, counted failures, what is told to whom and read,
# and the clockwork's own notes of what it did and which mails went out; and what is counted anew every night from
# usage records, of which nothing but those can be wrong.
UNTOLD = {
    *("answer", "sign_in", "sign_in_failure", "alembic_version"),
    *("job_run", "job_late", "lease", "delivery", "message", "told"),
    "usage_heat",
}
CHANGE = re.compile(r"\s*(WITH|INSERT|UPDATE|DELETE)\b", re.I)
WRITES = re.compile(r"(?<!DO )(?<!FOR )\b(?:INSERT\s+(?:OR \w+ )?INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.I)


class Witness:
    """Watches every statement of the process and remembers transactions that changed rows untold."""

    def __init__(self) -> None:
        self.untold: list[str] = []
        self.open: dict[int, set[str]] = {}

    def saw(self, connection: Connection, cursor: Any, statement: str, *_rest: Any) -> None:
        if cursor.rowcount == 0:  # an insert that found its row there already, a swap that came too late
            return
        for found in WRITES.finditer(statement if CHANGE.match(statement) else ""):
            self.open.setdefault(id(connection), set()).add(found[1].lower().removeprefix("_alembic_tmp_"))

    def committed(self, connection: Connection) -> None:
        tables = self.open.pop(id(connection), set())
        if tables - UNTOLD and "journal" not in tables:
            self.untold.append(f"changed {', '.join(sorted(tables - UNTOLD))} and published nothing")

    def undone(self, connection: Connection) -> None:
        self.open.pop(id(connection), None)


@pytest.fixture(autouse=True)
def witness(request: pytest.FixtureRequest) -> Iterator[Witness]:
    """Fails the test in which something was changed and nothing was published, unless it plants that on purpose."""
    watching = Witness()
    hooks = (
        ("after_cursor_execute", watching.saw),
        ("commit", watching.committed),
        ("rollback", watching.undone),
    )
    for name, hook in hooks:
        event.listen(Engine, name, hook)
    yield watching
    for name, hook in hooks:
        event.remove(Engine, name, hook)
    if request.node.get_closest_marker("unsound") is None:
        assert not watching.untold, watching.untold
