"""Every page of every role: nothing for axe to find, nothing wider than a small phone, nothing cut off at 200 %."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from labshare import wiring
from labshare.booking.models import Booking, Displacement
from labshare.kernel import clock
from labshare.maintenance.models import Utility
from labshare.people import links, services
from labshare.people.models import Invitation, Person
from tests.doors.table import COLUMNS, PUBLIC, TABLE
from tests.journeys.conftest import Visit
from tests.journeys.house import House
from tests.journeys.kinds import Readers

pytestmark = pytest.mark.journey

ROLES = {
    "stranger": None,
    "member": "member",
    "company_admin": "company-admin",
    "lab_manager": "manager",
    "admin": "admin",
}
NARROWEST = 360
ZOOMED = 640  # what a screen of 1,280 shows at 200 %
# Each role looks at a half of its pages in each of two ways, so that all eight occur: language, colours and width. What
# the first of the roles that may open a page looks at in one way, the last looks at in another (see in_half); members
# and admins, who have most pages in common, in ways that have nothing in common.
WAYS = {
    "stranger": [("en", "light", 1440), ("zh", "dark", 390)],
    "member": [("en", "dark", 1440), ("zh", "light", 390)],
    "company_admin": [("en", "light", 390), ("zh", "dark", 1440)],
    "lab_manager": [("en", "dark", 390), ("zh", "light", 1440)],
    "admin": [("en", "dark", 1440), ("zh", "light", 390)],
}
WALKS = [(role, *way, half) for role, ways in WAYS.items() for half, way in enumerate(ways)]
if os.environ.get("LABSHARE_JOURNEYS") == "all":  # every role looks at all of its pages in every way
    WALKS = list(itertools.product(ROLES, ("en", "zh"), ("light", "dark"), (1440, 390), (None,)))

# Pages that look quite different depending on what is asked of them.
VIEWS: dict[str, tuple[str, ...]] = {
    "instruments.catalogue": (
        "",
        "?q=nothing+is+called+this",
        "?free_from=2026-12-02T09:00&free_to=2026-12-01T09:00",
    ),
    "bookings.overview": ("", "?span=week", "?category=0"),
    "bookings.find": ("", "?q=nothing+is+called+this", "?minutes=7"),
    "bookings.queue": ("", "?over_quota=true", "?q=nothing+is+asked+like+this"),
    "bookings.listed": ("", "?tab=past", "?tab=waiting&mine=1"),
    "bookings.calendar": ("", "?month=2000-01", "?mine=1"),
    "bookings.waitlist": ("", "?state=left"),
    "bookings.new": (
        "",
        "?instrument=SEM-01",
        "?instrument=SEM-01&starts_at=2020-01-01T09:00&ends_at=2020-01-01T09:07",
    ),
    "bookings.conduct": ("", "?tab=all"),
    "accounts.statement": ("", "?year=2000", "?instrument=NO-SUCH"),
    "instruments.calendar": ("?year=2026", "?year=2040"),
    "maintenance.windows": ("", "?tab=past", "?tab=all&instrument=NO-SUCH"),
    "maintenance.calendar": ("", "?month=2000-01"),
    "maintenance.new": ("", "?instrument=SEM-01&kind=calibration"),
    "maintenance.channels": ("", "?channels=0"),
    "audit.listed": ("", "?object=booking&company=1", "?kind=clock_jumped", "?object_id=7"),
    "people.companies": ("", "?state=pending", "?q=nobody+is+called+this"),
}
DOWNLOADS = {"maintenance.document", "audit.export"}  # what a browser saves and does not show
SAVED = ("_csv", "_xlsx")  # how the names of more of them end
ERRORS = ("/no-such-page", "/join/no-such-link")  # and what is refused, which wear the same frame


@pytest.fixture(scope="module")
def objects(house: House) -> dict[str, Any]:
    """What the addresses of pages name; whoever adds a page with another object adds one here."""
    member, admin = house.actor("member"), house.actor("company-admin")
    mine = sa.select(Booking.id).where(Booking.person_id == member.person_id, Booking.starts_at > clock.now())
    waiting = house.read(mine.where(Booking.state == "requested").order_by(Booking.id))
    hit = house.read(sa.select(Displacement.cause_id).where(Displacement.cause == "maintenance"))
    me = house.read(sa.select(Person.version).where(Person.id == member.person_id))
    with house.app.app_context():
        invitation = services.invite(admin, member.company_id or 0, "guest@demo.labshare.test", "member")
        version = house.read(sa.select(Invitation.version).where(Invitation.id == invitation))[0].version
        tokens = {
            "people.join": links.sign(links.JOIN, invitation, version),
            "people.reset": links.sign(links.RESET, member.person_id or 0, me[0].version),
        }
    return {
        "booking_id": waiting[0].id,
        "company_id": member.company_id,
        "person_id": house.actor("manager").person_id,
        "site_id": min(house.actor("manager").site_ids),
        "invitation_id": invitation,
        "year": clock.now().year - 1,
        "code": "SEM-01",
        "site": "ECO-2",
        "window_id": hit[0].cause_id,
        "utility_id": house.read(sa.select(Utility.id))[0].id,
        "name": "deliver",
        "reader": "lab-manager",
        "token": tokens,
    }


@pytest.fixture(scope="module")
def readers(house: House) -> Readers:
    return Readers(house)


Page = tuple[str, list[str], int]  # an address, the roles that may open it, and its number among all


def pages(house: House, role: str, objects: dict[str, Any]) -> Iterator[Page]:
    """Every page this role may open; what is open to strangers is for the stranger to look at."""
    blueprints = {"docs", *(blueprint.name for blueprint in wiring.PAGES)}
    number = 0
    for rule in house.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.partition(".")[0] not in blueprints:
            continue
        if rule.endpoint in DOWNLOADS or rule.endpoint.endswith(SAVED):
            continue
        named = {argument: objects[argument] for argument in rule.arguments}
        named = {name: value[rule.endpoint] if isinstance(value, dict) else value for name, value in named.items()}
        built = rule.build(named)
        assert built is not None
        roles = [one for one in ROLES if _opens(rule.endpoint, one)]
        for view in VIEWS.get(rule.endpoint, ("",)):
            number += 1
            if role in roles:
                yield built[1] + view, roles, number
    for path in ERRORS:
        number += 1
        yield path, [role], number


def _opens(endpoint: str, role: str) -> bool:
    if endpoint in PUBLIC or role == "stranger":
        return endpoint in PUBLIC and role == "stranger"
    return TABLE[(endpoint, "GET")][COLUMNS.index(role)] == "+"


def in_half(role: str, roles: list[str], number: int, half: int) -> bool:
    """Whether the role looks at this page on this walk; the last of several roles takes what the first leaves."""
    turned = role == roles[-1] and len(roles) > 1
    return (number + turned) % 2 == half


def shows_its_own(readers: Readers, path: str, roles: list[str], role: str) -> bool:
    """Whether this role's page holds elements of a kind that neither the first nor the last of them is shown."""
    first, last = ROLES[roles[0]], ROLES[roles[-1]]
    if ROLES[role] in (first, last):
        return True
    assert (first, last) == ("member", "admin")
    return not readers.kinds(ROLES[role] or "", path) <= readers.kinds(first, path) | readers.kinds(last, path)


