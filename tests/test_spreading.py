"""Tests that share a stage go to one process, all others wherever there is room."""

from __future__ import annotations

import pytest

from tests.spreading import together

DEMO = "tests/test_demo.py::test_its_size_is_that_of_a_busy_year"


def test_those_that_share_a_laboratory_go_together_and_each_engine_by_itself() -> None:
    assert together(f"{DEMO}[sqlite]") == together("tests/test_demo.py::test_another[sqlite-member]")
    assert together(f"{DEMO}[sqlite]") != together(f"{DEMO}[postgresql]")
    assert together("tests/proof/test_life.py::test_one[sqlite]") != together("tests/proof/test_atomic.py::t[sqlite]")


@pytest.mark.parametrize("other", ["tests/test_check.py::test_one", "tests/booking/test_asking.py::test_two[sqlite]"])
def test_who_shares_nothing_goes_alone(other: str) -> None:
    assert together(other) == other
