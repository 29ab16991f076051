"""The same life over HTTP: what people do with bookings goes through the JSON door, refusals come back as reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from labshare.booking import services
from labshare.booking.services.asking import Draft
from labshare.kernel.actor import Actor
from labshare.kernel.errors import Problem, Reason
from labshare.kernel.slots import Slot
from tests.cast import ApiClient
from tests.conftest import Visitor
from tests.proof.life import deciding, moves, offering, using
from tests.proof.life.world import World


class Refused(Problem):
    """A refusal as the door told it."""

    def __init__(self, told: dict[str, Any]) -> None:
        reasons = [Reason(one["code"], one["message"]) for one in told.get("reasons", ())]
        super().__init__(told["title"], code=told["code"], reasons=reasons)


class Door:
    """What the moves ask of `services`, said by JSON; what has no door of its own is asked directly."""

    def __init__(self, world: World) -> None:
        self.world, self.said = world, 0
        self.people = {number: name for name, number in world.cast.people.items()}
        world.app.test_client_class = Visitor

    def __getattr__(self, name: str) -> Any:
        return getattr(services, name)

    def _send(self, actor: Actor, path: str, body: dict[str, Any]) -> Any:
        self.said += 1
        client = ApiClient(self.world.app.test_client(), self.world.tokens[self.people[actor.person_id or 0]])
        answer = client.post(path, body, headers={"Idempotency-Key": f"life-{self.said}"})
        assert answer.status_code < 422, answer.get_data(as_text=True)
        told = answer.get_json()
        if answer.status_code >= 400:
            raise Refused(told)
        return SimpleNamespace(**told)

    def _of(self, actor: Actor, booking_id: int, move: str, **body: Any) -> Any:
        return self._send(actor, f"/bookings/{booking_id}/{move}", {k: v for k, v in body.items() if v is not None})

    def request(self, actor: Actor, draft: Draft) -> Any:
        asked = {"instrument": draft.instrument, "purpose": draft.purpose, "company": draft.company_id}
        return self._send(actor, "/bookings", asked | times(draft.slot))

    def move(self, actor: Actor, booking_id: int, slot: Slot) -> Any:
        return self._of(actor, booking_id, "move", **times(slot))

    def approve(self, actor: Actor, booking_id: int, answer: str, *, waive: Sequence[str]) -> Any:
        return self._of(actor, booking_id, "approve", reason=answer, waive=list(waive))

    def offer(self, actor: Actor, booking_id: int, slot: Slot, answer: str, *, waive: Sequence[str]) -> Any:
        return self._of(actor, booking_id, "offer", reason=answer, waive=list(waive), **times(slot))

    def reject(self, actor: Actor, booking_id: int, reason: str) -> Any:
        return self._of(actor, booking_id, "reject", reason=reason)

    def cancel(self, actor: Actor, booking_id: int) -> Any:
        return self._of(actor, booking_id, "cancel")

    def accept(self, actor: Actor, booking_id: int, wish: services.Wish | None = None) -> Any:
        wished = {} if wish is None else {"instrument": wish.instrument, **times(wish.slot)}
        return self._of(actor, booking_id, "accept", **wished)

    def decline(self, actor: Actor, booking_id: int) -> Any:
        return self._of(actor, booking_id, "decline")

    def check_in(self, actor: Actor, booking_id: int) -> Any:
        return self._of(actor, booking_id, "check-in")

    def check_out(self, actor: Actor, booking_id: int) -> Any:
        return self._of(actor, booking_id, "check-out")

    def record(self, actor: Actor, booking_id: int, slot: Slot, *, reason: str) -> Any:
        return self._of(actor, booking_id, "usage", reason=reason, **times(slot))


def times(slot: Slot) -> dict[str, str]:
    return {"starts_at": _written(slot.start), "ends_at": _written(slot.end)}


def _written(moment: datetime) -> str:
    return moment.isoformat()


def through(world: World, patch: pytest.MonkeyPatch) -> Door:
    """From now on the moves of a life go through the door."""
    door = Door(world)
    for module in (moves, using, offering, deciding):
        patch.setattr(module, "services", door)
    return door
