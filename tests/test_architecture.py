"""The house keeps to its plan, and every rule of the plan would notice a breach."""

from __future__ import annotations

import pytest

from tests.plan import looking  # noqa: F401 - its rules enter themselves in RULES
from tests.plan.places import MAY_OPEN, MAY_SAY_ENGINE, NO_ACTOR, RAW_HTML
from tests.plan.source import ROOT, RULES, Source, breaches, sources

HOUSE = sources(".py", ".html", ".txt")

# For each rule a text that breaks it: rule, where it is planted, what it says, and in which line.
PLANTED = [
    ("tower", "kernel/slots.py", "from labshare.web import guard", 1),
    ("tower", "people/models.py", "import labshare.booking.models", 1),
    ("tower", "people/models.py", "\nfrom ..booking.models import Booking", 2),
    ("tower", "usage/queries.py", "from labshare.calendars import models", 1),
    ("tower", "web/api.py", "from labshare import create_app", 1),
    ("tower", "booking/rules.py", "if TYPE_CHECKING:\n    from labshare.home import pages", 2),
    ("tower", "wiring.py", "from labshare import cli", 1),
    ("tower", "annexe/models.py", "", 1),
    ("tower", "home.py", "import labshare.annexe.queries", 1),
    ("floors", "booking/events.py", "from labshare.booking import models", 1),
    ("floors", "booking/rules.py", "from labshare.booking.queries import seen", 1),
    ("floors", "instruments/timeline.py", "from labshare.instruments.services import add", 1),
    ("floors", "booking/services/asking.py", "from labshare.booking import schemas", 1),
    ("floors", "booking/schemas.py", "from labshare.booking.api import blp", 1),
    ("floors", "quotas/reactions.py", "from labshare.quotas import services", 1),
    ("front_room", "booking/services/asking.py", "from labshare.instruments import services", 1),
    ("front_room", "home.py", "from labshare.booking.pages import pages", 1),
    ("front_room", "maintenance/api.py", "from labshare.booking.schemas import NamedOut", 1),
    ("front_room", "maintenance/checks.py", "from labshare.booking import checks", 1),
    ("front_room", "wiring.py", "from labshare.booking import services", 1),
    ("purity", "booking/rules.py", "from labshare.kernel import clock", 1),
    ("purity", "booking/policy.py", "from flask_login import current_user", 1),
    ("purity", "people/events.py", "import sqlalchemy as sa", 1),
    ("purity", "people/lifecycle.py", "import time", 1),
    ("imports_at_the_top", "web/htmx.py", "def show():\n    from labshare.web import guard\n", 2),
    ("imports_at_the_top", "web/htmx.py", "def show():\n    import json  # noqa: PLC0415\n", 2),
    ("engines_by_name", "booking/queries.py", "from sqlalchemy.dialects import postgresql", 1),
    ("engines_by_name", "booking/models.py", "Index('a', 'b',\n    sqlite_where=live)", 2),
    ("engines_by_name", "usage/queries.py", 'ours = engine.dialect.name == "sqlite"', 1),
    ("engines_by_name", "config.py", 'url = "postgresql://localhost"', 1),
    ("one_clock", "booking/services/asking.py", "now = datetime.now(UTC)", 1),
    ("one_clock", "web/i18n.py", "import datetime as dt\ntoday = dt.date.today()", 2),
    ("one_clock", "web/i18n.py", "from datetime import datetime as moment\nat = moment.now(UTC)", 2),
    ("one_clock", "web/health.py", "from time import time", 1),
    ("one_clock", "web/health.py", "born = time.time()", 1),
    ("one_clock", "booking/queries.py", "late = sa.func.now() > Booking.ends_at", 1),
    ("one_commit", "booking/services/asking.py", "db.session.commit()", 1),
    ("one_commit", "demo/__init__.py", "with db.engine.begin() as connection:\n    pass", 1),
    ("who_opens", "instruments/timeline.py", "with transaction() as tx:\n    pass", 1),
    ("who_opens", "quotas/reactions.py", "with db.transaction() as tx:\n    pass", 1),
    ("actor_first", "quotas/services.py", "def grant(company):\n    with transaction():\n        pass", 1),
    ("keys_point_down", "people/models.py", 'ForeignKey("booking.id")', 1),
    ("keys_point_down", "instruments/models.py", 'relationship("Booking")', 1),
    ("no_grab_bags", "booking/utils.py", "", 1),
    ("no_grab_bags", "helpers/dates.py", "", 1),
    ("no_raw_html", "web/htmx.py", "render_template_string(text)", 1),
    ("no_raw_html", "web/htmx.py", "shown = markupsafe.Markup(text)", 1),
    ("no_raw_html", "booking/templates/booking/show.html", "<p>\n{{ booking.purpose|safe }}</p>", 2),
    ("no_raw_html", "booking/templates/booking/show.html", "{% autoescape false %}", 1),
]

# And texts that look alike and are in order.
IN_ORDER = [
    ("tower", "cli.py", "from labshare import create_app, wiring"),
    ("tower", "webserver.py", "from labshare.supervisor import follow_supervisor"),
    ("floors", "booking/schemas.py", "from labshare.booking.services.asking import Draft"),
    ("floors", "booking/free.py", "from labshare.booking import queries, schedule"),
    ("front_room", "wiring.py", "from labshare.booking import api, checks, jobs, pages, reactions"),
    ("front_room", "demo/__init__.py", "from labshare.booking import services"),
    ("front_room", "booking/api.py", "from labshare.web.api import Blueprint"),
    ("purity", "booking/events.py", "from labshare.kernel.journal import Event"),
    (
        "imports_at_the_top",
        "web/htmx.py",
        "def show():\n    import json  # noqa: PLC0415 - slow\n",
    ),
    ("engines_by_name", "booking/queries.py", '"""PostgreSQL reads this with one index scan."""  # SQLite too'),
    ("engines_by_name", "config.py", 'url = "sqlite:///var/labshare.sqlite3"'),
    ("one_clock", "booking/services/asking.py", "now = clock.now()\nbegan = time.perf_counter()"),
    ("actor_first", "quotas/services.py", "def grant(actor, company):\n    with transaction():\n        pass"),
    ("keys_point_down", "booking/models.py", 'ForeignKey("instrument.id")'),
]


@pytest.mark.parametrize("name", RULES)
def test_the_house_keeps_to_its_plan(name: str) -> None:
    assert breaches(name, HOUSE) == []


@pytest.mark.parametrize(("name", "path", "text", "line"), PLANTED)
def test_a_planted_breach_is_noticed_in_its_line(name: str, path: str, text: str, line: int) -> None:
    planted = Source(f"labshare/{path}", text)
    assert [found.line for found in RULES[name](planted)] == [line], f"{name} did not notice {text!r} in {path}"


@pytest.mark.parametrize(("name", "path", "text"), IN_ORDER)
def test_what_only_looks_alike_is_let_through(name: str, path: str, text: str) -> None:
    assert breaches(name, [Source(f"labshare/{path}", text)]) == []


def test_every_rule_has_a_planted_breach() -> None:
    assert {name for name, *_ in PLANTED} == set(RULES)


def test_every_exception_is_still_needed() -> None:
    named = {*MAY_SAY_ENGINE, *MAY_OPEN, *RAW_HTML, *(path for path, _ in NO_ACTOR)}
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []
