"""The catalogue as people see it: search that works without scripts, one instrument, the keepers' forms."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.instruments import queries, services
from labshare.instruments.models import Claim
from labshare.kernel.db import transaction
from labshare.web.prose import prose
from tests.cast import Cast
from tests.instruments.test_sheet import RAMAN, sheet
from tests.witness import Witness

FORM = {
    "code": "RAM-01", "name_en": "Confocal Raman", "name_zh": "拉曼光谱仪", "category": "Spectroscopy",
    "category_zh": "光谱", "site": "EAST", "owner": "", "location": "", "state": "in_service", "manufacturer": "",
    "model": "", "class_code": "", "original_value_cny": "", "booking_modes": ["self_operated"],
    "rate_cny_per_hour": "400", "channels": "1", "granularity_minutes": "30", "min_minutes": "30",
    "max_minutes": "240", "warmup_minutes": "10", "cooldown_minutes": "0", "notice_minutes": "120",
    "horizon_days": "60", "decide_minutes": "2880", "maintenance_note": "", "description": "",
}  # fmt: skip


def text(answer: Any) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def listed(answer: Any) -> list[str]:
    assert answer.status_code == 200, text(answer)
    return re.findall(r'<th scope="row"><a href="/instruments/([A-Z0-9-]+)"', answer.text)


def test_the_catalogue_speaks_the_readers_language(cast: Cast) -> None:
    mei = cast.browser("mei")
    assert "Battery cycler" in text(mei.get("/instruments", headers={"Accept-Language": "en"}))
    page = mei.get("/instruments", headers={"Accept-Language": "zh-CN"})
    assert "电池充放电测试仪" in text(page)
    assert "Battery cycler" not in text(page)


def test_filters_stay_in_the_address_and_in_the_form(cast: Cast) -> None:
    page = cast.browser("mei").get(f"/instruments?q=cycler&site=EAST&category={cast.category}&state=")
    assert listed(page) == ["BAT-01"]
    assert 'value="cycler"' in page.text
    assert '<option value="EAST" selected>' in page.text
    assert f'<option value="{cast.category}" selected>' in page.text


def test_htmx_gets_the_list_alone_and_going_back_gets_the_page(cast: Cast) -> None:
    mei = cast.browser("mei")
    part = mei.get("/instruments?q=battery", headers={"HX-Request": "true"})
    assert listed(part) == ["BAT-01"]
    assert "<html" not in part.text
    back = mei.get("/instruments?q=battery", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in back.text


def test_free_between_is_asked_in_the_sites_own_time(cast: Cast, witness: Witness) -> None:
    nine = datetime(2099, 1, 5, 1, tzinfo=UTC)  # nine in Shanghai
    with transaction() as tx:
        values = {"instrument_id": cast.sem, "channel": 1, "starts_at": nine, "kind": "booking"}
        tx.execute(sa.insert(Claim).values(ends_at=nine + timedelta(hours=2), owner_id=1, **values))
    witness.untold.clear()
    mei = cast.browser("mei")
    asked = "/instruments?free_from=2099-01-05T{}&free_to=2099-01-05T{}"
    assert listed(mei.get(asked.format("09:00", "10:00"))) == ["BAT-01"]
    assert listed(mei.get(asked.format("01:00", "02:00"))) == ["BAT-01", "SEM-01"]
    half = mei.get("/instruments?free_from=2099-01-05T09:00&free_to=")
    assert half.status_code == 422
    assert "Please give both ends" in text(half)
    for nonsense in (
        "free_from=never&free_to=ever",
        "free_from=0001-01-01T00:00&free_to=9999-12-31T23:59",
        "cursor=zzz",
    ):
        assert mei.get(f"/instruments?{nonsense}").status_code == 422


def test_more_instruments_are_a_page_away_with_the_same_filters(cast: Cast) -> None:
    services.import_instruments(cast.ada, sheet(*(RAMAN.replace("RAM-01", f"RAM-{number:02}") for number in range(60))))
    mei = cast.browser("mei")
    page = mei.get("/instruments?q=raman")
    onward = unescape(re.findall(r'href="([^"]+)" rel="next"', page.text)[0])
    assert "q=raman" in onward
    assert len(listed(page) + listed(mei.get(onward))) == 60


def test_the_list_asks_the_same_of_the_database_whatever_its_length(cast: Cast, statements: Any) -> None:
    mei = cast.browser("mei")

    def cost(asked: str) -> int:
        with statements() as said:
            listed(mei.get(asked))
        return len(said)

    pages = ("/instruments", "/instruments?free_from=2099-01-05T09:00&free_to=2099-01-05T10:00")
    for some in (5, 50):
        lines = (RAMAN.replace("RAM-01", f"RAM-{number:02}") for number in range(some - 2))
        services.import_instruments(cast.ada, sheet(*lines))
        if some == 5:
            at_five = [cost(page) for page in pages]
    assert [cost(page) for page in pages] == at_five


def test_an_instrument_tells_its_rules_in_words_and_where_to_ask(cast: Cast) -> None:
    services.change(cast.li, "SEM-01", {"notice_minutes": 90, "cooldown_minutes": 5, "max_minutes": 2880})
    page = cast.browser("mei").get("/instruments/SEM-01", headers={"Accept-Language": "en"})
    said = text(page)
    for sentence in (
        "A booking lasts from 30 min to 2 days.",
        "Ask at least 1 h 30 min ahead.",
        "15 min before each booking are kept for warming up.",
        "5 min after each booking are kept for cooling down.",
        "The laboratory answers each request within 2 days.",
    ):
        assert sentence in said
    assert 'href="/bookings/new?instrument=SEM-01"' in page.text
    assert 'href="/instruments/SEM-01/week"' in page.text
    assert "/instruments/SEM-01/edit" not in page.text


@pytest.mark.parametrize("state", ["out_of_service", "retired"])
def test_what_cannot_be_booked_says_so_and_offers_nothing(cast: Cast, state: str) -> None:
    services.change(cast.li, "SEM-01", {"state": state})
    page = cast.browser("mei").get("/instruments/SEM-01", headers={"Accept-Language": "en"})
    assert {"out_of_service": "Out of service", "retired": "Retired"}[state] in text(page)
    assert "/bookings/new" not in page.text


def test_a_page_of_no_instrument_is_not_found(cast: Cast) -> None:
    mei = cast.browser("mei")
    for path in ("/instruments/NONE", "/instruments/NONE/edit", "/instruments/SEM-01%00"):
        assert mei.get(path).status_code == 404


XSS = """# Notes
<script>alert(1)</script> <img src=x onerror=alert(1)>
[link](javascript:alert(1)) [data](data:text/html,x) [ok](https://example.org/a) ![pic](https://example.org/p.png)
<a href="https://example.org" onclick="alert(1)" style="color:red">raw</a>

| a | b |
|---|---|
| 1 | 2 |
"""


def test_markdown_is_rendered_and_harmless(cast: Cast) -> None:
    services.change(cast.li, "SEM-01", {"description": XSS})
    page = cast.browser("mei").get("/instruments/SEM-01").text
    shown = page[page.index("<h3>Notes</h3>") : page.index("</table>")]
    assert '<a href="https://example.org/a" rel="noopener noreferrer nofollow">ok</a>' in shown
    assert "&lt;script&gt;" in shown
    tags = set(re.findall(r"<(\w+)", shown))
    assert tags <= {"h3", "p", "a", "table", "thead", "tbody", "tr", "th", "td"}
    assert not re.findall(r"<[^>]*(?:on\w+=|style=|javascript:|data:)", shown)


def test_deeply_nested_markdown_is_shown_in_reasonable_time() -> None:
    for bomb in (">" * 20_000, "[" * 20_000, "*a_" * 6_000, "- " * 10_000, "`" * 20_000, "|a" * 10_000):
        assert len(prose(bomb)) < 2_000_000


def test_customers_are_shown_no_keepers_page(cast: Cast) -> None:
    mei = cast.browser("mei")
    for path in ("/instruments/new", "/instruments/SEM-01/edit", "/instruments/import"):
        assert mei.get(path).status_code == 403
        assert mei.post(path, data={"nonsense": "1"}).status_code == 403


def test_li_adds_an_instrument_by_the_form(cast: Cast) -> None:
    li = cast.browser("li")
    assert li.get("/instruments/new").status_code == 200
    answer = li.post("/instruments/new", data=FORM)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/instruments/RAM-01")
    found = queries.known("RAM-01")
    assert (found.owner_id, found.original_value_cny, found.approval) == (cast.operator, None, False)
    assert "RAM-01 is in the catalogue." in text(li.get("/instruments/RAM-01", headers={"Accept-Language": "en"}))


def test_a_form_with_faults_comes_back_as_typed_with_every_message(cast: Cast) -> None:
    li = cast.browser("li")
    wrong = FORM | {"code": "ram 1", "min_minutes": "45", "name_zh": "<b>长</b>", "booking_modes": []}
    answer = li.post("/instruments/new", data=wrong, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert 'value="ram 1"' in answer.text
    assert "&lt;b&gt;长" in answer.text
    assert 'id="f-booking_modes-error"' in answer.text
    again = li.post("/instruments/new", data=FORM | {"code": "ram 1", "min_minutes": "45"})
    assert 'id="f-code-error"' in again.text
    assert 'id="f-min_minutes-error"' in again.text
    taken = li.post("/instruments/new", data=FORM | {"code": "SEM-01"}, headers={"Accept-Language": "en"})
    assert taken.status_code == 409
    assert "Another instrument has this code." in text(taken)


def test_li_edits_an_instrument_and_a_late_editor_is_told(cast: Cast) -> None:
    li = cast.browser("li")
    page = li.get("/instruments/SEM-01/edit")
    fields = dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', page.text))
    fields |= {name: unescape(value) for name, value in re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', page.text)}
    sent = {
        **fields, "booking_modes": ["self_operated"], "site": "EAST", "owner": str(cast.operator),
        "state": "in_service", "description": "", "approval_required": "true", "location": "B2",
    }  # fmt: skip
    for stray in ("next", "language", "theme", "qualification_required"):
        sent.pop(stray, None)
    before = vars(queries.by_code(cast.li, "SEM-01"))
    answer = li.post("/instruments/SEM-01/edit", data=sent)
    assert answer.status_code == 303, text(answer)
    assert vars(queries.by_code(cast.li, "SEM-01")) == before | {"location": "B2", "version": 2}
    assert 'name="category_zh" value=""' in page.text, "or choosing another category would contradict it"
    late = li.post("/instruments/SEM-01/edit", data=sent | {"location": "B3"}, headers={"Accept-Language": "en"})
    assert late.status_code == 409
    assert "Somebody changed this instrument meanwhile" in text(late)


def test_an_unknown_field_in_a_form_is_refused(cast: Cast) -> None:
    answer = cast.browser("li").post("/instruments/SEM-01/edit", data={"colour": "red"})
    assert answer.status_code == 422


def test_a_sheet_is_checked_first_and_then_brought_in(cast: Cast) -> None:
    li = cast.browser("li")
    assert li.get("/instruments/import").status_code == 200
    upload = (io.BytesIO(("\ufeff" + sheet(RAMAN)).encode()), "sheet.csv")
    checked = li.post("/instruments/import", data={"act": "check", "file": upload, "text": ""})
    assert checked.status_code == 200
    assert "RAM-01" in text(checked)
    assert len(queries.described(["RAM-01"])) == 0
    typed = unescape(re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", checked.text, re.S)[0])
    done = li.post("/instruments/import", data={"act": "import", "text": typed.replace("\n", "\r\n")})
    assert done.status_code == 303
    assert len(queries.described(["RAM-01"])) == 1


def test_a_faulty_sheet_shows_line_column_and_reason(cast: Cast) -> None:
    li, bad = cast.browser("li"), sheet(RAMAN.replace("RAM-01", "<i>"))
    page = li.post("/instruments/import", data={"act": "import", "text": bad}, headers={"Accept-Language": "en"})
    assert page.status_code == 422
    assert "2 code A code has capital letters" in text(page)
    assert "<i>" not in page.text
    upload = (io.BytesIO("代码".encode("gb18030")), "sheet.csv")
    page = li.post("/instruments/import", data={"act": "check", "file": upload}, headers={"Accept-Language": "en"})
    assert page.status_code == 422
    assert "CSV in UTF-8" in text(page)
