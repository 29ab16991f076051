"""The product without the account of hours: nothing is asked of it and nothing written into it."""

from __future__ import annotations

from typing import Any

from flask import Flask

from labshare.quotas import account, quotes
from labshare.quotas.quotes import Quote
from labshare.webserver import application


def served() -> Flask:
    """The application as the product serves it, but for the account."""
    quotes.of_slot = lambda *_values, **_more: Quote(0, (), None, None)  # type: ignore[assignment]
    account.hold = _nothing
    return application()


def _nothing(*_values: Any) -> None:
    return None
