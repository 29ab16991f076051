"""The eyes of the journeys see: what they would miss, no journey would find."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit

pytestmark = pytest.mark.journey


def test_a_visitor_notices_what_the_browser_blocks_and_what_a_page_lacks(visit: Visit) -> None:
    visitor = visit()
    visitor.goes_to("/sign-in")
    assert (visitor.findings(), visitor.overflow(360), visitor.complaints) == ([], 0, [])

    visitor.page.evaluate("() => document.querySelector('h1').setAttribute('style', 'color: red')")
    visitor.page.evaluate("() => { document.querySelector('label').remove(); document.documentElement.lang = '' }")
    visitor.page.evaluate("() => { document.querySelector('h1').style.width = '500px' }")
    assert [one.split(":")[0] for one in visitor.findings()] == ["html-has-lang", "label"]
    assert visitor.overflow(360) > 0
    assert visitor.cut_off() == []
    visitor.page.evaluate("() => { document.querySelector('.panel').style.cssText = 'overflow: hidden; height: 2rem' }")
    [cut] = visitor.cut_off()
    assert "panel" in cut
    [blocked] = visitor.complaints
    assert "Content Security Policy" in blocked
    visitor.complaints.clear()


def test_a_visitor_notices_focus_that_does_not_show(visit: Visit) -> None:
    visitor = visit()
    visitor.goes_to("/sign-in")
    sheet = "new CSSStyleSheet(); one.replaceSync('input:focus { outline: none !important }')"
    visitor.page.evaluate(f"() => {{ const one = {sheet}; document.adoptedStyleSheets = [one] }}")
    with pytest.raises(AssertionError, match="does not show it"):
        visitor.tabs_to(visitor.button("Sign in"))
    expect(visitor.page.locator("[name=password]")).to_be_focused()
