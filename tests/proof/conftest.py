"""A stage for each proof, and a place to say which counts it ran with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Databases
from tests.proof.stage import Stage


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
def ran(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> Callable[..., None]:
    """`ran(rounds=200, worst="0.1 s")` prints what was run, also when all is well."""

    def say(**figures: Any) -> None:
        for name, figure in figures.items():
            record_property(name, figure)
        with capsys.disabled():
            said = ", ".join(f"{name} {figure}" for name, figure in figures.items())
            print(f"\n  {request.node.name}: {said}", end="")  # noqa: T201 - the counts are part of the proof

    return say
