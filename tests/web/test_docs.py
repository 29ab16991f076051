"""The document people read: every call on one page of our own, for anybody, in either language."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from labshare.web.openapi import operations
from tests.cast import Cast


def test_anybody_may_read_how_every_call_is_made(app: Flask, client: FlaskClient) -> None:
    page = client.get("/api/docs")
    document = client.get("/api/v1/openapi.json").get_json()
    assert page.status_code == 200
    for path, method, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in page.text, (method, path)
        assert f">{path}</code>" in page.text
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page.text


def test_every_link_inside_the_page_leads_somewhere(client: FlaskClient) -> None:
    text = client.get("/api/docs").text
    names = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= names


def test_the_page_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    text = client.get("/api/docs").text
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', text) == []
    assert "<script>" not in text
    assert 'style="' not in text


def test_who_is_signed_in_stays_so_on_the_page(cast: Cast) -> None:
    text = cast.browser("mei").get("/api/docs").text
    assert "Mei" in text
    assert cast.browser("mei").get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_shown_in_either_language(client: FlaskClient, language: str) -> None:
    client.set_cookie("language", language)
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert f'<html lang="{language}' in page.text
