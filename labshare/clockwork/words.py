"""What runs count, in words."""

from __future__ import annotations

from labshare.kernel.errors import N_, Text

COUNTED = {
    "absent": N_("absent"),
    "accounts": N_("accounts"),
    "answers": N_("answers"),
    "approved": N_("approved"),
    "assumed": N_("assumed"),
    "balances": N_("balances"),
    "closed": N_("brought to an end"),
    "confirmed": N_("confirmed"),
    "dead": N_("given up"),
    "deliveries": N_("deliveries"),
    "differences": N_("differences"),
    "displaced": N_("displaced"),
    "ended": N_("ended"),
    "escalated": N_("escalated"),
    "expired": N_("expired"),
    "extended": N_("extended"),
    "facts": N_("facts"),
    "forgiven": N_("forgiven"),
    "invariants": N_("invariants"),
    "job_runs": N_("runs of jobs"),
    "lapsed": N_("lapsed"),
    "mails": N_("mails"),
    "messages": N_("messages"),
    "missed": N_("missed"),
    "needless": N_("not needed any more"),
    "offered": N_("offered"),
    "opened": N_("opened"),
    "over": N_("over"),
    "over_quota": N_("over quota"),
    "periods": N_("periods"),
    "provisional": N_("provisional"),
    "released": N_("released"),
    "reminded": N_("reminded"),
    "sent": N_("sent"),
    "sign_in_failures": N_("failed sign-ins"),
    "sign_ins": N_("sign-ins"),
    "waiting": N_("waiting"),
    "warned": N_("warned"),
    "withdrawn": N_("withdrawn"),
    "years": N_("years"),
}


def counted(name: str, count: int) -> Text:
    """One count of a run: expired 3."""
    return N_("%(what)s %(count)s", what=COUNTED.get(name, name), count=count)
