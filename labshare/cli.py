"""The `labshare` command; every part of it calls a use case."""

from __future__ import annotations

import click
from flask import Flask
from flask_migrate import downgrade as migrate_down
from flask_migrate import upgrade as migrate_up


def init_app(app: Flask) -> None:
    pass


def main() -> None:
    """Entry point."""
