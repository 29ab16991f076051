"""Pages about companies: the laboratory's list, one company with its people, and an import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Forbidden, NotFound, Problem
from labshare.people import lifecycle, policy, queries, rules, services
from labshare.people.models import Company
from labshare.people.pages.frame import again, pages, sent
from labshare.people.schemas import CompaniesArguments, CompanyChangeIn, ImportIn, InHouseIn, InviteIn, ReasonIn
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.paging import page
from labshare.web.undoing import flash_undoable


def staff_only(who: Actor) -> None:
    """The list of all companies is the laboratory's."""
    if not policy.is_staff(who):
        raise Forbidden


def admin_only(who: Actor, **_path: Any) -> None:
    """The laboratory's own matters are its admins'."""
    if not policy.is_admin(who):
        raise Forbidden


def running(who: Actor, company_id: int, **_path: Any) -> None:
    """A company's matters are its admins'; another company is a missing one."""
    queries.company(who, company_id)
    if not policy.runs_company(who, company_id):
        raise Forbidden


def deciding(who: Actor, company_id: int, **_path: Any) -> None:
    """Whether a company may book is the laboratory's to say; another company is a missing one."""
    queries.company(who, company_id)
    admin_only(who)


@pages.get("/companies")
@first(staff_only)
def companies() -> Any:
    """Which companies are there, and which wait for us?"""
    given = load(CompaniesArguments(), {name: value for name, value in request.args.items() if value})
    found = page(queries.companies(actor(), given["q"], given["state"]), Company.name, Company.id, 50, given["cursor"])
    following = url_for("people.companies", q=given["q"] or None, state=given["state"] or None, cursor=found.next)
    return show(
        "people/companies.html",
        "results",
        found=found,
        given=given,
        states=lifecycle.STATES,
        next_href=following if found.next else None,
    )


@pages.get("/companies/<id:company_id>")
def company(company_id: int) -> Any:
    """One company: what it says of itself, how it stands with us, its people."""
    return show("people/company.html", "content", form=Form(), **_about(company_id))


@pages.get("/company")
def own_company() -> Any:
    """My own company."""
    company_id = actor().company_id
    if company_id is None:
        raise NotFound
    return show("people/company.html", "content", form=Form(), **_about(company_id))


def _about(company_id: int) -> dict[str, Any]:
    who, one = actor(), queries.company(actor(), company_id)
    may_run = policy.runs_company(who, company_id)
    return {
        "company": one,
        "warnings": rules.company_warnings(one.org_id_type, one.org_id),
        "people": queries.colleagues(who, company_id),
        "invitations": queries.open_invitations(company_id, clock.now()) if may_run else [],
        "runs": may_run,
        "is_admin": policy.is_admin(who),
        "moves": lifecycle.moves_from(one.state),
        "in_house": _in_house(one.in_house_minutes),
    }


