"""A stage for each proof, and a place to say which counts it ran with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Databases
from tests.proof.stage import Stage

RAN = "ran"


@pytest.fixture(scope="module")
def stage(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One database for all proofs of a module; each takes instruments of its own."""
    url = databases.fresh()
    made = Stage(url, tmp_path_factory.mktemp("stage"))
    yield made
    made.close()
    databases.drop(url)


@pytest.fixture
def lone_stage(databases: Databases, tmp_path: Path) -> Iterator[Stage]:
    """A database of the proof's own, for what would spoil it for others."""
    url = databases.fresh()
    made = Stage(url, tmp_path)
    yield made
    made.close()
    databases.drop(url)


@pytest.fixture
def ran(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """`ran(rounds=200, worst="0.1 s")` says what was run, also when all is well."""

    def say(**figures: Any) -> None:
        record_property(RAN, ", ".join(f"{name} {figure}" for name, figure in figures.items()))

    return say


class Told:
    """Prints what every proof says that it ran; the counts are part of the proof."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self.terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":  # by then all is said
            for said in (value for name, value in report.user_properties if name == RAN):
                self.terminal.write(f"\n  {report.nodeid.partition('::')[2]}: {said}")


@pytest.hookimpl(trylast=True)  # the terminal comes first
def pytest_configure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:  # a worker of xdist has none: whoever started it prints
        config.pluginmanager.register(Told(terminal))
