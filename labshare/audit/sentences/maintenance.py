"""Windows, outages, utilities and upkeep."""

from __future__ import annotations

from typing import Any

from labshare.audit.names import WINDOW
from labshare.audit.sentences.shape import Line, Table, Words, called, noted, numbered, slot
from labshare.kernel.errors import N_, Text
from labshare.maintenance import events
from labshare.maintenance.rules import KIND_WORDS
from labshare.maintenance.sentences import sentence
from labshare.web.i18n import own, span


def _window(line: Line) -> Text:
    """As the window's own history tells it, with the window in front."""
    known = line.names.of(WINDOW, line.object_id)
    said: dict[str, Any] = {
        "text": sentence(line.kind, line.data, line.who, line.zone),
        "work": called(KIND_WORDS, line.data.get("kind_of_work") or (known.kind if known else "")),
    }
    if "starts_at" in line.data:
        when = slot(line)
    elif known:
        when = span(known.starts_at, known.ends_at, line.zone)
    else:
        return N_("Window %(number)s: %(text)s", number=line.object_id, text=said["text"])
    return N_("%(work)s of %(instruments)s, %(slot)s: %(text)s", slot=when, **said)


def _began(line: Line) -> Text:
    told = N_(
        "%(who)s reported that %(instrument)s broke down at %(began_at)s; its time is taken until %(claimed_until)s, "
        "bookings displaced: %(displaced)s."
    )
    return noted(told, line, line.data.get("note"))


def _ended(line: Line) -> Text:
    told = N_("%(who)s reported that %(instrument)s, broken since %(began_at)s, works again since %(ended_at)s.")
    return noted(told, line, line.data.get("remedy"))


def _utility(text: Text) -> Words:
    def told(line: Line) -> Text:
        name = own(line.data["name_en"], line.data["name_zh"]) or numbered(line.object_id)
        return Text(text.msgid, {"name": name})

    return told


def _upkeep(text: Text) -> Words:
    def told(line: Line) -> Text:
        work = called(KIND_WORDS, line.data["kind_of_work"])
        return Text(text.msgid, {"work": work, "often": _often(line)})

    return told


def _often(line: Line) -> Text:
    days, hours = line.data["every_days"], line.data["every_hours"]
    if days is not None and hours is not None:
        return N_("every %(days)s days or %(hours)s h of use", days=days, hours=hours)
    if days is not None:
        return N_("every %(days)s days", days=days)
    return N_("every %(hours)s h of use", hours=hours)


TOLD: Table = {
    **{
        fact.kind(): _window
        for fact in (
            *(events.WindowPlanned, events.WindowChanged, events.WindowCancelled, events.WindowOpened),
            *(events.WindowClosed, events.WindowComingUp, events.DocumentAdded, events.DocumentRemoved),
        )
    },
    events.OutageBegan.kind(): _began,
    events.OutageExtended.kind(): N_(
        "%(instrument)s, broken since %(began_at)s, is not repaired yet: its time is taken until %(claimed_until)s, "
        "bookings displaced: %(displaced)s."
    ),
    events.OutageEnded.kind(): _ended,
    events.UtilityAdded.kind(): _utility(
        N_("%(who)s added the utility %(name)s; these instruments depend on it: %(instruments)s.")
    ),
    events.UtilityChanged.kind(): _utility(
        N_("%(who)s changed the utility %(name)s; these instruments depend on it: %(instruments)s.")
    ),
    events.UpkeepSet.kind(): _upkeep(N_("%(who)s said what %(instrument)s needs: %(work)s, %(often)s.")),
    events.UpkeepRemoved.kind(): _upkeep(
        N_("%(who)s said what %(instrument)s does not need any more: %(work)s, %(often)s.")
    ),
    events.UpkeepOverdue.kind(): _upkeep(
        N_("%(instrument)s is overdue: %(work)s, %(often)s; counted from %(since)s, with %(hours_run)s h of use since.")
    ),
}
