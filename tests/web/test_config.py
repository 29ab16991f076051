"""Settings: what is assumed, what is read, and what is refused by the name of its variable."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from labshare import create_app
from labshare.config import DEFAULT_SECRET, MEANINGS, BadSetting, Settings

README = Path(__file__).parent.parent.parent / "README.md"
SAFE = {"LABSHARE_ENV": "production", "LABSHARE_SECRET_KEY": "k" * 32}


def test_with_nothing_said_it_runs_on_this_machine_for_development() -> None:
    found = Settings.from_env({})
    assert (found.env, found.production, found.host, found.port) == ("development", False, "127.0.0.1", 8000)
    assert found.data_dir == Path("var").resolve()
    assert found.database_url == f"sqlite:///{Path('var').resolve()}/labshare.sqlite3"
    assert (found.base_url, found.trusted_hosts, found.proxies) == ("http://127.0.0.1:8000", (), 0)
    assert found.secret_key == DEFAULT_SECRET


def test_what_is_said_is_read_and_blanks_are_nothing_said() -> None:
    found = Settings.from_env(
        {
            "LABSHARE_PORT": " 8123 ",
            "LABSHARE_DATA_DIR": "/srv/lab",
            "LABSHARE_TRUSTED_HOSTS": "lab.test, .lab.example,,",
            "LABSHARE_BASE_URL": "https://lab.test/",
            "LABSHARE_HOST": "  ",
            "LABSHARE_BODY_LIMIT": "4096",
            "PORT": "1",
            "LABSHARE_UNKNOWN": "x",
        }
    )
    assert (found.port, found.host, found.body_limit) == (8123, "127.0.0.1", 4096)
    assert found.database_url == "sqlite:////srv/lab/labshare.sqlite3"
    assert found.trusted_hosts == ("lab.test", ".lab.example")
    assert found.base_url == "https://lab.test"
    assert Settings.from_env({"LABSHARE_PORT": "81"}).base_url == "http://127.0.0.1:81"


NUMBERS = {
    "PORT": (1, 65535), "PROXIES": (0, 5), "WORKERS": (1, 64), "THREADS": (1, 64), "BODY_LIMIT": (1 << 12, 1 << 26),
    "SESSION_HOURS": (1, 720), "LEASE_SECONDS": (1, 300),
}  # fmt: skip


def test_a_number_that_cannot_work_is_refused_by_the_name_of_its_variable() -> None:
    for name, (low, high) in NUMBERS.items():
        for good in (low, high):
            assert getattr(Settings.from_env({f"LABSHARE_{name}": str(good)}), name.lower()) == good
        for bad in (str(low - 1), str(high + 1), "many", "1.5", "-1", "0x1", "1e3", "²", "9" * 5000):
            with pytest.raises(BadSetting, match=f"LABSHARE_{name} must be a whole number from {low} to {high}"):
                Settings.from_env({f"LABSHARE_{name}": bad})


BAD_WORDS = [
    ("ENV", "staging"), ("ENV", "Production"), ("SMTP_URL", "mail.lab.test"),
    ("DATABASE_URL", "lab"), ("DATABASE_URL", "oracl://mei:hunter2@db/lab"), ("DATABASE_URL", "hunter2@db:x:y"),
]  # fmt: skip


def test_words_that_cannot_work_are_refused_by_the_name_of_their_variable() -> None:
    for name, bad in BAD_WORDS:
        with pytest.raises(BadSetting, match=f"LABSHARE_{name} ") as told:
            Settings.from_env({f"LABSHARE_{name}": bad})
        assert "hunter2" not in str(told.value)


def test_production_wants_a_secret_of_its_own() -> None:
    for secret in (
        {},
        {"LABSHARE_SECRET_KEY": ""},
        {"LABSHARE_SECRET_KEY": DEFAULT_SECRET},
        {"LABSHARE_SECRET_KEY": "k" * 31},
    ):
        with pytest.raises(BadSetting, match="LABSHARE_SECRET_KEY") as told:
            Settings.from_env({"LABSHARE_ENV": "production", **secret})
        assert "k" * 31 not in str(told.value)
    assert Settings.from_env(SAFE).production
    assert (
        Settings.from_env({"LABSHARE_SECRET_KEY": "short"}).secret_key == "short"
    )  # on one's own machine as one likes


def test_secrets_are_not_shown_where_settings_are() -> None:
    shown = repr(
        Settings.from_env(
            {**SAFE, "LABSHARE_SMTP_URL": "smtp://mei:hunter2@mail.test", "LABSHARE_METRICS_TOKEN": "m-token-1"}
        )
    )
    for secret in ("k" * 32, "hunter2", "m-token-1"):
        assert secret not in shown


def test_in_production_cookies_are_for_this_host_and_https_alone(tmp_path: Path) -> None:
    house = {"LABSHARE_DATA_DIR": str(tmp_path), "LABSHARE_BASE_URL": "https://lab.test"}
    strict = create_app(Settings.from_env({**SAFE, **house})).config
    assert (strict["SESSION_COOKIE_NAME"], strict["SESSION_COOKIE_SECURE"]) == ("__Host-labshare", True)
    assert (strict["SESSION_COOKIE_HTTPONLY"], strict["SESSION_COOKIE_SAMESITE"]) == (True, "Lax")
    assert "lab.test" in strict["TRUSTED_HOSTS"]
    loose = create_app(Settings.from_env(house)).config
    assert (loose["SESSION_COOKIE_NAME"], loose["SESSION_COOKIE_SECURE"]) == ("labshare", False)


def test_a_house_open_to_the_network_trusts_any_name_only_in_development(tmp_path: Path) -> None:
    house = {"LABSHARE_DATA_DIR": str(tmp_path), "LABSHARE_HOST": "0.0.0.0"}
    assert create_app(Settings.from_env(house)).config["TRUSTED_HOSTS"] is None
    assert create_app(Settings.from_env({**SAFE, **house})).config["TRUSTED_HOSTS"]


def test_readme_and_the_settings_page_say_the_same_of_every_setting() -> None:
    table = re.findall(r"^\| (`LABSHARE_[^|]*) \|[^|]*\| (.*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    said = {name: meaning.replace("`", "") for names, meaning in table for name in re.findall(r"`(\w+)`", names)}
    assert said.pop("LABSHARE_TEST_DATABASE_URL")  # of the tests only
    assert said == {one.name: one.meaning for one in Settings().told()}
    assert {one.name for one in fields(Settings)} == set(MEANINGS)


def test_what_may_hold_a_secret_is_never_told() -> None:
    secret = "hush-" * 10
    places = {"database_url": f"sqlite:///{secret}", "smtp_url": f"smtp://a:{secret}@mail"}
    settings = Settings(secret_key=secret, metrics_token=secret, **places)
    assert secret not in str(settings.told())
    assert secret not in repr(settings)
    hidden = [one.name for one in settings.told() if one.value is None and one.is_set]
    assert hidden == [f"LABSHARE_{name}" for name in ("DATABASE_URL", "SECRET_KEY", "SMTP_URL", "METRICS_TOKEN")]
