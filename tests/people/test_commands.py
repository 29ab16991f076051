"""Commands about people: one clear line where something is wrong, and only the token where one is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labshare.cli import main
from labshare.people import queries
from tests.cast import Cast

HEADER = "name,name_en,org_id,kind,contact_name,contact_phone\n"


@pytest.fixture
def run(cast: Cast, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run `labshare …` on the test's database."""
    monkeypatch.setenv("LABSHARE_DATABASE_URL", database_url)
    monkeypatch.setenv("LABSHARE_DATA_DIR", str(tmp_path))

    def running(*words: str, said: str | None = None) -> Result:
        return CliRunner().invoke(main, words, input=said)

    return running


def test_the_first_admin_is_entered_and_gets_a_token(cast: Cast, run) -> None:
    assert run("upgrade").exit_code == 0
    added = run(
        "user", "add", "Eva@Lab.Test", "--name", "Eva", "--role", "admin", "--password-stdin", said="labshare-demo\n"
    )
    assert (added.exit_code, added.stdout) == (0, "eva@lab.test can sign in.\n")
    token = run("token", "create", "eva@lab.test")
    assert token.exit_code == 0
    assert token.stdout.startswith("lst_")
    bearer = {"Authorization": f"Bearer {token.stdout.strip()}"}
    assert cast.app.test_client().get("/api/v1/me", headers=bearer).get_json()["roles"] == ["admin"]


def test_people_of_a_company_and_lab_managers_are_entered(cast: Cast, run) -> None:
    words = ("--password-stdin",)
    member = ("user", "add", "lin@x.test", "--name", "Lin", "--company", str(cast.aurora), *words)
    manager = ("user", "add", "gu@x.test", "--name", "Gu", "--role", "lab_manager", "--site", "EAST", *words)
    assert run(*member, said="labshare-demo").exit_code == 0
    assert run(*manager, said="labshare-demo").exit_code == 0
    gu = queries.person(cast.ada, queries.person_id_of("gu@x.test") or 0)
    assert (gu.roles, gu.sites) == ({"lab_manager"}, ["EAST"])


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--role", "member"), "company"),
        (("--role", "member", "--company", "999"), "no such company"),
        (("--role", "lab_manager"), "at least one site"),
        (("--role", "lab_manager", "--site", "NORTH"), "NORTH"),
        (("--role", "admin", "--site", "EAST"), "Only lab managers"),
    ],
)
def test_what_does_not_fit_is_one_line_and_nobody_is_entered(
    cast: Cast, run, words: tuple[str, ...], part: str
) -> None:
    done = run("user", "add", "lin@x.test", "--name", "Lin", "--password-stdin", *words, said="labshare-demo")
    assert done.exit_code == 1
    assert part in done.stderr
    assert done.stderr.count("\n") == 1
    assert queries.person_id_of("lin@x.test") is None


def test_a_weak_password_a_known_address_and_an_unknown_person_are_told(cast: Cast, run) -> None:
    add = ("user", "add", "--name", "Lin", "--role", "admin", "--password-stdin")
    assert "at least 12" in run(*add, "lin@x.test", said="short").stderr
    assert "already" in run(*add, "mei@cast.labshare.test", said="labshare-demo").stderr
    for words in (("token", "create", "nobody@x.test"), ("user", "reset", "nobody@x.test")):
        done = run(*words)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "nobody@x.test" in done.stderr


def test_a_reset_link_is_printed_and_works(cast: Cast, run) -> None:
    printed = run("user", "reset", "mei@cast.labshare.test").stdout.strip()
    path = "/reset/" + printed.rpartition("/")[2]
    assert cast.app.test_client().post(path, data={"password": "a quite new password"}).status_code == 303


def test_a_setting_that_cannot_work_is_one_line(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSHARE_PORT", "many")
    done = run("upgrade")
    assert done.exit_code == 1
    assert done.stderr.startswith("labshare: LABSHARE_PORT must be")


def test_companies_are_imported_from_a_file(cast: Cast, run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("\ufeff" + HEADER + "天鹅光学,,91990000MA000004X6,company,,\n", encoding="utf-8")
    bad.write_text(HEADER + "A,,91990000MA000004X7,company,,\nB,,1,prince,,\n", encoding="utf-8")
    assert run("import", "companies", str(good), "--dry-run").stdout == "1 created, 0 changed, 0 unchanged\n"
    assert run("import", "companies", str(good)).stdout == "1 created, 0 changed, 0 unchanged\n"
    assert run("import", "companies", str(good)).stdout == "0 created, 0 changed, 1 unchanged\n"
    refused = run("import", "companies", str(bad))
    assert refused.exit_code == 1
    assert [line.split(":")[1] for line in refused.stderr.splitlines()] == [
        " Line 2, org_id",
        " Line 3, org_id",
        " Line 3, kind",
    ]
