"""The house on one page: which doors there are, who reacts to what, what runs by itself, what must always hold."""

from __future__ import annotations

from pathlib import Path

import labshare.clockwork.models
import labshare.maintenance.models
import labshare.notifications.models
import labshare.usage.models  # noqa: F401
from labshare import home
from labshare.audit import api as audit_api
from labshare.audit import pages as audit_pages
from labshare.audit.checks import CHECKS as AUDIT_CHECKS
from labshare.audit.policy import may_read
from labshare.booking import api as booking_api
from labshare.booking import pages as booking_pages
from labshare.booking import queries as bookings
from labshare.booking.checks import CHECKS as BOOKING_CHECKS
from labshare.booking.events import (
    BookingAccepted,
    BookingCancelled,
    BookingCompleted,
    BookingDisplaced,
    BookingLapsed,
    BookingMissed,
    BookingTakenOver,
    UsageCorrected,
)
from labshare.booking.jobs import (
    ENFORCE_SUSPENSIONS,
    EXPIRE_REQUESTS,
    FORGIVE_LATE_CANCELS,
    JUDGE_USE,
    LAPSE_OFFERS,
    MAKE_OFFERS,
    OFFER_FREED_TIME,
    RECHECK_ALLOWANCES,
    RECHECK_CALENDARS,
    RECONCILE_ACCOUNTS,
    REMIND_BOOKERS,
    REMIND_MANAGERS,
)
from labshare.booking.reactions import (
    count_what_is_there,
    end_the_wait,
    forgive_late_cancel,
    judge_overtime_anew,
    keep_the_zone,
    note_late_cancel,
    note_no_show,
    note_overtime,
)
from labshare.clockwork import api as clockwork_api
from labshare.clockwork import pages as clockwork_pages
from labshare.clockwork.jobs import CHECK, TIDY_UP
from labshare.clockwork.policy import may_run
from labshare.clockwork.queries import silence, vitals
from labshare.help import pages as help_pages
from labshare.instruments import api as instruments_api
from labshare.instruments import pages as instruments_pages
from labshare.instruments.checks import CHECKS as HOURS_CHECKS
from labshare.instruments.guard import overlap_guard
from labshare.instruments.jobs import SEED_CALENDARS
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_
from labshare.maintenance import api as maintenance_api
from labshare.maintenance import pages as maintenance_pages
from labshare.maintenance import policy as maintenance_policy
from labshare.maintenance.checks import CHECKS as MAINTENANCE_CHECKS
from labshare.maintenance.jobs import KEEP_WINDOWS, REMIND_OF_WINDOWS, WARN_OF_UPKEEP
from labshare.notifications import api as messages_api
from labshare.notifications import pages as inbox_pages
from labshare.notifications import queries as inbox
from labshare.notifications.jobs import DELIVER, TIDY_MESSAGES
from labshare.notifications.policy import may_see_mails
from labshare.people import api as people_api
from labshare.people import pages as people_pages
from labshare.people import policy as people_policy
from labshare.people import queries as people
from labshare.people.events import CompanyAdded, CompanyRegistered, SiteChanged
from labshare.quotas import api as accounts_api
from labshare.quotas import pages as accounts_pages
from labshare.quotas import policy as accounts_policy
from labshare.quotas.checks import CHECKS as ACCOUNT_CHECKS
from labshare.quotas.events import AccountOpened, AllowancesSet
from labshare.quotas.jobs import OPEN_PERIODS, WARN_OF_LIMITS
from labshare.quotas.reactions import open_its_account
from labshare.usage import api as usage_api
from labshare.usage import pages as usage_pages
from labshare.usage import policy as usage_policy
from labshare.usage.checks import CHECKS as YEAR_CHECKS
from labshare.usage.jobs import CLOSE_YEARS, COUNT_HEAT, REMIND_OF_STATEMENTS
from labshare.usage.reactions import note_correction, note_forgiveness, note_late_entry
from labshare.web.layout import Entry

_HERE = Path(__file__).parent
MIGRATIONS = next(  # a wheel carries them inside the package
    place for place in (_HERE / "migrations", _HERE.parent / "migrations") if place.is_dir()
)

PAGES: tuple = (
    home.pages,
    help_pages.pages,
    people_pages.pages,
    instruments_pages.pages,
    accounts_pages.pages,
    booking_pages.pages,
    maintenance_pages.pages,
    usage_pages.pages,
    inbox_pages.pages,
    clockwork_pages.pages,
    audit_pages.pages,
)
APIS: tuple = (
    people_api.blp,
    instruments_api.blp,
    accounts_api.blp,
    booking_api.blp,
    maintenance_api.blp,
    usage_api.blp,
    messages_api.blp,
    clockwork_api.blp,
    audit_api.blp,
)


