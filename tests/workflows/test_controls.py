"""Negative controls: with a guard taken out, the very same scene shows the harm it prevents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import dispatch
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.effects import Intent
from activities.messaging import Messaging
from activities.scene import Scene
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import World
from workers.vendors import mailer_of
from workflows.contracts import enrollment_id
from workflows.engine.effects import Outcome, SendEmail

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Nothing runs in these scenes: the mail's activity is called by the test alone.
REST = "[{id: w, kind: wait, for: 20 days}, {id: a, kind: send_email, template: intro}]"


class Ungated(Messaging):
    """Its judge lets everything go."""

    async def _judge(
        self, tx: AsyncConnection, effect: SendEmail, scene: Scene, payload: Mapping[str, Any]
    ) -> Outcome | None:
        return None


class Forgetful(Messaging):
    """It claims every attempt under a new key, as if there were no ledger of effects."""

    attempts = count()

    async def _intent(self, effect: SendEmail, scene: Scene) -> Intent:
        intent = await super()._intent(effect, scene)
        return replace(intent, key=f"{intent.key}/{next(self.attempts)}")


class Skewed(Ledger):
    """A ledger seen from a machine whose clock is ahead by ``ahead``."""

    ahead = timedelta()

    def machine_clock(self) -> datetime:
        """Not what the ledger's clock says."""
        return super().machine_clock() + self.ahead


async def send(
    world: World,
    kind: type[Messaging],
    times: int = 1,
    ledger: Ledger | None = None,
    **facts: Any,
) -> list[Any]:
    """Ask ``kind`` for one mail, ``times`` times; its answers, and how many mails came."""
    automation, lead = await world.publish(REST), world.lead()
    request = Request(automation, lead, f"{automation}/1")
    await dispatch.enroll(world.ledger, world.client, request, ACCOUNTS)
    for event, data in facts.items():
        await world.happens(lead, event, **data)
    effect = SendEmail(
        kind="send_email",
        enrollment=enrollment_id(automation, lead.lead),
        entry=1,
        step="a",
        visit=1,
        template="intro",
    )
    public = world.settings.ingress.public_url
    messaging = kind(ledger or world.ledger, ACCOUNTS, mailer_of(world.settings), public)
    answers = [(await messaging.send_email(effect)).state for _ in range(times)]
    mails = world.sandbox.sandbox.mail.messages()
    return [*answers, sum(mail.to_address == lead.email for mail in mails)]


@pytest.mark.parametrize(("kind", "result"), [(Messaging, ["refused", 0]), (Ungated, ["sent", 1])])
async def test_only_the_gate_keeps_a_mail_from_someone_who_opted_out(
    world: World, kind: type[Messaging], result: list[Any]
) -> None:
    opted_out: Mapping[str, Any] = {"unsubscribe": {}}
    assert await send(world, kind, **opted_out) == result


@pytest.mark.parametrize(
    ("kind", "result"), [(Messaging, ["sent", "sent", 1]), (Forgetful, ["sent", "sent", 2])]
)
async def test_only_the_effect_ledger_keeps_a_second_attempt_from_a_second_mail(
    world: World, kind: type[Messaging], result: list[Any]
) -> None:
    assert await send(world, kind, times=2) == result


@pytest.mark.parametrize(("seconds", "sends"), [(0, True), (20, True), (40, False), (-40, False)])
async def test_a_worker_whose_clock_is_off_refuses_to_send(
    world: World, seconds: int, sends: bool
) -> None:
    ledger = await Skewed.open(world.settings.ledger_url)
    assert isinstance(ledger, Skewed)
    ledger.ahead = timedelta(seconds=seconds)
    try:
        if sends:
            assert await send(world, Messaging, ledger=ledger) == ["sent", 1]
        else:
            with pytest.raises(ApplicationError, match="30 s off") as refused:
                await send(world, Messaging, ledger=ledger)
            assert not refused.value.non_retryable  # it is tried again: by another worker, or later
    finally:
        await ledger.close()


async def test_the_controls_differ_from_the_real_thing_in_the_guard_alone() -> None:
    for kind, guard in ((Ungated, "_judge"), (Forgetful, "_intent")):
        own = {name for name in vars(kind) if not name.startswith("__")} - {"attempts"}
        assert own == {guard}
        assert activity._Definition.from_callable(kind.send_email)
