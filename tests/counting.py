"""Counts what is asked of the database, so that a list's cost can be held to a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from labshare.kernel.db import db


@pytest.fixture
def statements(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with statements() as said:` collects every statement sent to the database meanwhile."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        said: list[str] = []

        def saw(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            said.append(statement)

        event.listen(db.engine, "before_cursor_execute", saw)
        try:
            yield said
        finally:
            event.remove(db.engine, "before_cursor_execute", saw)

    return counting