def _waiting(actor: Actor) -> int:
    return bookings.count_waiting(actor, clock.now())


def _to_endorse(actor: Actor) -> int:
    return bookings.count_to_endorse(actor, clock.now())


def _registered(actor: Actor) -> int:
    return people.count_companies().pending if actor.is_admin else 0


def _everybody(_actor: Actor) -> bool:
    return True


def _has_company(actor: Actor) -> bool:
    return actor.company_id is not None


MENU: tuple[Entry, ...] = (
    Entry(N_("Start"), "home.start", _everybody),
    Entry(N_("Instruments"), "instruments.catalogue", _everybody, public=True),
    Entry(N_("Timeline"), "bookings.overview", _everybody, covers=("bookings.find",)),
    Entry(N_("Bookings"), "bookings.listed", _everybody, _to_endorse, covers=("bookings.waitlist",)),
    Entry(N_("Queue"), "bookings.queue", people_policy.is_staff, _waiting, covers=("bookings.board",)),
    Entry(
        N_("Maintenance"),
        "maintenance.windows",
        maintenance_policy.may_plan_some,
        covers=("maintenance.outage", "maintenance.retirement", "maintenance.channels"),
    ),
    Entry(
        N_("Usage"),
        "usage.overview",
        usage_policy.may_see_some,
        covers=("usage.company", "usage.years", "usage.objections", "usage.service_record"),
    ),
    Entry(N_("Inbox"), "inbox.listed", _everybody, inbox.unread),
    Entry(N_("Account"), "accounts.own", _has_company, covers=("accounts.statement",)),
    Entry(N_("Company"), "people.own_company", _has_company, covers=("bookings.conduct",)),
    Entry(N_("Companies"), "people.companies", people_policy.is_staff, _registered, covers=("bookings.conduct",)),
    Entry(
        N_("Accounts"),
        "accounts.overview",
        accounts_policy.may_set,
        covers=("accounts.statement", "accounts.extend", "accounts.allowances", "accounts.set_allowances"),
    ),
    Entry(
        N_("Opening hours"),
        "instruments.openings",
        people_policy.is_staff,
        covers=("instruments.site_hours", "instruments.calendar"),
    ),
    Entry(N_("Sites"), "people.sites", people_policy.is_admin),
    Entry(N_("Staff"), "people.staff", people_policy.is_admin),
    Entry(N_("Jobs"), "clockwork.jobs", may_run),
    Entry(N_("Mails"), "inbox.deliveries", may_see_mails, inbox.count_dead),
    Entry(N_("Audit"), "audit.listed", may_read, covers=("audit.settings",)),
)
NOTICES: tuple = (silence,)  # what a reader may have to know on every page
SUBSCRIPTIONS: dict = {
    SiteChanged: (keep_the_zone,),
    CompanyAdded: (open_its_account,),
    CompanyRegistered: (open_its_account,),
    AccountOpened: (count_what_is_there,),
    AllowancesSet: (count_what_is_there,),
    BookingAccepted: (end_the_wait,),
    BookingLapsed: (end_the_wait,),
    BookingDisplaced: (end_the_wait,),
    BookingCancelled: (end_the_wait, note_late_cancel),
    BookingMissed: (note_no_show,),
    BookingCompleted: (note_overtime, note_late_entry),
    UsageCorrected: (judge_overtime_anew, note_correction),
    BookingTakenOver: (forgive_late_cancel, note_forgiveness),
}
CHECKS: tuple = (*BOOKING_CHECKS, *ACCOUNT_CHECKS, *HOURS_CHECKS, *MAINTENANCE_CHECKS, *YEAR_CHECKS, *AUDIT_CHECKS)
JOBS: tuple = (
    *(REMIND_MANAGERS, EXPIRE_REQUESTS, JUDGE_USE, REMIND_BOOKERS, OPEN_PERIODS, WARN_OF_LIMITS),
    *(RECHECK_ALLOWANCES, ENFORCE_SUSPENSIONS, RECONCILE_ACCOUNTS),
    *(KEEP_WINDOWS, REMIND_OF_WINDOWS, WARN_OF_UPKEEP, LAPSE_OFFERS, MAKE_OFFERS),
    *(OFFER_FREED_TIME, FORGIVE_LATE_CANCELS),
    *(SEED_CALENDARS, RECHECK_CALENDARS),
    *(REMIND_OF_STATEMENTS, CLOSE_YEARS, COUNT_HEAT),
    *(DELIVER, TIDY_MESSAGES, TIDY_UP, CHECK),
)
START_CHECKS: dict = {"overlap_guard": overlap_guard}  # without these no page is served
VITALS: dict = {"scheduler": vitals}  # told by /readyz and /metrics