@pytest.mark.parametrize(("role", "language", "theme", "width", "half"), WALKS)
def test_every_page_is_for_everybody(
    *,
    visit: Visit,
    house: House,
    objects: dict[str, Any],
    readers: Readers,
    role: str,
    language: str,
    theme: str,
    width: int,
    half: int | None,
) -> None:
    """Every role opens each of its pages; none is too wide for a small phone or at 200 %, or complains to the console.

    With axe each is looked at by the first and the last of the roles that may open it, in opposite ways, and by those
    between them where the page shows them something that it shows neither of these.
    """
    visitor = visit(ROLES[role], language)
    visitor.prefers(theme, width)
    visitor.carries_axe()
    found, looked_at = [], 0
    for path, roles, number in pages(house, role, objects):
        if half is not None and not in_half(role, roles, number, half):
            continue
        status = visitor.goes_to(path).status
        assert status in (200, 422) or path in ERRORS, f"{path} answered {status}"
        if half is None or shows_its_own(readers, path, roles, role):
            looked_at += 1
            found += [f"{path}: {finding}" for finding in visitor.findings()]
        if too_wide := visitor.overflow(NARROWEST):
            found.append(f"{path} is {too_wide} pixels wider than a screen of {NARROWEST}")
        if too_wide := visitor.overflow(ZOOMED):
            found.append(f"{path} is {too_wide} pixels too wide at 200 %")
        found += [f"{path} cuts off at 200 %: {one}" for one in visitor.cut_off()]
        visitor.prefers(theme, width)
    assert not found, "\n".join(found)
    assert looked_at