def _in_house(minutes: int | None) -> str:
    """Which bookings the company's own admins approve first, in words."""
    if minutes is None:
        return _("of no booking")
    if not minutes:
        return _("of every booking")
    return _("of bookings of %(hours)s h or more", hours=minutes // 60)


def back_to(company_id: int) -> Any:
    """The page of a company after something was done there: one's own stays one's own."""
    if actor().belongs_to(company_id):
        return redirect(url_for("people.own_company"), 303)
    return redirect(url_for("people.company", company_id=company_id), 303)


@pages.get("/companies/<id:company_id>/edit")
@first(running)
def company_edit(company_id: int) -> Any:
    """Correct what is said of a company."""
    one = queries.company(actor(), company_id)
    form = Form({field: getattr(one, field) for field in services.COMPANY_FIELDS})
    return show("people/company_edit.html", "content", form=form, company=one, is_admin=policy.is_admin(actor()))


@pages.post("/companies/<id:company_id>/edit")
@first(running)
def company_edit_now(company_id: int) -> Any:
    """Save what is said of a company; a field left empty is emptied."""
    who, one = actor(), queries.company(actor(), company_id)
    try:
        services.change_company(who, company_id, load(CompanyChangeIn(), sent(keep_empty=True)))
    except Forbidden:
        raise
    except Problem as problem:
        return again("people/company_edit.html", problem, company=one, is_admin=policy.is_admin(who))
    flash(_("The company is saved."), "success")
    return back_to(company_id)


@pages.post("/companies/<id:company_id>/in-house")
@first(running)
def in_house(company_id: int) -> Any:
    """Say from how many hours on the company's own admins approve first; left empty, of no booking."""
    try:
        services.set_in_house(actor(), company_id, load(InHouseIn(), {"hours": None, **sent()})["hours"])
    except Forbidden:
        raise
    except Problem as problem:
        return again("people/company.html", problem, **_about(company_id))
    flash(_("The in-house approval is saved."), "success")
    return back_to(company_id)


# ---------------------------------------------------------------- the laboratory's decisions


def _decide(company_id: int, verb: Callable[..., None], done: str, *, with_reason: bool) -> Any:
    try:
        reason = [load(ReasonIn(), sent())["reason"]] if with_reason else []
        verb(actor(), company_id, *reason)
    except Forbidden:
        raise
    except Problem as problem:
        return again("people/company.html", problem, **_about(company_id))
    flash(done, "success")
    return back_to(company_id)


@pages.post("/companies/<id:company_id>/approve")
@first(deciding)
def company_approve(company_id: int) -> Any:
    """Let the company in."""
    return _decide(company_id, services.approve_company, _("The company may book now."), with_reason=False)


@pages.post("/companies/<id:company_id>/reject")
@first(deciding)
def company_reject(company_id: int) -> Any:
    """Do not let the company in."""
    return _decide(company_id, services.reject_company, _("The company is told that we declined."), with_reason=True)


@pages.post("/companies/<id:company_id>/reactivate")
@first(deciding)
def company_reactivate(company_id: int) -> Any:
    """Take the company back."""
    return _decide(company_id, services.reactivate_company, _("The company may book again."), with_reason=False)


# ---------------------------------------------------------------- colleagues


@pages.post("/companies/<id:company_id>/invitations")
@first(running)
def invite(company_id: int) -> Any:
    """Ask a colleague to join."""
    try:
        given = load(InviteIn(), sent())
        invitation_id = services.invite(actor(), company_id, given["email"], given["role"])
    except Forbidden:
        raise
    except Problem as problem:
        return again("people/company.html", problem, **_about(company_id))
    done = _("The invitation is on its way to %(email)s.", email=given["email"])
    flash_undoable(done, url_for("people.invitation_withdraw", invitation_id=invitation_id), {}, _("Withdraw"))
    return back_to(company_id)


@pages.post("/invitations/<id:invitation_id>/withdraw")
def invitation_withdraw(invitation_id: int) -> Any:
    """Make an invitation worthless."""
    services.withdraw_invitation(actor(), invitation_id)
    done, one = _("The invitation is withdrawn."), queries.invitation(invitation_id)
    if one:
        anew = {"email": one.email, "role": one.role}
        flash_undoable(done, url_for("people.invite", company_id=one.company_id), anew, _("Invite again"))
    return redirect(_home(invitation_id), 303)


@pages.get("/invitations/<id:invitation_id>")
def invitation(invitation_id: int) -> Any:
    """The invitation's link, to hand over when mail does not arrive."""
    link = services.invitation_link(actor(), invitation_id)
    one = queries.invitation(invitation_id)
    return show("people/invitation.html", "content", link=link, one=one, back=_home(invitation_id))


def _home(invitation_id: int) -> str:
    one = queries.invitation(invitation_id)
    if one is None or actor().belongs_to(one.company_id):
        return url_for("people.own_company")
    return url_for("people.company", company_id=one.company_id)


# ---------------------------------------------------------------- from a file


@pages.get("/companies/import")
@first(admin_only)
def companies_import() -> Any:
    """Bring companies from a spreadsheet."""
    return show("people/import.html", "content", form=Form(), counts=None)


@pages.post("/companies/import")
@first(admin_only)
def companies_import_now() -> Any:
    """Take the file, or say what it would do; nothing is taken while a line is wrong."""
    try:
        given = load(ImportIn(), {"text": _file(), **sent(without=("next", "text", "file"))})
        counts = services.import_companies(actor(), given["text"], given["dry_run"])
    except Forbidden:
        raise
    except Problem as problem:
        return again("people/import.html", problem, counts=None)
    if given["dry_run"]:
        return show("people/import.html", "content", form=Form({"text": given["text"]}), counts=counts)
    flash(
        _(
            "Companies imported: %(created)s new, %(changed)s changed, %(unchanged)s as they were.",
            created=counts.created,
            changed=counts.changed,
            unchanged=counts.unchanged,
        ),
        "success",
    )
    return redirect(url_for("people.companies"), 303)


def _file() -> str:
    """The file's text, or what was pasted; bytes that are not UTF-8 become signs the fields refuse or show."""
    sent_file = request.files.get("file")
    if sent_file is not None and sent_file.filename:
        return sent_file.read().decode("utf-8-sig", "replace")
    return request.form.get("text", "")
