"""An entry of the catalogue: from what was said, by fields as on the wire, to the whole row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from labshare.instruments import queries, rules
from labshare.instruments.models import Category
from labshare.instruments.queries import Described
from labshare.kernel.db import Transaction
from labshare.kernel.errors import N_, Text

# Where the wire has another word than the column.
RENAMED = {"granularity_minutes": "grid_minutes", "approval_required": "approval"}
PLAIN = (
    "code", "name_en", "name_zh", "class_code", "manufacturer", "model", "original_value_cny", "location",
    "state", "booking_modes", "channels", "granularity_minutes", "min_minutes", "max_minutes",
    "warmup_minutes", "cooldown_minutes", "notice_minutes", "horizon_days", "decide_minutes",
    "check_in_minutes", "grace_minutes", "late_minutes", "overtime_minutes", "early_minutes", "auto_end_minutes",
    "cancel_minutes", "late_cancel_percent", "no_show_percent",
    "approval_required", "qualification_required", "rate_cny_per_hour", "maintenance_note", "description",
)  # fmt: skip
DEFAULTS: dict[str, Any] = {
    "class_code": "",
    "manufacturer": "",
    "model": "",
    "original_value_cny": None,
    "location": "",
    "state": "in_service",
    "booking_modes": ("self_operated",),
    "channels": 1,
    "granularity_minutes": 30,
    "min_minutes": 30,
    "max_minutes": 480,
    "warmup_minutes": 0,
    "cooldown_minutes": 0,
    "notice_minutes": 120,
    "horizon_days": 60,
    "decide_minutes": 2880,
    "check_in_minutes": 15,
    "grace_minutes": 30,
    "late_minutes": 10,
    "overtime_minutes": 10,
    "early_minutes": 30,
    "auto_end_minutes": 60,
    "cancel_minutes": 1440,
    "late_cancel_percent": 50,
    "no_show_percent": 100,
    "approval_required": False,
    "qualification_required": False,
    "rate_cny_per_hour": Decimal(0),
    "maintenance_note": "",
    "description": "",
}


@dataclass
class Directory:
    """What an entry may name: categories (new ones are noted until they are made), sites, owners."""

    sites: Sequence[sa.Row[Any]]
    owners: Sequence[sa.Row[Any]]
    categories: dict[str, Any] = field(default_factory=dict)  # by name in either language
    new: dict[str, str] = field(default_factory=dict)  # English name -> Chinese name

    @classmethod
    def read(cls, said: Sequence[Mapping[str, Any]]) -> Directory:
        """The directory for these entries, in three statements."""
        ids = [values["owner"] for values in said if values.get("owner") is not None]
        org_ids = [values["owner_org_id"] for values in said if "owner_org_id" in values]
        known: dict[str, Any] = {}
        for row in queries.categories():
            known.setdefault(row.name_zh, row)
            known[row.name_en] = row
        return cls(queries.sites(), queries.owners(ids, filter(str.isprintable, org_ids)), known)


@dataclass
class Settled:
    """A whole entry: the row's columns, its faults by field, and the name of a category yet to be made."""

    columns: dict[str, Any]
    faults: dict[str, list[Text]]
    category: str | None

    def changes(self, before: Described) -> dict[str, list[Any]]:
        """Column -> [old, new] for all that differs; empty lists for long texts."""
        found: dict[str, list[Any]] = {}
        for name, value in self.columns.items():
            old = getattr(before, name)
            if old != value:
                found[name] = [] if name in rules.LONG else [_written(old), _written(value)]
        if self.category is not None:
            found["category_id"] = []
        return found

    def row(self, made: Mapping[str, int]) -> dict[str, Any]:
        """The columns as the table holds them; `made` has the ids of categories made just now."""
        row = {**self.columns, "booking_modes": "|".join(self.columns["booking_modes"])}
        return row | ({"category_id": made[self.category]} if self.category is not None else {})


