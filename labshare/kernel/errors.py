"""What can go wrong, said once: a problem carries a code for programs and a text for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Text:
    """A sentence to be said in the reader's language: an English message id and its parameters."""

    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.msgid % self.params if self.params else self.msgid.replace("%%", "%")


def N_(msgid: str, **params: Any) -> Text:  # noqa: N802 - the marker the catalogue's extractor looks for
    """Mark a sentence for translation without translating it yet; pure, so rules may use it."""
    return Text(msgid, params)


@dataclass(frozen=True)
class Reason:
    """One rule that says no; `waivable_by` names the role that may set it aside, None where nobody may."""

    code: str
    message: Text
    waivable_by: str | None = None


class Problem(Exception):
    """A refusal the caller can understand; doors answer it as problem+json, a fragment or a page."""

    status = 400
    code = "bad_request"
    title = N_("The request could not be understood")

    def __init__(
        self,
        detail: Text | None = None,
        *,
        code: str | None = None,
        fields: Mapping[str, Any] | None = None,
        reasons: Iterable[Reason] = (),
        alternatives: Iterable[Any] = (),
        retry_after: int | None = None,
    ) -> None:
        self.detail = detail
        self.code = code or type(self).code
        self.fields = dict(fields or {})
        self.reasons = list(reasons)
        self.alternatives = list(alternatives)
        self.retry_after = retry_after
        super().__init__(f"{self.code}: {detail or self.title}")


class NotSignedIn(Problem):
    """Nobody is signed in (401)."""

    status, code, title = 401, "not_signed_in", N_("Please sign in")


class Forbidden(Problem):
    """The actor may not do this (403)."""

    status, code, title = 403, "forbidden", N_("You may not do this")


class NotFound(Problem):
    """No such thing, or none the actor may know of (404): the two are never told apart."""

    status, code, title = 404, "not_found", N_("There is nothing here")


class Conflict(Problem):
    """Not possible as things stand (409); `reasons` lists every rule that says no."""

    status, code, title = 409, "conflict", N_("This is not possible as things stand")


class NotAll(Conflict):
    """Of what was to be done together some cannot be, so nothing was (409); `failed` says which, and why."""

    code, title = "not_all", N_("Nothing was done: not all of it is possible")

    def __init__(self, what: str, failed: Mapping[int, Problem], detail: Text | None = None) -> None:
        super().__init__(detail)
        self.what, self.failed = what, dict(failed)


class Invalid(Problem):
    """The input breaks its form (422); `fields` maps each field to its messages."""

    status, code, title = 422, "invalid", N_("Please check the marked fields")


class TooMany(Problem):
    """Too many tries (429)."""

    status, code, title = 429, "too_many_tries", N_("Too many tries; please wait a while")


class Busy(Problem):
    """The database could not serve this in time (503); nothing was changed, try again."""

    status, code, title = 503, "busy", N_("The service is busy; nothing was changed, please try again")

    def __init__(self, detail: Text | None = None, *, retry_after: int = 1, **rest: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **rest)
