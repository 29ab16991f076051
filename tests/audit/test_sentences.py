"""Every transition of every object reads as a sentence, with names in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from flask import Flask

import labshare.wiring  # noqa: F401 - so that every slice has said what it can announce
from labshare.audit.kinds import KINDS as CALLED
from labshare.audit.sentences import OBJECTS, SENTENCES, sentence
from labshare.audit.ways import way
from labshare.booking import events as booking
from labshare.instruments import events as instruments
from labshare.kernel.actor import SYSTEM
from labshare.kernel.journal import Event
from labshare.maintenance import events as maintenance
from labshare.people import events as people
from labshare.quotas import events as quotas
from labshare.web.i18n import say
from tests.audit.conftest import Journal
from tests.audit.examples import example, kinds

KINDS = sorted(kinds(), key=lambda kind: kind.kind())
KNOWN = re.compile(
    "SEM-01|BAT-01|Aurora|Mei|Ada|EAST|deliver|clock|wen@aurora|Liquid nitrogen|@cast|LabShare counted|2026"
)


def test_every_kind_of_fact_has_its_words() -> None:
    missing = [kind.kind() for kind in KINDS if kind.kind() not in SENTENCES]
    assert missing == [], "give each its words in labshare/audit/sentences/, in the file of its slice"


def test_every_word_is_of_a_kind_there_is() -> None:
    assert set(SENTENCES) - {kind.kind() for kind in KINDS} == set()


def test_every_kind_of_fact_is_called_something_to_choose_it_by() -> None:
    assert set(CALLED) == set(SENTENCES), "name it in labshare/audit/kinds.py"
    named = [words.msgid for words in CALLED.values()]
    assert len(named) == len(set(named)), "two kinds are called the same"


def test_every_object_has_a_name() -> None:
    missing = sorted({kind.OBJECT for kind in KINDS} - set(OBJECTS))
    assert missing == [], "name it in labshare/audit/sentences/__init__.py"


def test_every_kind_reads_as_a_whole_sentence_with_names(journal: Journal) -> None:
    for actor in (journal.cast.ada, SYSTEM):
        journal.happens(actor, *(example(kind, journal.numbers) for kind in KINDS))
        for line in journal.last(len(KINDS)):
            text = str(say(sentence(line)))
            assert not re.search(r"%[^ ]", text), text
            assert line.kind not in text, f"{line.kind} is not told in words: {text}"
            assert "no. " not in text, text
            assert KNOWN.search(text), text
            assert not re.search(r"None|\{|\[|<|T\d\d:|\d{4}-\d\d-\d\d", text), text
            assert text[-1] in ".!”" or text.endswith("as agreed"), text
            assert text[0].isupper() or text[0] == "w", text


def test_every_line_leads_to_a_page_there_is(app: Flask, journal: Journal) -> None:
    journal.happens(journal.cast.ada, *(example(kind, journal.numbers) for kind in KINDS))
    with app.test_request_context():
        pages = {rule.endpoint for rule in app.url_map.iter_rules()}
        for line in journal.last(len(KINDS)):
            found = way(line)
            assert found is not None, line.kind
            assert found[0] in pages
            app.url_for(found[0], **found[1])


def _of(journal: Journal, event: type[Event], **how: Any) -> str:
    made = example(event, {**journal.numbers, **how})
    journal.happens(journal.cast.ada, made)
    return str(say(sentence(journal.last()[0])))


def test_what_changed_of_an_instrument_is_said_from_what_to_what(journal: Journal) -> None:
    cast = journal.cast
    changes = {
        "state": ["in_service", "retired"],
        "site_id": [cast.east, cast.west],
        "owner_id": [cast.operator, cast.aurora],
        "category_id": [cast.category, cast.category],
        "booking_modes": [["self_operated"], ["assisted", "commissioned"]],
        "approval": [False, True],
        "location": ["", "B1"],
        "description": [],
    }
    assert _of(journal, instruments.InstrumentChanged, changes=changes) == (
        "Ada changed SEM-01 Scanning electron microscope: "
        "Category from Electron microscopes to Electron microscopes; Site from EAST East Lab to WEST West Lab; "
        "Owner from Shared Lab Operator to Aurora Displays; State from In service to Retired; Room from none to B1; "
        "How it is used from Self-operated to Assisted by staff, Measured for you; "
        "Every request needs a yes of the laboratory from no to yes; Description."
    )


def test_a_booking_stands_in_front_of_what_happened_to_it(journal: Journal) -> None:
    text = _of(journal, booking.BookingRejected)
    assert text.startswith(f"Booking {journal.numbers['booking']} of Aurora Displays, SEM-01 Scanning electron")
    assert text.endswith(": Ada rejected it: as agreed")


def test_an_offer_is_told_of_the_booking_that_was_displaced(journal: Journal) -> None:
    text = _of(journal, booking.OfferMade, instrument_id=journal.cast.bat)
    assert text.startswith(f"Booking {journal.numbers['booking']} of Aurora Displays, SEM-01")
    assert text.endswith(" It is on another instrument: BAT-01 Battery cycler.")


def test_a_document_is_told_of_its_window(journal: Journal) -> None:
    text = _of(journal, maintenance.DocumentAdded, name="plan.pdf")
    assert text.startswith("Repair of BAT-01 Battery cycler, ")
    assert text.endswith(": Ada added plan.pdf.")


def test_roles_name_their_sites_and_where_somebody_stands_in(journal: Journal) -> None:
    assert _of(journal, people.RolesChanged) == (
        "Ada gave Mei other roles: Lab manager, for EAST East Lab; as a deputy for WEST West Lab."
    )
    one = {"site_ids": (journal.cast.west,)}
    assert _of(journal, people.RolesChanged, **one).endswith("Lab manager, as a deputy for WEST West Lab.")
    assert _of(journal, people.RolesChanged, deputy_ids=(), **one).endswith("Lab manager, for WEST West Lab.")
    assert _of(journal, people.RolesChanged, deputy_ids=(), site_ids=(), roles=()).endswith("other roles: none.")


def test_allowances_are_said_one_by_one(journal: Journal) -> None:
    text = _of(journal, quotas.AllowancesSet, company_cap=5, person_cap=2)
    assert text == (
        "Ada set anew what Aurora Displays may use: All instruments, each year, 120 h; a request over it is refused; "
        "SEM-01 Scanning electron microscope, each month, 10 h; a request over it waits for a waiver; "
        "at most 5 bookings ahead; at most 2 bookings ahead for each person."
    )


def test_many_instruments_are_counted(journal: Journal) -> None:
    some = (journal.cast.sem, journal.cast.bat) * 2
    assert "and 1 more" in _of(journal, maintenance.WindowPlanned, instrument_ids=some)


def test_an_old_kind_that_nobody_knows_any_more_is_told_by_its_name(journal: Journal) -> None:
    made = example(people.SiteAdded, journal.numbers)
    strange = dataclass(frozen=True, kw_only=True)(type("SiteBlessed", (Event,), {"OBJECT": "site", **_bare()}))
    journal.happens(journal.cast.ada, made, strange(object_id=7))
    assert str(say(sentence(journal.last()[0]))) == "Ada: site_blessed, Site 7."


def test_an_old_row_that_says_less_is_told_by_its_name(journal: Journal) -> None:
    less = dataclass(frozen=True, kw_only=True)(type("BookingMoved", (Event,), {"OBJECT": "booking", **_bare()}))
    journal.happens(journal.cast.ada, less(object_id=journal.numbers["booking"]))
    assert str(say(sentence(journal.last()[0]))).startswith("Ada: booking_moved, Booking ")


def _bare() -> dict[str, Any]:
    return {"__module__": __name__, "__annotations__": {"OBJECT": ClassVar[str]}}


def test_what_is_not_there_any_more_is_told_by_its_number(journal: Journal) -> None:
    assert "no. 4711" in _of(journal, instruments.OpeningExceptionRemoved, instrument_id=4711)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.OBJECT == "booking"], ids=lambda kind: kind.kind())
def test_a_booking_that_is_gone_is_told_by_what_the_fact_says(journal: Journal, kind: type[Event]) -> None:
    assert "Booking 4711 of Aurora Displays, SEM-01" in _of(journal, kind, booking=4711, booking_id=4711)
