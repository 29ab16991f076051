"""Colleagues join by a link that works once, get roles from those above them, and lose every access at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from labshare.kernel import clock
from labshare.kernel.db import rows
from labshare.kernel.errors import Conflict, Forbidden, NotFound
from labshare.people import links, queries, services
from labshare.people.models import SignIn
from tests.cast import PASSWORD, Cast

WEN = "wen@aurora.test"


def invited(cast: Cast, email: str = WEN, role: str = "member") -> str:
    """Chen invites; the path of the mailed link."""
    invitation_id = services.invite(cast.chen, cast.aurora, email, role)
    return "/join/" + services.invitation_link(cast.chen, invitation_id).rpartition("/")[2]


def join(cast: Cast, path: str, browser: FlaskClient | None = None, **changes: str) -> TestResponse:
    sent = {"name": "Wen", "password": PASSWORD, **changes}
    return (browser or cast.app.test_client()).post(path, data=sent)


def who(cast: Cast, email: str) -> queries.Somebody:
    person_id = queries.person_id_of(email)
    assert person_id is not None
    return queries.person(cast.ada, person_id)


def test_wen_joins_by_the_link_which_then_works_no_longer(cast: Cast) -> None:
    path, browser = invited(cast), cast.app.test_client()
    assert "Aurora Displays" in browser.get(path).text
    assert join(cast, path, browser).status_code == 303
    assert "Aurora Displays" in browser.get("/company").text
    wen = who(cast, WEN)
    assert (wen.name, wen.company_id, wen.roles) == ("Wen", cast.aurora, {"member"})
    assert cast.app.test_client().get(path).status_code == 410
    assert join(cast, path, name="Mallory").status_code == 410
    assert len(queries.colleagues(cast.chen, cast.aurora)) == 3


@pytest.mark.parametrize(
    "more", [{"role": "admin"}, {"company_id": "2"}, {"email": "mallory@x.test"}, {"password": "short"}, {"name": ""}]
)
def test_joining_asks_for_name_and_password_and_takes_nothing_else(cast: Cast, more: dict[str, str]) -> None:
    path = invited(cast)
    assert join(cast, path, **more).status_code == 422
    assert join(cast, path).status_code == 303


def test_an_invitation_lapses_after_seven_days(cast: Cast) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        path = invited(cast)
        traveller.shift(timedelta(days=6, hours=23))
        assert cast.app.test_client().get(path).status_code == 200
        traveller.shift(timedelta(hours=2))
        assert join(cast, path).status_code == 410
        assert queries.open_invitations(cast.aurora, clock.now()) == []


def test_a_withdrawn_invitation_is_worthless(cast: Cast) -> None:
    path = invited(cast)
    (one,) = queries.open_invitations(cast.aurora, clock.now())
    with pytest.raises(NotFound):
        services.withdraw_invitation(cast.bo, one.id)
    with pytest.raises(Forbidden):
        services.withdraw_invitation(cast.mei, one.id)
    services.withdraw_invitation(cast.chen, one.id)
    assert join(cast, path).status_code == 410
    with pytest.raises(Conflict):
        services.invitation_link(cast.chen, one.id)


def test_the_link_is_shown_to_who_runs_the_company_and_to_nobody_else(cast: Cast) -> None:
    browser = cast.browser("chen")
    assert browser.post(f"/companies/{cast.aurora}/invitations", data={"email": WEN}).status_code == 303
    (one,) = queries.open_invitations(cast.aurora, clock.now())
    address = f"/invitations/{one.id}"
    assert "/join/" in browser.get(address).text
    assert "/join/" in cast.browser("ada").get(address).text
    assert [cast.browser(name).get(address).status_code for name in ("mei", "li", "bo")] == [403, 403, 404]
    real, missing = (cast.browser("bo").get(path).text for path in (address, "/invitations/999"))
    assert real == missing.replace("/invitations/999", address)


def test_a_person_is_invited_once_and_not_into_a_company_they_are_in(cast: Cast) -> None:
    invited(cast)
    for email in (WEN.upper(), "mei@cast.labshare.test"):
        with pytest.raises(Conflict):
            services.invite(cast.chen, cast.aurora, email, "member")


def test_an_address_of_another_company_is_not_told_to_the_inviter_but_to_its_owner(cast: Cast) -> None:
    path = invited(cast, "bo@cast.labshare.test")
    assert join(cast, path).status_code == 409
    assert cast.actor("bo").company_id == cast.borealis


def test_nobody_joins_a_suspended_company(cast: Cast) -> None:
    path = invited(cast)
    services.suspend_company(cast.ada, cast.aurora, "Unpaid bills")
    assert join(cast, path).status_code == 410
    with pytest.raises(Conflict):
        services.invite(cast.chen, cast.aurora, "lin@aurora.test", "member")


# ---------------------------------------------------------------- removal


def test_a_removed_colleague_has_no_access_in_the_very_next_request(cast: Cast) -> None:
    browser, api = cast.browser("mei"), cast.api("mei")
    assert browser.get("/account").status_code == 200
    assert api.get("/me").status_code == 200
    reset = "/reset/" + links.sign(links.RESET, *queries.reset_of(cast.people["mei"]))
    assert cast.browser("chen").post(f"/people/{cast.people['mei']}/remove").status_code == 303
    assert browser.get("/account").status_code == 302
    assert api.get("/me").status_code == 401
    assert cast.app.test_client().get(reset).status_code == 410
    assert rows(select(SignIn.id).where(SignIn.person_id == cast.people["mei"])) == []
    assert [one.name for one in queries.colleagues(cast.chen, cast.aurora)] == ["Chen"]


def test_who_was_removed_may_be_invited_again_and_old_tokens_stay_dead(cast: Cast) -> None:
    api = cast.api("mei")
    services.remove_person(cast.chen, cast.people["mei"])
    assert join(cast, invited(cast, "mei@cast.labshare.test"), name="Mei again").status_code == 303
    assert cast.actor("mei").roles == {"member"}
    assert api.get("/me").status_code == 401


def test_invitations_of_who_is_removed_or_demoted_are_withdrawn(cast: Cast) -> None:
    services.set_company_role(cast.chen, cast.people["mei"], "company_admin")
    mine = services.invite(cast.actor("mei"), cast.aurora, "friend@x.test", "company_admin")
    path = "/join/" + services.invitation_link(cast.chen, mine).rpartition("/")[2]
    services.set_company_role(cast.chen, cast.people["mei"], "member")
    assert join(cast, path).status_code == 410


# ---------------------------------------------------------------- roles


def test_the_last_administrator_of_a_company_stays(cast: Cast) -> None:
    chen = cast.people["chen"]
    for verb in (
        lambda: services.remove_person(cast.chen, chen),
        lambda: services.set_company_role(cast.ada, chen, "member"),
    ):
        with pytest.raises(Conflict) as refused:
            verb()
        assert refused.value.code == "last_company_admin"
    assert cast.browser("chen").post(f"/people/{chen}/remove").status_code == 409
    services.set_company_role(cast.chen, cast.people["mei"], "company_admin")
    services.remove_person(cast.actor("mei"), chen)
    assert [one.name for one in queries.colleagues(cast.ada, cast.aurora)] == ["Mei"]


def test_the_last_admin_stays(cast: Cast) -> None:
    ada = cast.people["ada"]
    for verb in (
        lambda: services.remove_person(cast.ada, ada),
        lambda: services.set_staff_roles(cast.ada, ada, False, [cast.east]),
    ):
        with pytest.raises(Conflict) as refused:
            verb()
        assert refused.value.code == "last_admin"
    services.set_staff_roles(cast.ada, cast.people["li"], True, [cast.east])
    services.set_staff_roles(cast.actor("li"), ada, False, [cast.west])
    assert cast.actor("ada").roles == {"lab_manager"}
    assert cast.actor("li").site_ids == {cast.east}


Attempt = Callable[[Cast, Any], object]
ABOVE: dict[str, Attempt] = {
    "a member invites": lambda cast, actor: services.invite(actor, cast.aurora, WEN, "member"),
    "an admin is invited": lambda cast, actor: services.invite(actor, cast.aurora, WEN, "admin"),
    "a member promotes themselves": lambda cast, actor: services.set_company_role(
        actor, cast.people["mei"], "company_admin"
    ),
    "a member removes": lambda cast, actor: services.remove_person(actor, cast.people["mei"]),
    "somebody makes an admin": lambda cast, actor: services.set_staff_roles(actor, cast.people["mei"], True, []),
    "somebody makes a manager": lambda cast, actor: services.set_staff_roles(
        actor, cast.people["mei"], False, [cast.east]
    ),
    "somebody enters people": lambda cast, actor: services.add_person(actor, WEN, "Wen", "admin"),
    "somebody grants what only staff has": lambda cast, actor: services.set_company_role(
        actor, cast.people["mei"], "lab_manager"
    ),
}
CHEN_MAY = {"a member invites", "a member promotes themselves", "a member removes"}


@pytest.mark.parametrize("attempt", ABOVE)
def test_no_role_is_given_or_taken_by_somebody_below_it(cast: Cast, attempt: str) -> None:
    for actor in (cast.mei, cast.li, cast.bo, *(() if attempt in CHEN_MAY else (cast.chen,))):
        with pytest.raises((Forbidden, NotFound)):
            ABOVE[attempt](cast, actor)
    assert queries.person(cast.ada, cast.people["mei"]).roles == {"member"}


def test_a_company_administrator_does_not_remove_the_laboratorys_staff(cast: Cast) -> None:
    services.set_staff_roles(cast.ada, cast.people["mei"], True, [])
    with pytest.raises(Forbidden):
        services.remove_person(cast.chen, cast.people["mei"])


def test_staff_is_added_promoted_and_taken_back_on_its_page(cast: Cast) -> None:
    ada = cast.browser("ada")
    new = {"email": "zhou@lab.test", "name": "Zhou", "role": "lab_manager", "sites": ["EAST"]}
    assert ada.post("/people", data={**new, "sites": []}).status_code == 422
    assert ada.post("/people", data=new).status_code == 303
    zhou = who(cast, "zhou@lab.test")
    assert (zhou.roles, zhou.sites) == ({"lab_manager"}, ["EAST"])
    assert "Zhou" in ada.get("/people").text
    path = f"/people/{zhou.id}"
    assert ada.post(f"{path}/roles", data={"admin": "true", "sites": [cast.east, cast.west]}).status_code == 303
    assert who(cast, "zhou@lab.test").sites == ["EAST", "WEST"]
    assert ada.post(f"{path}/roles", data={"sites": ["999999"]}).status_code == 422
    assert ada.post(f"{path}/roles", data={}).status_code == 409
    assert ada.post(f"{path}/roles", data={"company_id": "1"}).status_code == 422
    assert ada.post(f"{path}/remove").status_code == 303
    assert ada.get(path).status_code == 404


@pytest.mark.parametrize("name", ["mei", "chen", "bo", "li"])
@pytest.mark.parametrize("path", ["/people", "/sites", "/companies/import"])
def test_the_laboratorys_own_pages_are_its_admins(cast: Cast, name: str, path: str) -> None:
    browser = cast.browser(name)
    assert browser.get(path).status_code == 403
    assert browser.post(path, data={"nonsense": "1"}).status_code == 403
    assert (browser.get("/companies").status_code == 200) == (name == "li")


def test_a_companys_page_costs_the_same_however_many_people_it_has(cast: Cast, statements: Any) -> None:
    browser = cast.browser("chen")
    costs = []
    for number in range(3):
        for one in range(5):
            services.add_person(cast.ada, f"m{number}{one}@x.test", "M", "member", company_id=cast.aurora)
            services.invite(cast.chen, cast.aurora, f"i{number}{one}@x.test", "member")
        with statements() as said:
            assert browser.get("/company").status_code == 200
        costs.append(len(said))
    assert len(set(costs)) == 1
