"""What browsers are sent is compressed where they take it, and says the same."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask

TAKES = {"Accept-Encoding": "gzip, deflate, br"}


def _asset(app: Flask, name: str) -> str:
    return str(app.extensions["labshare.assets"].url(name))


@pytest.mark.parametrize("what", ["/register", "app.css", "app.js"])
def test_pages_styles_and_scripts_come_compressed_and_say_the_same(app: Flask, what: str) -> None:
    client, path = app.test_client(), what if what.startswith("/") else _asset(app, what)
    plain, small = client.get(path, buffered=True), client.get(path, headers=TAKES, buffered=True)
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert small.content_length == len(small.data) < len(plain.data) / 2
    unpacked = gzip.decompress(small.data)
    assert unpacked == plain.data or len(unpacked) == len(plain.data)  # a form's key is a new one every time
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in small.headers["Vary"]


def test_a_file_that_never_changes_stays_so_and_is_sent_once(app: Flask) -> None:
    client, path = app.test_client(), _asset(app, "app.js")
    first, second = client.get(path, headers=TAKES, buffered=True), client.get(path, headers=TAKES, buffered=True)
    assert first.data == second.data
    assert "immutable" in first.headers["Cache-Control"]
    again = client.get(path, headers={**TAKES, "If-None-Match": first.headers["ETag"]}, buffered=True)
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "br"])
def test_who_does_not_take_it_is_sent_it_plain(app: Flask, accepted: str) -> None:
    answer = app.test_client().get("/register", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/api/v1/me", "/healthz"])
def test_what_programs_read_is_left_alone(app: Flask, path: str) -> None:
    assert "Content-Encoding" not in app.test_client().get(path, headers=TAKES).headers
