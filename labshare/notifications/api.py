"""The JSON door to messages, and for admins to mails."""

from __future__ import annotations

from typing import Any

from labshare.kernel.retry import Retry
from labshare.notifications import queries, services
from labshare.notifications.models import Delivery, Message
from labshare.notifications.policy import require_admin
from labshare.notifications.queries import Choices, Mail, Retried, Unread, require_mail, require_message
from labshare.notifications.schemas import (
    ChoicesIn,
    ChoicesOut,
    DeliveriesIn,
    DeliveriesOut,
    DeliveryOut,
    MessagesIn,
    MessagesOut,
    ReadIn,
    RetriedOut,
    UnreadOut,
)
from labshare.web.api import Blueprint
from labshare.web.guard import actor, first
from labshare.web.paging import Page, page

blp = Blueprint("messages", "What one is told, and by which way")


@blp.get("/messages")
@blp.refuses(422)
@blp.arguments(MessagesIn, location="query")
@blp.response(200, MessagesOut)
def listed(query: dict[str, Any]) -> Page:
    """The actor's messages, newest first."""
    wanted = queries.messages(actor(), unread=query["unread"])
    found = page(wanted, Message.id, Message.id, query["limit"], query["cursor"], newest_first=True)
    return Page(queries.shown(found.items), found.next)


@blp.post("/messages/read")
@blp.changes(200, UnreadOut, body=ReadIn)
def read(body: dict[str, Any], retry: Retry | None) -> Unread:
    """Everything up to a message is read."""
    return services.mark_read(actor(), body["upto"], retry)


@blp.post("/messages/<id:message_id>/read")
@first(require_message)
@blp.changes(200, UnreadOut)
def read_one(message_id: int, retry: Retry | None) -> Unread:
    """One message is read."""
    return services.mark_one(actor(), message_id, True, retry)


@blp.post("/messages/<id:message_id>/unread")
@first(require_message)
@blp.changes(200, UnreadOut)
def unread_one(message_id: int, retry: Retry | None) -> Unread:
    """One message is not read after all."""
    return services.mark_one(actor(), message_id, False, retry)


@blp.get("/me/choices")
@blp.response(200, ChoicesOut)
@blp.refuses()
def choices() -> Choices:
    """Of which groups of messages mail comes to the actor; their inbox holds them all."""
    return queries.choices(actor())


@blp.post("/me/choices")
@blp.changes(200, ChoicesOut, body=ChoicesIn)
def choose(body: dict[str, Any], retry: Retry | None) -> Choices:
    """Say of which groups mail comes; links to passwords and invitations always do."""
    return services.choose(actor(), body["mail"], retry)


@blp.get("/deliveries")
@first(require_admin)
@blp.refuses(403, 422)
@blp.arguments(DeliveriesIn, location="query")
@blp.response(200, DeliveriesOut)
def deliveries(query: dict[str, Any]) -> Page:
    """Mails in one state, newest first; those that never arrived unless another one is named."""
    wanted = queries.mails(query["state"])
    found = page(wanted, Delivery.id, Delivery.id, query["limit"], query["cursor"], newest_first=True)
    return Page([Mail(*row) for row in found.items], found.next)


@blp.post("/deliveries/retry")
@first(require_admin)
@blp.changes(200, RetriedOut)
def retry_all(retry: Retry | None) -> Retried:
    """Give dead letters five new tries, the oldest 200 first."""
    return services.send_all_again(actor(), retry)


@blp.post("/deliveries/<id:delivery_id>/retry")
@first(require_mail)
@blp.changes(200, DeliveryOut)
def retry(delivery_id: int, retry: Retry | None) -> Mail:
    """Give a dead letter five new tries."""
    return services.send_again(actor(), delivery_id, retry)
