"""The settings page tells admins what is in force and who changed what, and no secret."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from labshare.audit.kinds import KINDS, SETTINGS
from labshare.audit.queries import changes
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import transaction
from labshare.kernel.journal import record
from labshare.people.events import LanguageChosen, SiteChanged
from tests.audit.test_doors import DAY
from tests.cast import Cast


def site_changed(cast: Cast, times: int = 1) -> None:
    """Ada changes the site so often; the clockwork does once too, and Mei chooses a language, which is no setting."""
    fact = SiteChanged(object_id=cast.east, code="EAST", changed=("name_en",))
    language = LanguageChosen(object_id=cast.people["mei"], language="zh")
    with transaction() as tx:
        record(tx, [(cast.ada, fact, DAY)] * times + [(SYSTEM, fact, DAY), (cast.mei, language, DAY)])


def test_the_page_tells_who_changed_what_and_leads_to_the_journal_of_it(cast: Cast) -> None:
    site_changed(cast)
    page = cast.browser("ada").get("/settings").text
    assert page.count("Site: changed") == 1
    assert "Person: language chosen" not in page
    assert f'href="/audit?object=site&amp;object_id={cast.east}"' in page
    assert 'href="/audit?object=account"' in page


def test_the_page_tells_the_settings_in_force_and_no_secret(cast: Cast) -> None:
    extensions = cast.app.extensions
    extensions["settings"] = replace(extensions["settings"], companies_goal=123, metrics_token="hush-hush")
    page = cast.browser("ada").get("/settings").text
    assert "<code>123</code>" in page
    assert "LABSHARE_METRICS_TOKEN" in page
    assert "hush-hush" not in page


def test_the_settings_in_force_are_told_by_json_too_and_no_secret(cast: Cast) -> None:
    extensions = cast.app.extensions
    extensions["settings"] = replace(extensions["settings"], companies_goal=123, metrics_token="hush-hush")
    answer = cast.api("ada").get("/settings")
    told = {one["name"]: one for one in answer.get_json()["items"]}
    assert told["LABSHARE_COMPANIES_GOAL"]["value"] == "123"
    assert (told["LABSHARE_METRICS_TOKEN"]["value"], told["LABSHARE_METRICS_TOKEN"]["is_set"]) == (None, True)
    assert "hush-hush" not in answer.text
    chinese = cast.api("ada").get("/settings", headers={"Accept-Language": "zh"}).get_json()["items"]
    goal = told["LABSHARE_COMPANIES_GOAL"]["meaning"]
    assert [one["meaning"] != goal for one in chinese if one["name"] == "LABSHARE_COMPANIES_GOAL"] == [True]


def test_the_settings_are_the_admins_business_alone(cast: Cast) -> None:
    site_changed(cast)
    for name in ("mei", "chen", "li"):
        assert cast.browser(name).get("/settings").status_code == 403
        assert cast.api(name).get("/settings").status_code == 403
        assert changes(cast.actor(name), 5) == []


def test_the_page_asks_as_much_for_many_changes_as_for_one(
    cast: Cast, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    ada = cast.browser("ada")
    site_changed(cast)
    with statements() as few:
        ada.get("/settings")
    site_changed(cast, 50)
    with statements() as many:
        assert ada.get("/settings").text.count("Site: changed") == 30
    assert len(many) == len(few)


def test_what_counts_as_a_change_of_settings_is_a_kind_there_is() -> None:
    assert set(SETTINGS) <= set(KINDS)
