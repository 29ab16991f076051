"""The blueprint all JSON doors to the yearly figures hang on."""

from __future__ import annotations

from labshare.web.api import Blueprint

blp = Blueprint("usage", "What each company used and what each instrument did, year by year, and how a year is closed")
