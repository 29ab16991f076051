"""Last year stays last year: a closed year prints the same for ever, and what was tampered with is found."""

from __future__ import annotations

import hashlib
import json

import pytest
import sqlalchemy as sa

from labshare.instruments import services as keeping
from labshare.instruments.models import Instrument
from labshare.kernel.db import db, transaction
from labshare.people.models import Company
from labshare.usage import closing
from tests.booking.test_checks import plant
from tests.cast import Cast
from tests.usage.conftest import YEAR, Years, breaches


def test_the_digest_is_one_that_anybody_can_reckon_from_the_stored_lines(years: Years) -> None:
    years.a_year()
    digest = years.close()
    db.session.rollback()
    said = []
    for name, order in (("closed_tally", "month, company_id, instrument_id"), ("closed_line", "kind, number")):
        found = db.session.execute(sa.text(f"SELECT * FROM {name} WHERE year = {YEAR} ORDER BY {order}")).mappings()
        said += [json.dumps(dict(row), sort_keys=True, separators=(",", ":"), ensure_ascii=False) for row in found]
    text = "".join(f"{line}\n" for line in said)
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    assert "东区实验室" in text, "letters stand as they are"


def printed(cast: Cast) -> dict[str, bytes]:
    """Everything the reports of the year say, in both languages."""
    some = ("companies", f"companies/{cast.aurora}", f"companies/{cast.borealis}", "instruments", "instruments/SEM-01")
    return {
        f"{path} {language}": cast.api("ada")
        .get(f"/usage/{path}?year={YEAR}", headers={"Accept-Language": language})
        .get_data()
        for path in some
        for language in ("en", "zh")
    }


def change_everything(cast: Cast, years: Years, mine: int) -> None:
    """Names, rates, owners, sites' names and what was used are others now."""
    keeping.change(cast.ada, "SEM-01", {"name_en": "Old microscope", "name_zh": "旧显微镜", "rate_cny_per_hour": 900})
    keeping.change(cast.ada, "BAT-01", {"state": "retired", "channels": 5})
    with transaction() as tx:
        tx.execute(sa.update(Company).values(name=Company.name + sa.literal(" (renamed)"), kind="institute"))
        tx.execute(sa.update(Instrument).where(Instrument.id == cast.sem).values(owner_id=cast.aurora))
        cast._tell(tx)
    years.record(mine, "12-10 09:00", "12-10 10:00", samples=7, reason="The clock was wrong.")


def test_a_closed_year_prints_the_same_whatever_changes_afterwards(cast: Cast, years: Years) -> None:
    mine, _other = years.a_year()
    drafted = printed(cast)
    digest = years.close()
    before = printed(cast)
    for name, said in drafted.items():
        assert said.replace(b'"draft"', b'"closed"') == before[name], "closing changes nothing but the state"
    change_everything(cast, years, mine)
    assert printed(cast) == before
    assert b"renamed" not in b"".join(before.values())
    assert digest == closing.digest(YEAR)
    assert breaches() == []


def test_an_open_year_does_change(cast: Cast, years: Years) -> None:
    """The control: without closing, every one of these reports would say something else."""
    mine, _other = years.a_year()
    before = printed(cast)
    change_everything(cast, years, mine)
    assert all(said != before[name] for name, said in printed(cast).items())


TAMPERED = {
    "a sum": "UPDATE closed_tally SET uses = uses + 1 WHERE company_id = {aurora} AND month = 0",
    "a sum that goes": "DELETE FROM closed_tally WHERE company_id = {aurora} AND month = 12",
    "a name": "UPDATE closed_line SET said = replace(said, 'Aurora', 'Aurore') WHERE kind = 'company' AND number = "
    "{aurora}",
    "a line that goes": "DELETE FROM closed_line WHERE kind = 'instrument' AND number = {sem}",
    "a line that comes": "INSERT INTO closed_line (year, kind, number, said) VALUES ({year}, 'company', 999999, '')",
    "the digest": "UPDATE usage_year SET digest = '' WHERE year = {year}",
    "the state": "UPDATE usage_year SET state = 'draft', digest = '' WHERE year = {year}",
}


@pytest.mark.unsound  # that something was tampered with is the breach
@pytest.mark.parametrize("what", TAMPERED)
def test_one_stored_line_that_was_tampered_with_is_found(cast: Cast, years: Years, what: str) -> None:
    years.a_year()
    years.close()
    assert breaches() == []
    plant(TAMPERED[what].format(aurora=cast.aurora, sem=cast.sem, year=YEAR))
    assert any(str(YEAR) in breach and "close" in breach for breach in breaches()), breaches()
