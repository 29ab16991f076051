"""The blueprint all pages of instruments hang on."""

from __future__ import annotations

from flask import Blueprint

from labshare.instruments import policy, queries
from labshare.kernel.errors import Forbidden
from labshare.web.guard import actor

pages = Blueprint("instruments", __name__, template_folder="../templates")


def keeps_at(site: str) -> bool:
    """May the reader keep what stands at this site? Raises NotFound where there is none."""
    return policy.may_keep(actor(), queries.site(site).id)


def keeper_at(site: str) -> None:
    """Raises NotFound where there is no such site, Forbidden for those who do not keep it."""
    if not keeps_at(site):
        raise Forbidden
