"""The accounts as admins look after them: who is near a limit, who stands beyond one, and the default."""

from __future__ import annotations

from labshare.kernel import clock
from labshare.quotas import queries, rules, watch, words
from labshare.quotas.naming import Names
from labshare.quotas.pages.frame import label, pages, setter
from labshare.web.guard import first
from labshare.web.htmx import show


@pages.get("/accounts")
@first(setter)
def overview() -> str:
    """Companies near a limit, those beyond one that was lowered, and what the others may use."""
    near = watch.near_limit(clock.now(), rules.WARN_AT[0])
    beyond, default = watch.beyond_limit(), queries.default()
    scopes = [(one.scope, one.scope_id) for one in (*near, *beyond)]
    names = Names([*scopes, *((item.terms.scope, item.terms.scope_id) for item in default.items)])
    return show(
        "quotas/overview.html",
        None,
        near=near,
        beyond=beyond,
        default=default,
        percent=rules.WARN_AT[0],
        label=lambda one: label(names, one),
        words=words,
    )
