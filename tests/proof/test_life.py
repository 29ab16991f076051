"""Whatever people and the clock do, in any order: accounts say what happened, to the minute, after every move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from labshare.kernel import clock
from tests.conftest import Databases
from tests.proof.crew import FULL
from tests.proof.life.doors import through
from tests.proof.life.faults import FAULTS
from tests.proof.life.passing import Whole
from tests.proof.life.world import World

pytestmark = [pytest.mark.proof, pytest.mark.beside]
STEPS = 50
EXAMPLES = {"sqlite": 1000 if FULL else 100, "postgresql": 300 if FULL else 30}
OVER_HTTP = {"sqlite": 200 if FULL else 15, "postgresql": 60 if FULL else 5}
AT_MOST = 120  # examples until a planted fault must be found
PLANTED = list(FAULTS) if FULL else list(FAULTS)[::3]  # each is found within some ten lives, which takes ten seconds
Ran = Callable[..., None]


@pytest.fixture(scope="module")
def world(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    back = clock.source
    made = World(databases, tmp_path_factory.mktemp("life"))
    with made.app.app_context():
        yield made
    made.close(back)


def lived(world: World, examples: int, counted: Counter[str], **more: object) -> None:
    """Let so many lives run; the first that is not as foretold is told step by step."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **more,  # type: ignore[arg-type]
    )
    run_state_machine_as_test(lambda: Whole(world, counted), settings=chosen)


def test_accounts_say_what_happened(world: World, ran: Ran) -> None:
    examples = EXAMPLES["sqlite" if world.databases.admin is None else "postgresql"]
    counted: Counter[str] = Counter()
    lived(world, examples, counted)
    ran(**dict(sorted(counted.items())))


def test_they_say_it_over_http_too(world: World, ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    door, counted = through(world, monkeypatch), Counter[str]()
    lived(world, OVER_HTTP["sqlite" if world.databases.admin is None else "postgresql"], counted)
    assert door.said > counted["lives"]
    ran(said=door.said, lives=counted["lives"], steps=counted["steps"])


@pytest.mark.unsound  # that is the point
@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(world: World, fault: str, ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    if world.databases.admin is not None:
        pytest.skip("faults are the same on both engines")
    FAULTS[fault](monkeypatch)
    counted: Counter[str] = Counter()
    with pytest.raises(Exception) as found:
        lived(world, AT_MOST, counted, phases=[Phase.generate], derandomize=True, report_multiple_bugs=False)
    assert not isinstance(found.value, hypothesis.errors.HypothesisException)
    ran(found_in_life=counted["lives"], by=f"{found.value!r:.150}")
