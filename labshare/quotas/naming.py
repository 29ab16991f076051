"""What allowances are about, by the names people know it by: read to ids, and written back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from labshare.instruments import queries as catalogue
from labshare.instruments.models import Category, Instrument
from labshare.kernel.db import rows
from labshare.kernel.errors import N_, Invalid, NotFound, Text
from labshare.people.models import Site
from labshare.quotas.models import CATEGORY, INSTRUMENT, SITE
from labshare.quotas.rules import Terms

NAMED = (CATEGORY, INSTRUMENT, SITE)  # the scopes that name something


@dataclass(frozen=True)
class Said:
    """An allowance as somebody wrote it down: `about` has what it names, by scope."""

    scope: str
    about: dict[str, Any]
    period: str
    minutes: int
    when_exceeded: str
    valid_from: date | None = None
    valid_to: date | None = None


def terms(items: Sequence[Said]) -> list[Terms]:
    """The allowances with the ids of what they name; raises Invalid with a fault for each item's field."""
    directory, found = _Directory(), []
    faults: dict[str, dict[str, list[Text]]] = {}
    for number, said in enumerate(items):
        wrong: dict[str, list[Text]] = {}
        for scope, name in said.about.items():
            if name is not None and scope != said.scope:
                wrong[scope] = [N_("This does not go with the scope.")]
        scope_id = None
        if said.scope in NAMED:
            try:
                scope_id = directory.id_of(said.scope, said.about.get(said.scope))
            except _Unknown as error:
                wrong[said.scope] = [error.message]
        if wrong:
            faults[str(number)] = wrong
        days = (said.valid_from, said.valid_to)
        found.append(Terms(said.scope, scope_id, said.period, said.minutes, said.when_exceeded, *days))
    if faults:
        raise Invalid(fields={"items": faults})
    return found


class _Unknown(Exception):
    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(str(message))


class _Directory:
    """Categories by id and by name in either language, and sites by code."""

    def __init__(self) -> None:
        self._ids: dict[str, dict[Any, int]] = {CATEGORY: {}, SITE: {}}
        for row in catalogue.categories():
            for name in (row.id, row.name_zh, row.name_en):
                self._ids[CATEGORY].setdefault(name, row.id)
        for row in catalogue.sites():
            self._ids[SITE][row.code] = row.id

    def id_of(self, scope: str, name: Any) -> int:
        if name is None:
            raise _Unknown(N_("Please fill this in."))
        if scope == INSTRUMENT:
            try:
                return catalogue.id_of(name)
            except NotFound:
                raise _Unknown(N_("There is no instrument with this code.")) from None
        if name not in self._ids[scope]:
            raise _Unknown(N_("There is no such category.") if scope == CATEGORY else N_("There is no such site."))
        return self._ids[scope][name]


@dataclass(frozen=True)
class Name:
    """What an allowance is about; `code` is empty for a category."""

    id: int
    code: str
    en: str
    zh: str


class Names:
    """The names of what some allowances are about, read in as many statements as there are scopes."""

    def __init__(self, scopes: Iterable[tuple[str, int | None]]) -> None:
        wanted: dict[str, set[int]] = defaultdict(set)
        for scope, scope_id in scopes:
            if scope_id is not None:
                wanted[scope].add(scope_id)
        self._names = {
            (scope, row[0]): Name(*row)
            for scope, statement in _NAMES.items()
            if wanted[scope]
            for row in rows(statement.where(statement.selected_columns[0].in_(sorted(wanted[scope]))))
        }

    def of(self, scope: str, scope_id: int | None) -> Name | None:
        """What the allowance is about; None where it is about everything."""
        return None if scope_id is None else self._names[scope, scope_id]


_NAMES: dict[str, sa.Select[*tuple[Any, ...]]] = {
    CATEGORY: sa.select(Category.id, sa.literal(""), Category.name_en, Category.name_zh),
    INSTRUMENT: sa.select(Instrument.id, Instrument.code, Instrument.name_en, Instrument.name_zh),
    SITE: sa.select(Site.id, Site.code, Site.name_en, Site.name_zh),
}
