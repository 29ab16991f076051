"""Pages of the laboratory's own: its staff, its sites, and what is done about one person."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from labshare.kernel.actor import ADMIN, COMPANY_ADMIN, MEMBER
from labshare.kernel.errors import Forbidden, Problem
from labshare.people import policy, queries, services
from labshare.people.pages.companies import admin_only, back_to
from labshare.people.pages.frame import again, close_session, pages, sent
from labshare.people.schemas import RoleIn, SiteChangeIn, SiteIn, StaffIn, StaffRolesIn
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.undoing import flash_undoable


def _about_staff() -> dict[str, Any]:
    return {"people": queries.staff(), "sites": queries.sites()}


@pages.get("/people")
@first(admin_only)
def staff() -> Any:
    """Who works for the laboratory?"""
    return show("people/staff.html", "content", form=Form(), **_about_staff())


@pages.post("/people")
@first(admin_only)
def staff_add() -> Any:
    """Enter somebody new, or give somebody known a role of the laboratory's."""
    try:
        given = load(StaffIn(), sent("sites"))
        services.add_person(actor(), given["email"], given["name"], given["role"], sites=given["sites"])
    except Problem as problem:
        return again("people/staff.html", problem, **_about_staff())
    flash(_("A link to choose a password is on its way to %(email)s.", email=given["email"]), "success")
    return redirect(url_for("people.staff"), 303)


@pages.get("/people/<id:person_id>")
@first(admin_only)
def person(person_id: int) -> Any:
    """One person and what they may do."""
    one = queries.person(actor(), person_id)
    managed = sorted(one.site_ids - one.deputy_ids)
    values = {"admin": ADMIN in one.roles, "sites": managed, "deputy_of": sorted(one.deputy_ids)}
    return show("people/person.html", "content", form=Form(values), one=one, sites=queries.sites())


@pages.post("/people/<id:person_id>/roles")
@first(admin_only)
def person_roles(person_id: int) -> Any:
    """Give and take roles of the laboratory's."""
    one = queries.person(actor(), person_id)
    try:
        given = load(StaffRolesIn(), sent("sites", "deputy_of"))
        services.set_staff_roles(actor(), person_id, given["admin"], given["sites"], given["deputy_of"])
    except Problem as problem:
        return again("people/person.html", problem, one=one, sites=queries.sites())
    flash(_("The roles are saved; they count from this moment."), "success")
    return redirect(url_for("people.staff") if actor().person_id != person_id else "/", 303)


@pages.post("/people/<id:person_id>/company-role")
def person_company_role(person_id: int) -> Any:
    """Make a colleague a member or an administrator of their company."""
    one = queries.person(actor(), person_id)
    if not policy.runs_company(actor(), one.company_id):
        raise Forbidden
    given = load(RoleIn(), sent())["role"]
    services.set_company_role(actor(), person_id, given)
    done = _("The role is saved; it counts from this moment.")
    if given == COMPANY_ADMIN and not one.is_company_admin:
        flash_undoable(done, url_for("people.person_company_role", person_id=person_id), {"role": MEMBER})
    else:  # who is an administrator no more has lost the invitations they sent
        flash(done, "success")
    return back_to(one.company_id or 0)


@pages.post("/people/<id:person_id>/remove")
def person_remove(person_id: int) -> Any:
    """Take every access from a person, at once."""
    one, myself = queries.person(actor(), person_id), actor().person_id == person_id
    services.remove_person(actor(), person_id)
    if myself:
        close_session()
        return redirect(url_for("people.sign_in"), 303)
    flash(_("%(name)s has no access any more.", name=one.name), "success")
    return back_to(one.company_id) if one.company_id is not None else redirect(url_for("people.staff"), 303)


# ---------------------------------------------------------------- sites


@pages.get("/sites")
@first(admin_only)
def sites() -> Any:
    """Where does the laboratory stand?"""
    return show("people/sites.html", "content", form=Form({"zone": "Asia/Shanghai"}), sites=queries.sites())


@pages.post("/sites")
@first(admin_only)
def site_add() -> Any:
    """Open a site."""
    try:
        services.add_site(actor(), load(SiteIn(), sent()))
    except Problem as problem:
        return again("people/sites.html", problem, sites=queries.sites())
    flash(_("The site is saved."), "success")
    return redirect(url_for("people.sites"), 303)


@pages.get("/sites/<id:site_id>")
@first(admin_only)
def site(site_id: int) -> Any:
    """Correct a site."""
    one = queries.site(site_id)
    form = Form({field: getattr(one, field) for field in ("name_en", "name_zh", "zone", "address")})
    return show("people/site.html", "content", form=form, site=one)


@pages.post("/sites/<id:site_id>")
@first(admin_only)
def site_change(site_id: int) -> Any:
    """Save a site."""
    one = queries.site(site_id)
    try:
        services.change_site(actor(), site_id, load(SiteChangeIn(), sent(keep_empty=True)))
    except Problem as problem:
        return again("people/site.html", problem, site=one)
    flash(_("The site is saved."), "success")
    return redirect(url_for("people.sites"), 303)
