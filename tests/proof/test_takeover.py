"""Promise 4, where it is about time: whoever leads no more is followed within two leases, and does nothing twice."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import Databases
from tests.proof.drill import ROUNDS, Figures, Stand, drill, hasty_keeper, standing, stands, until
from tests.proof.ticking import LEASE

__all__ = ["hasty_keeper", "stands"]  # the fixtures of the drill
# The drill keeps a table of its own, and tells nobody. How long nobody led is measured, so nothing may run beside it.
pytestmark = [pytest.mark.proof, pytest.mark.unsound]


def leading(stand: Stand) -> int:
    """The process that leads, once one does."""
    found = until(stand.leader)
    assert isinstance(found, int)
    return found


def takeover(stand: Stand, fence: int, began: float) -> float:
    """How long it took until another led, in seconds; it must not take longer than two leases."""
    until(lambda: stand.fence() > fence)
    took = time.monotonic() - began
    assert took <= 2 * LEASE, f"nobody led for {took:.1f} s"
    return took


@drill
def test_a_killed_leader_is_followed_and_what_it_had_begun_is_done(stand: Stand) -> Figures:
    worst = 0.0
    for _ in range(ROUNDS):
        stand.goes_on()
        stand.flags.put("slow", 0.4)
        leader, fence = leading(stand), stand.fence()
        time.sleep(0.7)  # somewhere in the middle of a period, or between two
        os.kill(leader, signal.SIGKILL)
        worst = max(worst, takeover(stand, fence, time.monotonic()))
        stand.flags.drop("slow")
    return {"worst_takeover": f"{worst:.2f} s"}


@drill
def test_a_leader_stopped_for_longer_than_its_lease_does_nothing_twice(stand: Stand) -> Figures:
    worst = 0.0
    for _ in range(ROUNDS):
        stand.goes_on()
        worst = max(worst, stopped_and_resumed(stand))
    return {"worst_takeover": f"{worst:.2f} s"}


def stopped_and_resumed(stand: Stand) -> float:
    """Stop the leader between beginning a period and doing it, and let it go on once another has done that period."""
    stand.flags.drop("lingers")
    stand.flags.put("linger", 0.5)
    leader = int(until(lambda: stand.flags.get("lingers")))
    fence = stand.fence()
    os.kill(leader, signal.SIGSTOP)
    began = time.monotonic()
    try:
        stand.flags.drop("linger")
        took = takeover(stand, fence, began)
        until(stand.has_caught_up)
    finally:
        os.kill(leader, signal.SIGCONT)
    time.sleep(1)  # it wakes up in the middle of what it had begun
    return took


@drill
def test_a_job_that_hangs_ends_its_process_and_another_takes_over(stand: Stand) -> Figures:
    worst = 0.0
    for _ in range(ROUNDS):
        stand.goes_on()
        leader, fence = leading(stand), stand.fence()
        stand.flags.put("hang")
        until(lambda gone=leader: gone not in {child.process.pid for child in stand.children})
        stand.flags.drop("hang")
        worst = max(worst, takeover(stand, fence, time.monotonic()))
        assert stand.ask("SELECT count(*) FROM job_run WHERE job = 'sweep' AND error LIKE 'took longer than%'")
    return {"worst_takeover": f"{worst:.2f} s"}


# ---------------------------------------------------------------- negative control


def test_without_the_fence_a_stopped_leader_does_its_period_twice(databases: Databases, tmp_path: Path) -> None:
    with standing(databases, tmp_path, 2, "unfenced") as stand:
        stopped_and_resumed(stand)
        assert any("was done 2 times" in fault for fault in until(stand.faults))
