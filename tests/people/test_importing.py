"""Companies from a file: all of it or nothing, every fault with its line, again at once nothing to do."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select

from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows
from labshare.kernel.errors import Forbidden, Invalid
from labshare.kernel.journal import Entry
from labshare.people import services
from labshare.people.models import Company
from labshare.people.services.importing import Counts
from tests.cast import Cast

HEADER = "name,name_en,org_id_type,org_id,kind,state,contact_name,contact_phone\n"
CYGNUS = "天鹅光学,Cygnus Optics,,91990000MA000004X6,company,,Fang,028 1234\n"
DRACO = "天龙研究所,Draco Institute,uscc,9199 0000 MA00 0005 86,institute,pending,,\n"
NORD = '"Nordlicht, GmbH",,foreign,HRB 12345,company,active,,\n'


def known() -> int:
    return int(rows(select(func.count(Company.id)))[0][0])


def faults(text: str) -> list[str]:
    with pytest.raises(Invalid) as refused:
        services.import_companies(SYSTEM, text)
    return [str(fault) for fault in refused.value.fields["file"]]


def test_a_file_is_imported_once_and_then_changes_nothing(cast: Cast) -> None:
    text = "\ufeff" + HEADER + CYGNUS + "\n" + DRACO + NORD
    assert services.import_companies(SYSTEM, text) == Counts(3, 0, 0)
    assert services.import_companies(SYSTEM, text) == Counts(0, 0, 3)
    found = {row.org_id: (row.name, row.state) for row in rows(select(Company.org_id, Company.name, Company.state))}
    assert found["91990000MA000004X6"] == ("天鹅光学", "active")
    assert found["91990000MA00000586"] == ("天龙研究所", "pending")
    assert found["HRB 12345"] == ("Nordlicht, GmbH", "active")


def test_changes_are_told_and_an_empty_state_leaves_the_state_alone(cast: Cast) -> None:
    services.import_companies(SYSTEM, HEADER + CYGNUS + DRACO)
    again = HEADER + CYGNUS.replace("Fang", "Gu") + DRACO.replace("pending", "active")
    assert services.import_companies(SYSTEM, again) == Counts(0, 2, 0)
    assert services.import_companies(SYSTEM, HEADER + DRACO.replace(",pending", ",")) == Counts(0, 0, 1)
    kinds = [row.kind for row in rows(select(Entry.kind).order_by(Entry.id))][-4:]
    assert kinds == ["company_added", "company_added", "company_changed", "company_approved"]


def test_a_dry_run_counts_and_changes_nothing(cast: Cast) -> None:
    before = known()
    assert services.import_companies(SYSTEM, HEADER + CYGNUS + DRACO, dry_run=True) == Counts(2, 0, 0)
    assert known() == before


def test_every_fault_is_told_with_its_line_and_nothing_is_imported(cast: Cast) -> None:
    before = known()
    said = faults(
        HEADER
        + CYGNUS
        + CYGNUS.replace("X6", "X7")
        + '"Two\nlines",,,91990000MA00000586,prince,,,call me\n'
        + "too,few\n"
        + CYGNUS
        + ",,,91990000MA00000661,company,happy,,\n"
    )
    assert [text.split(":")[0] for text in said] == [
        "Line 3, org_id",
        "Line 4, name",
        "Line 4, kind",
        "Line 4, contact_phone",
        "Line 6 has 2 cells, not 8.",
        "Line 7, org_id",
        "Line 8, name",
        "Line 8, state",
    ]
    assert "line 2" in said[5]
    assert known() == before


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "missing"),
        ("name,org_id\nx,y\n", "name_en, kind"),
        (HEADER.replace("\n", ",admin\n"), "admin"),
        (HEADER.replace("\n", ",name\n"), "twice"),
        (HEADER + '"unclosed', "not CSV"),
        (HEADER + "x" * 200_000 + ",,,,,,,\n", "not CSV"),
        (HEADER + CYGNUS.replace("Fang", "Fa\x00ng"), "cannot be stored"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(cast: Cast, text: str, part: str) -> None:
    assert part in " ".join(faults(text))


def test_a_file_moves_no_company_where_it_could_not_go(cast: Cast) -> None:
    services.import_companies(SYSTEM, HEADER + DRACO)
    (said,) = faults(HEADER + CYGNUS + DRACO.replace("pending", "suspended"))
    assert "from pending to suspended" in said
    assert known() == 4


@pytest.mark.parametrize("who", ["mei", "chen", "li"])
def test_only_admins_import(cast: Cast, who: str) -> None:
    with pytest.raises(Forbidden):
        services.import_companies(getattr(cast, who), HEADER + CYGNUS)


def test_an_admin_checks_and_imports_on_a_page(cast: Cast) -> None:
    browser, path = cast.browser("ada"), "/companies/import"
    wrong = browser.post(path, data={"text": HEADER + CYGNUS.replace("X6", "X7")})
    assert wrong.status_code == 422
    assert "Line 2" in wrong.text
    dry = browser.post(path, data={"text": HEADER + CYGNUS, "dry_run": "true"})
    assert "1 new" in dry.text
    assert known() == 3
    file = (io.BytesIO(("\ufeff" + HEADER + CYGNUS).encode()), "companies.csv")
    assert browser.post(path, data={"file": file, "text": ""}).status_code == 303
    assert known() == 4
