"""Which tests go to one and the same process of xdist: those that share a stage which costs more than they do.

xdist's own way, by mark, does nothing with this pytest: it renames tests by an attribute that pytest has no more.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARING = ("tests/proof/", "tests/test_demo.py")  # a stage or a whole laboratory is made once a file and engine


def together(nodeid: str) -> str:
    """What a test shares with others; what is its alone where it shares nothing."""
    if not nodeid.startswith(SHARING):
        return nodeid
    file, _, name = nodeid.partition("::")
    return f"{file} {next((engine for engine in ('sqlite', 'postgresql') if f'[{engine}' in name), '')}"


class Spreading(LoadScopeScheduling):
    """Hands out tests one by one, and those that share something all at once."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spreading | None:
    return Spreading(config, log) if config.getoption("dist") == "load" else None
