"""When an instrument's entry is sound: every fault at once, by field, as fields are called on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from labshare.instruments.models import MODES, STATES
from labshare.kernel.errors import N_, Text

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,38}", re.ASCII)
CLASS_CODE = re.compile(r"[0-9]{6}", re.ASCII)
DAY = 1440  # minutes; the grid is counted from midnight, so its step must divide a day
BOOKABLE = frozenset({"in_service", "in_maintenance"})  # a window passes; whoever asks for time after it may have it
BY_WINDOW = "in_maintenance"  # nobody sets this state by hand
ALWAYS_APPROVED = frozenset({"assisted", "commissioned"})  # staff must be there, so staff must say yes
MOST_RATE = Decimal(1_000_000)

# field -> how long the text may be: least and most characters
TEXTS: dict[str, tuple[int, int]] = {
    "name_en": (1, 200),
    "name_zh": (1, 200),
    "category": (1, 120),
    "category_zh": (0, 120),
    "manufacturer": (0, 120),
    "model": (0, 120),
    "location": (0, 120),
    "maintenance_note": (0, 500),
    "description": (0, 20_000),
}
LONG = frozenset({"description"})  # the only text of several lines

# field -> least and most; minutes unless the name says otherwise
NUMBERS: dict[str, tuple[int, int]] = {
    "channels": (1, 500),
    "granularity_minutes": (1, DAY),
    "min_minutes": (1, 98 * DAY),  # with buffers one claim, and no claim is over 100 days
    "max_minutes": (1, 98 * DAY),
    "warmup_minutes": (0, DAY),
    "cooldown_minutes": (0, DAY),
    "notice_minutes": (0, 90 * DAY),
    "horizon_days": (1, 730),
    "decide_minutes": (1, 30 * DAY),
    "check_in_minutes": (0, DAY),
    "grace_minutes": (1, DAY),
    "late_minutes": (0, DAY),
    "overtime_minutes": (0, DAY),
    "early_minutes": (0, DAY),
    "auto_end_minutes": (1, DAY),
    "cancel_minutes": (0, 90 * DAY),
    "late_cancel_percent": (0, 100),
    "no_show_percent": (0, 100),
    "original_value_cny": (0, 10**12),
}


def is_code(text: str) -> bool:
    """Could this be an instrument's code?"""
    return CODE.fullmatch(text) is not None


def needs_approval(modes: tuple[str, ...]) -> bool:
    """Does working this way always need a yes of the laboratory?"""
    return not ALWAYS_APPROVED.isdisjoint(modes)


def faults(entry: Mapping[str, Any]) -> dict[str, list[Text]]:
    """Everything wrong with a whole entry, field by field; empty where it is sound. Pure."""
    found: dict[str, list[Text]] = {}

    def wrong(field: str, message: Text) -> None:
        found.setdefault(field, []).append(message)

    for field, (least, most) in TEXTS.items():
        if field in entry:
            for message in _text_faults(entry[field], least, most, lines=field in LONG):
                wrong(field, message)
    for field, (low, high) in NUMBERS.items():
        value = entry.get(field)
        if value is not None and not low <= value <= high:
            wrong(field, N_("Must be a whole number from %(low)s to %(high)s.", low=low, high=high))
    if not is_code(entry["code"]):
        wrong("code", N_("A code has capital letters, digits and hyphens, at most 39, and no hyphen in front."))
    if entry.get("class_code") and not CLASS_CODE.fullmatch(entry["class_code"]):
        wrong("class_code", N_("A class code has six digits."))
    if entry["state"] not in STATES:
        wrong("state", N_("There is no such state."))
    if not 0 <= entry["rate_cny_per_hour"] <= MOST_RATE:
        wrong("rate_cny_per_hour", N_("Must be an amount from 0 to %(most)s.", most=int(MOST_RATE)))
    elif entry["rate_cny_per_hour"] != round(entry["rate_cny_per_hour"], 2):
        wrong("rate_cny_per_hour", N_("An amount has at most two decimals."))
    for field, message in _mode_faults(entry) + _length_faults(entry):
        wrong(field, message)
    return found


def _text_faults(text: str, least: int, most: int, *, lines: bool) -> list[Text]:
    found = []
    if not least <= len(text) <= most:
        found.append(N_("Must be %(least)s to %(most)s characters long.", least=least, most=most))
    allowed = "\n\r\t" if lines else ""
    if any((sign < " " and sign not in allowed) or sign == "\x7f" or "\ud800" <= sign <= "\udfff" for sign in text):
        found.append(N_("Contains a character that cannot be stored."))
    return found


def _mode_faults(entry: Mapping[str, Any]) -> list[tuple[str, Text]]:
    modes = entry["booking_modes"]
    found = []
    if not modes or len(set(modes)) != len(modes) or not set(modes) <= set(MODES):
        found.append(("booking_modes", N_("Name one or more booking modes, each once.")))
    if needs_approval(modes) and not entry["approval_required"]:
        found.append(("approval_required", N_("Assisted and commissioned work always needs approval.")))
    return found


def _length_faults(entry: Mapping[str, Any]) -> list[tuple[str, Text]]:
    grid, shortest, longest = entry["granularity_minutes"], entry["min_minutes"], entry["max_minutes"]
    found = []
    if grid > 0:
        if DAY % grid:
            found.append(("granularity_minutes", N_("The step must divide a day evenly.")))
        for field, value in (("min_minutes", shortest), ("max_minutes", longest)):
            if value % grid:
                found.append((field, N_("Must be a whole number of steps of %(grid)s minutes.", grid=grid)))
    if shortest > longest:
        found.append(("min_minutes", N_("The shortest booking cannot be longer than the longest.")))
    if entry["notice_minutes"] >= entry["horizon_days"] * DAY:
        found.append(("notice_minutes", N_("The notice must be shorter than the horizon.")))
    return found
