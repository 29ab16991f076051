"""Accounts of hours and what companies may use."""

from __future__ import annotations

from datetime import date
from typing import Any

from labshare.audit.names import CATEGORY
from labshare.audit.sentences.shape import Line, Table, called, instrument, joined, numbered, site
from labshare.kernel.errors import N_, Text
from labshare.quotas import events, rules, words
from labshare.web.i18n import own, say


def _set(line: Line) -> Text:
    if line.data["follows"]:
        return N_("%(company)s may use what the laboratory allows every company: %(items)s.", items=_items(line))
    return N_("%(who)s set anew what %(company)s may use: %(items)s.", items=_items(line))


def _default_set(line: Line) -> Text:
    told = N_("%(who)s set anew what companies may use that have no allowances of their own: %(items)s.")
    return Text(told.msgid, {"items": _items(line)})


def _items(line: Line) -> Any:
    said = [_item(line, one) for one in line.data["items"]]
    if line.data.get("company_cap") is not None:
        said.append(N_("at most %(n)s bookings ahead", n=line.data["company_cap"]))
    if line.data.get("person_cap") is not None:
        said.append(N_("at most %(n)s bookings ahead for each person", n=line.data["person_cap"]))
    return joined(said, N_("; ")) if said else N_("no limits")


def _item(line: Line, item: str) -> Text:
    """One allowance, as its event joins it: scope, its id where it has one, period, minutes, what happens over them."""
    scope, *about, period, minutes, over = item.split(" ")
    return N_(
        "%(scope)s, %(each)s, %(hours)s h; a request over it %(then)s",
        scope=_scope(line, scope, int(about[0])) if about else called(words.SCOPES, scope),
        each=called(words.EACH, period),
        hours=rules.hours(int(minutes)) if minutes.isdigit() else N_("any number of"),
        then=called(words.THEN, over),
    )


def _scope(line: Line, scope: str, number: int) -> Any:
    if scope == "instrument":
        return instrument(line.names, number)
    if scope == "site":
        return site(line.names, number)
    found = line.names.of(CATEGORY, number)
    return own(found.name_en, found.name_zh) if found else numbered(number)


def _allowance(line: Line) -> str:
    scope = own(line.data["scope_en"], line.data["scope_zh"]) or called(words.SCOPES, line.data["scope"])
    period = words.period(line.data["period"], date.fromisoformat(line.data["starts_on"]))
    return str(say(N_("%(scope)s, %(period)s", scope=scope, period=period)))


def _extended(line: Line) -> Text:
    told = N_("%(who)s added %(hours)s h once for %(company)s: %(allowance)s. %(reason)s")
    if line.data["minutes"] < 0:
        told = N_("%(who)s took back %(hours)s h that had been added for %(company)s: %(allowance)s. %(reason)s")
    return Text(told.msgid, {"hours": rules.hours(abs(line.data["minutes"])), "allowance": _allowance(line)})


def _nearly_used(line: Line) -> Text:
    return N_(
        "%(company)s holds or has used %(spoken_for)s of the %(limit)s h it may use (%(allowance)s): "
        "%(percent)s %% or more.",
        spoken_for=rules.hours(line.data["spoken_for"]),
        limit=rules.hours(line.data["limit"]),
        allowance=_allowance(line),
    )


TOLD: Table = {
    events.AccountOpened.kind(): N_("The account of %(company)s was opened for %(periods)s more periods."),
    events.AllowancesSet.kind(): _set,
    events.DefaultAllowancesSet.kind(): _default_set,
    events.AllowanceExtended.kind(): _extended,
    events.AllowanceNearlyUsed.kind(): _nearly_used,
}
