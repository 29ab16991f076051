"""Companies register, are let in or not; rivals do not exist for each other."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from labshare.kernel.db import rows
from labshare.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from labshare.people import queries, rules, services
from labshare.people.models import Company, Person
from tests.cast import PASSWORD, Cast

FORM = {
    "name": "Cygnus Optics",
    "org_id": "91990000MA000004X6",
    "kind": "company",
    "person_name": "Fang",
    "email": "fang@cygnus.test",
    "password": PASSWORD,
}


def register(cast: Cast, **changes: str) -> TestResponse:
    return cast.app.test_client().post("/register", data={**FORM, **changes})


def numbers() -> tuple[int, int]:
    return rows(select(func.count(Company.id)))[0][0], rows(select(func.count(Person.id)))[0][0]


def cygnus() -> int:
    return int(rows(select(Company.id).where(Company.org_id == FORM["org_id"]))[0].id)


def test_a_company_registers_itself_and_waits_to_be_let_in(cast: Cast) -> None:
    browser = cast.app.test_client()
    answer = browser.post("/register", data={**FORM, "org_id": "9199 0000 ma000004-x6"})
    assert (answer.status_code, answer.location) == (303, "/company")
    assert "waits to be let in" in browser.get("/company").text
    company = queries.company(cast.ada, cygnus())
    assert (company.state, company.org_id) == ("pending", "91990000MA000004X6")
    (fang,) = queries.colleagues(cast.ada, company.id)
    assert fang.roles == {"company_admin"}


def test_a_known_code_is_refused_and_leaves_no_trace(cast: Cast) -> None:
    before = numbers()
    answer = register(cast, org_id="91990000MA0000015Q")
    assert answer.status_code == 409
    assert "registered already" in answer.text
    assert "Aurora" not in answer.text
    assert numbers() == before


def test_a_known_address_is_refused_and_leaves_no_trace(cast: Cast) -> None:
    before = numbers()
    assert register(cast, email="MEI@cast.labshare.test").status_code == 409
    assert numbers() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"org_id": "91990000MA000004X7"},
        {"org_id": "123"},
        {"name": ""},
        {"name": "x" * 201},
        {"email": "fang"},
        {"password": "short"},
        {"kind": "prince"},
        {"contact_phone": "call me"},
        {"person_name": "F\x07ang"},
        {"state": "active"},
        {"role": "admin"},
        {"company_id": "1"},
    ],
)
def test_a_faulty_registration_is_shown_again_and_leaves_no_trace(cast: Cast, changes: dict[str, str]) -> None:
    before = numbers()
    answer = register(cast, **changes)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text
    assert "fang" in answer.text or "email" in changes
    assert numbers() == before


def test_an_odd_inner_digit_is_shown_to_the_reviewer_and_stops_nobody(cast: Cast) -> None:
    body = "91990000MA0000016"
    assert register(cast, org_id=body + rules.uscc_check(body)).status_code == 303
    company_id = rows(select(func.max(Company.id)))[0][0]
    assert "please look twice" in cast.browser("ada").get(f"/companies/{company_id}").text


def test_the_laboratory_lets_a_company_in_suspends_it_and_takes_it_back(cast: Cast) -> None:
    register(cast)
    ada, path = cast.browser("ada"), f"/companies/{cygnus()}"
    assert 'href="/companies"' in ada.get("/").text
    assert ada.post(f"{path}/approve").status_code == 303
    assert queries.company(cast.ada, cygnus()).state == "active"
    assert ada.post(f"{path}/approve").status_code == 409
    assert f'href="{path}/suspension"' in ada.get(path).text
    assert ada.post(f"{path}/suspension", data={}).status_code == 422
    assert ada.post(f"{path}/suspension", data={"reason": "Unpaid bills"}).status_code == 303
    assert "Unpaid bills" in cast.browser("ada").get(path).text
    assert ada.post(f"{path}/reactivate").status_code == 303
    assert queries.company(cast.ada, cygnus()).state_reason == ""


def test_a_declined_company_may_be_let_in_after_all(cast: Cast) -> None:
    register(cast)
    services.reject_company(cast.ada, cygnus(), "Not in our field")
    with pytest.raises(Conflict):
        services.suspend_company(cast.ada, cygnus(), "again")
    services.approve_company(cast.ada, cygnus())
    assert queries.company(cast.ada, cygnus()).state == "active"


def test_people_of_a_suspended_company_sign_in_and_see_why_they_cannot_book(cast: Cast) -> None:
    services.suspend_company(cast.ada, cast.aurora, "Unpaid bills")
    browser = cast.app.test_client()
    sent = {"email": "mei@cast.labshare.test", "password": PASSWORD}
    assert browser.post("/sign-in", data=sent).status_code == 303
    assert "Unpaid bills" in browser.get("/company").text
    assert not cast.actor("mei").company_active


@pytest.mark.parametrize("who", ["mei", "chen", "li"])
def test_only_admins_decide_about_companies(cast: Cast, who: str) -> None:
    actor, browser = getattr(cast, who), cast.browser(who)
    for verb in (services.approve_company, services.reactivate_company):
        with pytest.raises(Forbidden):
            verb(actor, cast.aurora)
    for body in ({"reason": "x"}, {}, {"nonsense": "1"}):
        assert browser.post(f"/companies/{cast.aurora}/suspension", data=body).status_code == 403
    assert queries.company(cast.ada, cast.aurora).state == "active"


def test_another_company_is_a_missing_one(cast: Cast) -> None:
    rival, missing = f"/companies/{cast.borealis}", "/companies/999999"
    for who in ("mei", "chen"):
        api, browser = cast.api(who), cast.browser(who)
        assert api.get(rival).status_code == 404
        assert api.get(rival).data == api.get(missing).data
        assert browser.get(rival).data == browser.get(missing).data.replace(b"999999", str(cast.borealis).encode())
        for verb in ("approve", "suspend", "invitations", "edit"):
            answers = [browser.post(f"{path}/{verb}", data={"x": "y"}) for path in (rival, missing)]
            assert [answer.status_code for answer in answers] == [404, 404]
        assert browser.post(f"/people/{cast.people['bo']}/remove").status_code == 404
        assert browser.post(f"/people/{cast.people['bo']}/company-role", data={"role": "member"}).status_code == 404
    with pytest.raises(NotFound):
        queries.person(cast.chen, cast.people["bo"])
    assert [one.name for one in queries.colleagues(cast.chen, cast.borealis)] == []


def test_companies_are_listed_to_staff_and_each_to_its_own_people(cast: Cast) -> None:
    names = [one["name"] for one in cast.api("li").get("/companies").get_json()["items"]]
    assert names == ["Aurora Displays", "Borealis Photonics", "Shared Lab Operator"]
    mine = cast.api("mei").get("/companies").get_json()
    assert [one["id"] for one in mine["items"]] == [cast.aurora]
    found = cast.api("ada").get("/companies?q=PHOTO&state=active").get_json()["items"]
    assert [one["id"] for one in found] == [cast.borealis]
    assert cast.api("bo").get("/companies?q=aurora").get_json()["items"] == []


def test_the_list_of_companies_is_read_page_by_page(cast: Cast) -> None:
    api = cast.api("ada")
    first = api.get("/companies?limit=2").get_json()
    rest = api.get(f"/companies?limit=2&cursor={first['next']}").get_json()
    assert [one["name"] for one in first["items"] + rest["items"]] == [
        "Aurora Displays",
        "Borealis Photonics",
        "Shared Lab Operator",
    ]
    assert rest["next"] is None
    for bad in ("limit=201", "cursor=nonsense", "state=happy", "q=%00", "sort=name"):
        assert api.get(f"/companies?{bad}").status_code == 422


def test_a_company_administrator_changes_whom_to_call_and_nothing_else(cast: Cast) -> None:
    path, browser = f"/companies/{cast.aurora}/edit", cast.browser("chen")
    assert browser.post(path, data={"contact_name": "Chen", "contact_phone": "028 1234"}).status_code == 303
    assert queries.company(cast.chen, cast.aurora).contact_phone == "028 1234"
    assert browser.post(path, data={"contact_phone": ""}).status_code == 303
    assert queries.company(cast.chen, cast.aurora).contact_phone == ""
    assert browser.post(path, data={"name": "Aurora Reborn"}).status_code == 403
    assert cast.browser("mei").post(path, data={"contact_name": "Mei"}).status_code == 403
    assert cast.browser("ada").post(path, data={"name": "Aurora Reborn"}).status_code == 303
    assert queries.company(cast.chen, cast.aurora).name == "Aurora Reborn"
    with pytest.raises(Invalid):
        services.change_company(cast.ada, cast.aurora, {"org_id": "nonsense"})
    with pytest.raises(Conflict):
        services.change_company(cast.ada, cast.aurora, {"org_id": "91990000MA0000023K"})


def test_sites_are_named_to_everybody_and_kept_by_admins(cast: Cast) -> None:
    listed = cast.api("mei").get("/sites").get_json()["items"]
    assert [one["code"] for one in listed] == ["EAST", "WEST"]
    site = {"code": "NORTH", "name_en": "North Lab", "name_zh": "北区实验室", "zone": "Asia/Shanghai"}
    assert cast.browser("li").post("/sites", data=site).status_code == 403
    ada = cast.browser("ada")
    assert ada.post("/sites", data={**site, "zone": "Mars/Olympus"}).status_code == 422
    assert ada.post("/sites", data={**site, "code": "north lab"}).status_code == 422
    assert ada.post("/sites", data=site).status_code == 303
    assert ada.post("/sites", data=site).status_code == 409
    (north,) = [one for one in queries.sites() if one.code == "NORTH"]
    changed = {"name_en": "North Hall", "name_zh": "北馆", "zone": "Asia/Urumqi", "address": "Hall 2"}
    assert ada.post(f"/sites/{north.id}", data=changed).status_code == 303
    assert queries.site(north.id).zone == "Asia/Urumqi"
    assert ada.get("/sites/999999").status_code == 404
