"""Companies say what is wrong with their figures of an issued year, and are answered; nobody sees another's words."""

from __future__ import annotations

from typing import Any

import pytest

from labshare.kernel.errors import Forbidden, NotFound
from labshare.usage import services
from tests.beside import Together
from tests.cast import Cast
from tests.usage.conftest import YEAR, Years, codes

PATH = f"/usage/years/{YEAR}/objections"
SAID = {"text": "We were not there on 10 December."}


@pytest.fixture
def issued(years: Years) -> Years:
    """The year is issued, with ten days to object."""
    years.a_year()
    years.issue(days=10)
    return years


def items(cast: Cast, who: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cast.api(who).get(PATH).get_json()["items"]
    return found


def test_a_companys_admin_objects_and_is_answered_once(cast: Cast, issued: Years) -> None:
    made = cast.api("chen").post(PATH, SAID)
    assert (made.status_code, made.get_json()["answer"]) == (201, "")
    number = made.get_json()["id"]
    [seen] = items(cast, "ada")
    assert (seen["company"]["name"], seen["person"]["name"], seen["text"]) == ("Aurora Displays", "Chen", SAID["text"])
    answered = cast.api("ada").post(f"/usage/objections/{number}/answer", {"answer": "The record is corrected."})
    assert (answered.status_code, answered.get_json()["answer"]) == (200, "The record is corrected.")
    again = cast.api("ada").post(f"/usage/objections/{number}/answer", {"answer": "No."})
    assert codes(again) == ["answered"]
    assert [one["answer"] for one in items(cast, "chen")] == ["The record is corrected."]
    [raised], [told] = issued.told("objection_raised"), issued.told("objection_answered")
    assert (raised["company_id"], raised["text"]) == (cast.aurora, SAID["text"])
    assert (told["company_id"], told["person_id"]) == (cast.aurora, cast.people["chen"])


def test_another_company_reads_nothing_of_it_and_cannot_tell_that_there_is_any(cast: Cast, issued: Years) -> None:
    bea = issued.person("bea", cast.borealis)
    number = cast.api("chen").post(PATH, SAID).get_json()["id"]
    assert items(cast, "bea") == []
    of_it = next(one for one in cast.api("bea").get("/usage/years").get_json()["items"] if one["year"] == YEAR)
    assert of_it["open_objections"] == 0
    assert SAID["text"] not in cast.browser("bea").get(PATH).text
    for path in (f"/usage/objections/{number}/answer", "/usage/objections/999999/answer"):
        assert cast.api("bea").post(path, {"answer": "Mine."}).status_code == 404
    with pytest.raises(NotFound):
        services.object_to(bea, YEAR, cast.aurora, "In their name.")


@pytest.mark.parametrize(("who", "reads", "objects"), [("mei", 403, 403), ("bo", 403, 403), ("li", 403, 403)])
def test_members_and_lab_managers_neither_read_nor_object(
    cast: Cast, issued: Years, who: str, reads: int, objects: int
) -> None:
    assert (cast.api(who).get(PATH).status_code, cast.browser(who).get(PATH).status_code) == (reads, reads)
    assert cast.api(who).post(PATH, SAID).status_code == objects


def test_the_laboratory_does_not_object_in_a_companys_name(cast: Cast, issued: Years) -> None:
    assert cast.api("ada").post(PATH, SAID).status_code == 403
    with pytest.raises(Forbidden):
        services.object_to(cast.ada, YEAR, cast.aurora, "For them.")


def test_a_companys_admin_does_not_answer(cast: Cast, issued: Years) -> None:
    number = cast.api("chen").post(PATH, SAID).get_json()["id"]
    assert cast.api("chen").post(f"/usage/objections/{number}/answer", {"answer": "Right."}).status_code == 403
    assert cast.api("mei").post(f"/usage/objections/{number}/answer", {"answer": "Right."}).status_code == 404


def test_one_objects_only_while_the_year_is_issued_and_the_time_runs(cast: Cast, years: Years) -> None:
    years.a_year()
    chen = cast.api("chen")
    refused = chen.post(PATH, SAID)
    assert (codes(refused), refused.get_json()["detail"]) == (["wrong_state"], "The year is not issued.")
    years.issue(days=10)
    years.turn("+01-12 08:59")
    assert chen.post(PATH, SAID).status_code == 201
    years.turn("+01-12 09:00")
    assert codes(chen.post(PATH, SAID)) == ["too_late"]


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, None, 7])
def test_an_objection_has_words_and_not_too_many(cast: Cast, issued: Years, text: Any) -> None:
    assert cast.api("chen").post(PATH, {"text": text}).status_code == 422


def test_an_objection_sent_twice_with_one_key_is_one(cast: Cast, issued: Years) -> None:
    first, second = (cast.api("chen").post(PATH, SAID, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert first.get_data() == second.get_data()
    assert len(items(cast, "chen")) == 1


def test_an_unanswered_objection_keeps_the_year_open_also_after_it_was_withdrawn(cast: Cast, issued: Years) -> None:
    number = cast.api("chen").post(PATH, SAID).get_json()["id"]
    ada = cast.api("ada")
    ada.post(f"/usage/years/{YEAR}/withdraw")
    issued.issue(days=1)
    issued.turn("+01-20 09:00")
    assert codes(ada.post(f"/usage/years/{YEAR}/close")) == ["objections_open"]
    ada.post(f"/usage/objections/{number}/answer", {"answer": "It was you."})
    assert ada.post(f"/usage/years/{YEAR}/close").status_code == 200
    assert codes(cast.api("chen").post(PATH, SAID)) == ["wrong_state"]


def test_an_objection_in_the_moment_of_closing_is_refused_or_keeps_the_year_open(
    cast: Cast, issued: Years, together: Together
) -> None:
    """In the last second one may still object; a second later the year may be closed, and both begin at once."""
    moment = issued.turn("+01-12 08:59")

    def close() -> str:
        return services.close(cast.ada, YEAR, now=issued_at_end).state

    def object_to() -> int:
        return services.object_to(cast.chen, YEAR, cast.aurora, SAID["text"]).id

    issued_at_end = moment.replace(hour=9, minute=0)
    closed, raised = together(close, object_to)
    assert (closed, raised) in {("closed", "wrong_state"), ("objections_open", raised)}
    assert len(items(cast, "ada")) == (closed != "closed")


def test_the_pages_lead_from_the_figures_to_the_objection_and_its_answer(cast: Cast, issued: Years) -> None:
    chen, ada = cast.browser("chen"), cast.browser("ada")
    assert f'href="{PATH}"' in chen.get(f"/companies/{cast.aurora}/usage?year={YEAR}").text
    assert "What is wrong with your figures" in chen.get(PATH).text
    assert chen.post(PATH, data={"text": " "}).status_code == 422
    assert chen.post(PATH, data=SAID).status_code == 303
    assert "not answered" in chen.get(PATH).text
    page = ada.get(PATH).text
    assert SAID["text"] in page
    number = items(cast, "ada")[0]["id"]
    assert ada.post(f"/usage/objections/{number}/answer", data={"answer": ""}).status_code == 422
    assert ada.post(f"/usage/objections/{number}/answer", data={"answer": "It was you."}).status_code == 303
    assert ada.post(f"/usage/objections/{number}/answer", data={"answer": "No."}).status_code == 409
    assert "It was you." in chen.get(PATH).text
    issued.turn("+01-20 09:00")
    assert "What is wrong with your figures" not in chen.get(PATH).text
    assert chen.post(PATH, data=SAID).status_code == 409