def _written(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else list(value) if isinstance(value, tuple) else value


def settle(said: Mapping[str, Any], before: Described | None, directory: Directory) -> Settled:
    """The entry as it would be: what is said, over what was, over the defaults."""
    was = {} if before is None else {name: getattr(before, RENAMED.get(name, name)) for name in PLAIN}
    entry = {**DEFAULTS, **was, **{name: said[name] for name in PLAIN if name in said}}
    if "approval_required" not in said and rules.needs_approval(entry["booking_modes"]):
        entry["approval_required"] = True
    named = {name: said[name] for name in ("category", "category_zh") if name in said}
    faults = rules.faults({**entry, **named})
    if entry["state"] == rules.BY_WINDOW != was.get("state"):
        faults.setdefault("state", []).append(N_("A maintenance window sets this, and ends it."))
    columns = {RENAMED.get(name, name): entry[name] for name in PLAIN}
    category: str | None = None
    for column, resolve in (("site_id", _site), ("owner_id", _owner)):
        try:
            columns[column] = resolve(said, before, directory)
        except _Unknown as error:
            faults.setdefault(error.field, []).append(error.message)
    if "category" in faults or "category_zh" in faults:
        return Settled(columns, faults, None)
    try:
        found = _category(said, before, directory)
        if isinstance(found, int):
            columns["category_id"] = found
        else:
            category = found
    except _Unknown as error:
        faults.setdefault(error.field, []).append(error.message)
    return Settled(columns, faults, category)


class _Unknown(Exception):
    def __init__(self, name: str, message: Text) -> None:
        self.field, self.message = name, message
        super().__init__(str(message))


def _site(said: Mapping[str, Any], before: Described | None, directory: Directory) -> int:
    if "site" in said:
        for site in directory.sites:
            if site.code == said["site"]:
                return int(site.id)
        raise _Unknown("site", N_("There is no such site."))
    if before is not None:
        return before.site_id
    if len(directory.sites) != 1:
        raise _Unknown("site", N_("Please name the site: there is not exactly one."))
    return int(directory.sites[0].id)


def _owner(said: Mapping[str, Any], before: Described | None, directory: Directory) -> int:
    if "owner_org_id" in said:
        found = [owner for owner in directory.owners if owner.org_id == said["owner_org_id"]]
        if len(found) != 1:
            raise _Unknown("owner_org_id", N_("There is no organisation with this code."))
        return int(found[0].id)
    if said.get("owner") is not None:
        if all(owner.id != said["owner"] for owner in directory.owners):
            raise _Unknown("owner", N_("There is no such organisation."))
        return int(said["owner"])
    if before is not None:
        return before.owner_id
    operators = [owner for owner in directory.owners if owner.kind == "operator"]
    if len(operators) != 1:
        raise _Unknown("owner", N_("Please name the owner: there is not exactly one operator company."))
    return int(operators[0].id)


def _category(said: Mapping[str, Any], before: Described | None, directory: Directory) -> int | str:
    if "category" not in said:
        if before is None:
            raise _Unknown("category", N_("Please fill this in."))
        return before.category_id
    name, chinese = said["category"], said.get("category_zh") or None
    known = directory.categories.get(name)
    if known is None:
        noted = directory.new.setdefault(name, chinese or name)
        if chinese not in (None, noted):
            raise _Unknown("category_zh", N_("This category is called %(name)s in Chinese.", name=noted))
        return str(name)
    if chinese not in (None, known.name_zh):
        raise _Unknown("category_zh", N_("This category is called %(name)s in Chinese.", name=known.name_zh))
    return int(known.id)


def make_categories(tx: Transaction, directory: Directory) -> dict[str, int]:
    """Make the categories that entries named and nobody made yet; their ids by English name."""
    made = {}
    for name_en, name_zh in directory.new.items():
        new = sa.insert(Category).values(name_en=name_en, name_zh=name_zh).returning(Category.id)
        made[name_en] = tx.execute(new).scalar_one()
    return made
