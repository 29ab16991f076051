"""A sheet of instruments comes in whole or not at all, and every fault is named by its line and column."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.instruments import queries, services
from labshare.instruments.models import Category, Instrument
from labshare.kernel.db import rows, transaction
from labshare.kernel.errors import Forbidden
from labshare.kernel.journal import Entry
from labshare.people.models import RoleGrant
from tests.cast import Cast
from tests.witness import Witness

HEAD = (
    "code,name_en,name_zh,category_en,category_zh,class_code,manufacturer,model,original_value_cny,booking_mode,"
    "granularity_min,min_len_min,max_len_min,warmup_min,qualification_required,rate_cny_per_hour,maintenance"
)
RAMAN = (
    "RAM-01,Confocal Raman,拉曼光谱仪,Spectroscopy,光谱,010410,HORIBA,LabRAM,1640000,self,30,30,240,10,yes,400,weekly"
)
TEM = (
    "TEM-01,Electron microscope,电镜,Electron microscopes,电子显微镜,010101,Thermo,Talos,8500000,"
    "assisted|commissioned,60,120,480,30,yes,1500,"
)
CYCLER = (
    'CYC-01,"Battery tester, 64 channels",电池,Batteries,电池,040199,Neware,BTS,250000,'
    '"long run, per channel",1440,1440,129600,0,no,2,'
)


def sheet(*lines: str, more: dict[str, str] | None = None) -> str:
    """A sheet of these lines; `more` adds columns with one cell for all of them."""
    more = {"site": "EAST"} | (more or {})
    tail = [io.StringIO() for _ in range(2)]
    for out, cells in zip(tail, (more.keys(), more.values()), strict=True):
        csv.writer(out, lineterminator="", quoting=csv.QUOTE_ALL).writerow(cells)
    head, cell = (out.getvalue() for out in tail)
    return "\n".join([f"{HEAD},{head}", *(f"{line},{cell}" if line else "" for line in lines)]) + "\n"


def faults(cast: Cast, text: str) -> list[tuple[int, str]]:
    """Where a sheet is faulty; that nothing of it came in is looked at too."""
    before = rows(sa.select(sa.func.count()).select_from(Entry))[0][0]
    with pytest.raises(services.BadSheet) as refused:
        services.import_instruments(cast.li, text)
    assert rows(sa.select(sa.func.count()).select_from(Entry))[0][0] == before
    assert len(rows(sa.select(Instrument.id))) == 2
    return [(fault.line, fault.column) for fault in refused.value.faults]


def test_a_good_sheet_comes_in_with_its_categories(cast: Cast) -> None:
    done = services.import_instruments(cast.li, sheet(RAMAN, TEM, CYCLER))
    assert (done.created, done.changed, done.unchanged) == (["RAM-01", "TEM-01", "CYC-01"], {}, [])
    assert done.categories == ["Spectroscopy", "Batteries"]
    tem, cycler = queries.known("TEM-01"), queries.known("CYC-01")
    assert (tem.booking_modes, tem.approval, tem.category_id) == (("assisted", "commissioned"), True, cast.category)
    assert (cycler.booking_modes, cycler.approval, cycler.channels) == (("long_run",), False, 1)
    assert (cycler.max_minutes, cycler.owner_id, cycler.name_en) == (
        129600, cast.operator, "Battery tester, 64 channels",
    )  # fmt: skip
    kinds = [row.kind for row in rows(sa.select(Entry.kind).order_by(Entry.id))]
    assert kinds.count("instrument_added") == 3


def test_the_same_sheet_again_changes_nothing(cast: Cast) -> None:
    text = sheet(RAMAN, TEM, CYCLER)
    services.import_instruments(cast.li, text)
    done = services.import_instruments(cast.li, "\ufeff" + text.replace("\n", "\r\n"))
    assert (done.created, done.changed, done.categories) == ([], {}, [])
    assert done.unchanged == ["RAM-01", "TEM-01", "CYC-01"]


def test_known_codes_are_changed_and_columns_left_out_stay(cast: Cast) -> None:
    more = {
        "location": "B1",
        "channels": "3",
        "cooldown_min": "5",
        "approval": "yes",
        "horizon_days": "30",
        "grace_min": "20",
    }
    services.import_instruments(cast.li, sheet(RAMAN, more=more))
    done = services.import_instruments(cast.li, sheet(RAMAN.replace(",400,", ",450.50,"), TEM))
    assert (done.created, done.changed) == (["TEM-01"], {"RAM-01": ["rate_cny_per_hour"]})
    found = queries.known("RAM-01")
    assert (found.location, found.channels, found.cooldown_minutes, found.approval) == ("B1", 3, 5, True)
    assert (str(found.rate_cny_per_hour), found.version, found.horizon_days) == ("450.50", 2, 30)
    assert (found.grace_minutes, found.late_minutes) == (20, 10)


def test_a_dry_run_says_what_would_happen_and_does_nothing(cast: Cast) -> None:
    text = sheet(RAMAN, TEM)
    plan = services.import_instruments(cast.li, text, dry_run=True)
    assert len(rows(sa.select(Instrument.id))) == 2
    assert len(rows(sa.select(Category.id))) == 1
    assert plan == services.import_instruments(cast.li, text)


def test_every_fault_is_told_at_once_by_line_and_column(cast: Cast) -> None:
    bad = RAMAN.replace(",400,", ",-4,").replace(",30,30,240,", ",25,30,x,").replace("RAM-01", "ram-01")
    longer = TEM.replace("60,120,480", "60,600,480").replace("assisted|", "walk-in|")
    assert faults(cast, sheet(RAMAN, bad, "", longer)) == [(3, "max_len_min"), (5, "booking_mode")]
    bad = bad.replace(",x,", ",240,")
    assert faults(cast, sheet(RAMAN, bad, TEM.replace("60,120,480", "60,600,480"))) == [
        (3, "code"), (3, "granularity_min"), (3, "max_len_min"), (3, "min_len_min"), (3, "rate_cny_per_hour"),
        (4, "min_len_min"),
    ]  # fmt: skip


CARELESS: list[tuple[str, list[tuple[int, str]]]] = [
    ("", [(1, "")]),
    ("\ufeff", [(1, "")]),
    (HEAD, [(1, "")]),
    (HEAD.replace("name_zh,", ""), [(1, "name_zh")]),
    (HEAD + ",colour\n", [(1, "colour")]),
    (HEAD + ",code\n", [(1, "code")]),
    (HEAD + "\n" + RAMAN + ",extra\n", [(2, "")]),
    (HEAD + "\n" + "RAM-01\n", [(2, "")]),
    (HEAD + '\nRAM-01,"open\n', [(2, "")]),
    (sheet(RAMAN, RAMAN), [(2, "code"), (3, "code")]),
    (sheet(RAMAN.replace("LabRAM", "Lab\x00RAM")), [(2, "model")]),
    (sheet(RAMAN.replace("RAM-01", "RAM\x00")), [(2, "code")]),
    (sheet(RAMAN.replace("LabRAM", "L" * 200_000)), [(2, "")]),
    (sheet(RAMAN.replace("LabRAM", "L" * 121)), [(2, "model")]),
    (sheet(RAMAN.replace("LabRAM", "\ud800")), [(2, "model")]),
    (sheet(RAMAN.replace(",400,", ",1e9999,")), [(2, "rate_cny_per_hour")]),
    (sheet(RAMAN.replace(",400,", ",NaN,")), [(2, "rate_cny_per_hour")]),
    (sheet(RAMAN.replace(",10,yes", ",１０,yes")), [(2, "warmup_min")]),
    (sheet(RAMAN.replace(",10,yes", ",10,maybe")), [(2, "qualification_required")]),
    (sheet(RAMAN.replace(",1640000,", f",{'9' * 15},")), [(2, "original_value_cny")]),
    (sheet(RAMAN.replace("拉曼光谱仪", "")), [(2, "name_zh")]),
    (sheet(RAMAN.replace("光谱,", "谱,"), RAMAN.replace("RAM-01", "RAM-02")), [(3, "category_zh")]),
    (sheet(RAMAN, more={"site": "NOWHERE"}), [(2, "site")]),
    (sheet(RAMAN, more={"site": "E\x00"}), [(2, "site")]),
    (sheet(RAMAN, more={"owner_org_id": "nobody"}), [(2, "owner_org_id")]),
    (sheet(RAMAN, more={"owner_org_id": "\x00"}), [(2, "owner_org_id")]),
    (sheet(RAMAN, more={"status": "broken"}), [(2, "status")]),
    (sheet(RAMAN, more={"site": ""}), [(2, "site")]),
    (sheet(TEM, more={"approval": "no"}), [(2, "approval")]),
    (sheet(*[RAMAN] * 5001), [(5002, "")]),
]


def test_a_hostile_or_careless_sheet_is_refused_where_it_is_wrong(cast: Cast) -> None:
    for text, where in CARELESS:
        assert faults(cast, text) == where, text[:400]


def test_formulas_stay_text(cast: Cast) -> None:
    services.import_instruments(cast.li, sheet(RAMAN.replace("LabRAM", '"=HYPERLINK(""x"")"')))
    assert queries.known("RAM-01").model == '=HYPERLINK("x")'


def test_a_cell_of_many_lines_keeps_the_count_of_lines(cast: Cast) -> None:
    text = sheet(RAMAN, more={"description": "# One\n\ntwo"}) + "RAM-02\n"
    assert faults(cast, text) == [(5, "")]
    services.import_instruments(cast.li, sheet(RAMAN, more={"description": "# One\n\ntwo"}))
    assert queries.by_code(cast.mei, "RAM-01").description == "# One\n\ntwo"


def test_an_owner_is_found_by_its_code(cast: Cast) -> None:
    services.import_instruments(cast.li, sheet(RAMAN, more={"owner_org_id": "91990000MA0000023K"}))
    assert queries.known("RAM-01").owner_id == cast.borealis


def test_who_keeps_no_site_may_not_bring_in_anything(cast: Cast, witness: Witness) -> None:
    for who in (cast.mei, cast.chen):
        with pytest.raises(Forbidden):
            services.import_instruments(who, sheet(RAMAN), dry_run=True)
    with transaction() as tx:
        tx.execute(sa.delete(RoleGrant).where(RoleGrant.site_id == cast.east))
    witness.untold.clear()
    li = cast.actor("li")
    with pytest.raises(Forbidden):
        services.import_instruments(li, sheet(RAMAN))
    moved = RAMAN.replace("RAM-01", "SEM-01").replace("Spectroscopy,光谱", "Electron microscopes,电子显微镜")
    with pytest.raises(Forbidden):
        services.import_instruments(li, sheet(moved, more={"site": "WEST"}))
    assert services.import_instruments(li, sheet(RAMAN, more={"site": "WEST"})).created == ["RAM-01"]


def test_many_lines_cost_few_questions(cast: Cast, statements: Any) -> None:
    lines = [RAMAN.replace("RAM-01", f"RAM-{number:03}") for number in range(60)]
    costs = []
    for some in (lines[:5], lines):
        with statements() as said:
            services.import_instruments(cast.li, sheet(*some), dry_run=True)
        costs.append(len(said))
    assert costs[0] == costs[1]
