"""Which words a fact is told in, where they depend on what it says; its recipe has those of all others."""

from __future__ import annotations

from labshare.kernel.errors import N_, Text
from labshare.notifications.facts import Fact


def requested(fact: Fact) -> Text:
    if fact.data.get("over_quota"):
        return N_(
            "%(who)s asked for %(instrument)s, %(slot)s, for %(company)s. It is more than the company has left: "
            "whoever approves it waives the hours, and says why."
        )
    return N_("%(who)s asked for %(instrument)s, %(slot)s, for %(company)s.")


def endorsed(fact: Fact) -> Text:
    if fact.data["state"] == "requested":
        return N_(
            "%(who)s approved %(instrument)s, %(slot)s, in-house for %(company)s; now the laboratory is asked, until "
            "%(decide_by)s."
        )
    return N_("%(who)s approved %(instrument)s, %(slot)s, in-house for %(company)s; it is yours.")


def end_changed(fact: Fact) -> Text:
    if fact.data.get("waived"):
        return N_(
            "%(who)s changed the end of the use of %(instrument)s by %(company)s: it is %(slot)s now, though rules "
            "had to be waived. %(reason)s"
        )
    return N_("%(who)s changed the end of the use of %(instrument)s by %(company)s: it is %(slot)s now.")


def approved(fact: Fact) -> Text:
    if fact.actor_id is None:
        return N_("%(instrument)s is yours: %(slot)s, for %(company)s. It needs no approval.")
    if fact.data.get("waived"):
        return N_(
            "%(who)s approved %(instrument)s, %(slot)s, for %(company)s, though it is more than was left: %(answer)s"
        )
    if fact.data.get("answer"):
        return N_("%(who)s approved %(instrument)s, %(slot)s, for %(company)s: %(answer)s")
    return N_("%(who)s approved %(instrument)s, %(slot)s, for %(company)s.")


def cancelled(fact: Fact) -> Text:
    if fact.data.get("why"):
        return N_(
            "%(instrument)s, %(slot)s, was taken back because %(company)s may not book for now; it was %(was)s. "
            "It costs nothing."
        )
    if fact.data.get("charge"):
        return N_(
            "%(who)s cancelled %(instrument)s, %(slot)s, of %(company)s too late: %(charge)s %% of its hours are "
            "charged to the account."
        )
    return N_("%(who)s cancelled %(instrument)s, %(slot)s, of %(company)s; it was %(was)s.")


def moved(fact: Fact) -> Text:
    if fact.data.get("over_quota"):
        return N_(
            "%(who)s moved %(instrument)s of %(company)s from %(old_slot)s to %(slot)s. It is more than the company "
            "has left: whoever approves it waives the hours, and says why."
        )
    return N_("%(who)s moved %(instrument)s of %(company)s from %(old_slot)s to %(slot)s; it is %(state)s.")


def offered(fact: Fact) -> Text:
    if fact.data.get("waitlist_id"):
        return N_(
            "%(instrument)s has become free, %(slot)s, and is held for %(company)s, which waits for it. Please take it "
            "by %(answer_by)s, or do without; then it is held for the next who waits."
        )
    if fact.data.get("answer"):
        return N_(
            "%(who)s says yes to another time than %(company)s asked for (%(old_slot)s): %(instrument)s, %(slot)s. "
            "Please take it by %(answer_by)s, or do without; then it is free for others. %(answer)s"
        )
    return N_(
        "%(who)s says yes to another time than %(company)s asked for (%(old_slot)s): %(instrument)s, %(slot)s. "
        "Please take it by %(answer_by)s, or do without; then it is free for others."
    )


def accepted(fact: Fact) -> Text:
    if fact.data.get("state") == "requested":
        return N_("%(company)s took %(instrument)s, %(slot)s, which was held for it; it waits for an answer.")
    return N_("%(company)s took %(instrument)s, %(slot)s, which was held for it.")


def due(fact: Fact) -> Text:
    if fact.data.get("escalated"):
        return N_("%(company)s still waits for an answer about %(instrument)s, %(slot)s; at %(decide_by)s it lapses.")
    return N_("%(company)s waits for an answer about %(instrument)s, %(slot)s, until %(decide_by)s.")


def missed(fact: Fact) -> Text:
    if fact.data.get("excuse"):
        return N_("Nobody checked in for %(instrument)s, %(slot)s. It is not held against %(company)s.")
    if fact.data.get("charge"):
        return N_(
            "Nobody checked in for %(instrument)s, %(slot)s, booked by %(company)s; the rest of the time is free. "
            "%(charge)s %% of its hours are charged to the account."
        )
    return N_("Nobody checked in for %(instrument)s, %(slot)s, booked by %(company)s; the rest of the time is free.")


def completed(fact: Fact) -> Text:
    if fact.data.get("problem"):
        return N_("%(company)s reported a problem with %(instrument)s, used %(used)s: %(problem)s")
    return N_("Nobody checked in or out at %(instrument)s; it is taken as used %(used)s by %(company)s.")


def noted(fact: Fact) -> Text:
    if not fact.data["name"]:
        return N_(
            "This stands in the conduct record of %(company)s until %(expires_at)s, with so many points: %(points)s. "
            "%(held_against)s, %(booked)s, %(booked_slot)s."
        )
    return N_(
        "This stands in the conduct record of %(name)s, %(company)s, until %(expires_at)s, with so many points: "
        "%(points)s. %(held_against)s, %(booked)s, %(booked_slot)s."
    )


def restricted(fact: Fact) -> Text:
    if fact.data["person_id"] is None:
        return N_(
            "Nobody of %(company)s may ask for time until %(until)s: its people have %(points)s points together. "
            "What is booked stays; the conduct record says what it rests on."
        )
    return N_(
        "%(name)s of %(company)s may not ask for time until %(until)s, with %(points)s points. What is booked stays; "
        "the conduct record says what it rests on."
    )


def window_cancelled(fact: Fact) -> Text:
    if fact.data["was"] == "open":
        return N_("%(who)s ended %(work)s of %(instruments)s early: %(slot)s.")
    return N_("%(who)s called off %(work)s of %(instruments)s, %(slot)s.")


def allowances_set(fact: Fact) -> Text:
    if fact.data["follows"]:
        return N_("%(company)s may use what the laboratory allows every company; its account shows what that is now.")
    return N_("%(who)s set anew what %(company)s may use; its account shows it.")


def extended(fact: Fact) -> Text:
    if fact.data["minutes"] < 0:
        return N_("%(who)s took back %(hours)s h that had been added for %(company)s: %(allowance)s. %(reason)s")
    return N_("%(who)s added %(hours)s h once for %(company)s: %(allowance)s. %(reason)s")


def nearly_used(fact: Fact) -> Text:
    if fact.data["percent"] >= 100:
        return N_(
            "Nothing is left of what %(company)s may use (%(allowance)s): "
            "%(spoken_for)s of %(limit)s h are held or used."
        )
    return N_(
        "%(company)s holds or has used %(spoken_for)s of the %(limit)s h it may use (%(allowance)s): "
        "%(percent)s %% or more."
    )


def jumped(fact: Fact) -> Text:
    if fact.data.get("paused"):
        return N_("The clock jumped by %(seconds)s seconds. These jobs stand still until you resume them: %(paused)s")
    return N_("The clock jumped by %(seconds)s seconds.")
