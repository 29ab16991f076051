"""The scene of every test about doors."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.cast import Cast
from tests.doors.scene import Scene


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    """Somebody of every role, and fresh objects of Aurora's for them to ask for."""
    return Scene(app, cast)
