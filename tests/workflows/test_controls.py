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
from activities.ledger.effects import EffectRow, Intent
from activities.ledger.halts import halt
from activities.ledger.leads import Lead
from activities.mail_gate import MailCase
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

    async def _judge(self, tx: AsyncConnection, case: MailCase) -> Outcome | None:
        return None


class Forgetful(Messaging):
    """It claims every attempt under a new key, as if there were no ledger of effects."""

    attempts = count()

    async def _intent(self, effect: SendEmail, scene: Scene, row: EffectRow | None) -> Intent:
        intent = await super()._intent(effect, scene, row)
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
    return await send_in(world, automation, lead, (kind, times, ledger), **facts)


async def send_in(
    world: World,
    automation: str,
    lead: Lead,
    how: tuple[type[Messaging], int, Ledger | None],
    **facts: Any,
) -> list[Any]:
    """The same in an automation and for a lead of one's own."""
    kind, times, ledger = how
    request = Request(automation, lead, f"{automation}/{lead.lead}")
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
    return [*answers, mails_to(world, lead)]


def mails_to(world: World, lead: Lead) -> int:
    """How many mails have come for a lead."""
    mails = world.sandbox.sandbox.mail.messages()
    return sum(mail.to_address == lead.email for mail in mails)


@pytest.mark.parametrize(("kind", "result"), [(Messaging, ["refused", 0]), (Ungated, ["sent", 1])])
async def test_only_the_gate_keeps_a_mail_from_someone_who_opted_out(
    world: World, kind: type[Messaging], result: list[Any]
) -> None:
    opted_out: Mapping[str, Any] = {"unsubscribe": {}}
    assert await send(world, kind, **opted_out) == result


GUARDS: dict[str, tuple[dict[str, Any], str]] = {
    "consent": ({"consent": {"needs": ["news"]}}, "refused"),
    "halt": ({}, "held"),
    "frequency cap": ({"caps": {"frequency_cap": "1 per 7 days"}}, "held"),
    "mails of a campaign a day": ({"caps": {"per_day": 1}}, "held"),
    "slots of a mailbox": ({"sender": "control"}, "held"),
}


@pytest.mark.parametrize("guard", GUARDS)
async def test_each_guard_of_the_gate_is_what_keeps_a_mail_back(world: World, guard: str) -> None:
    options, verdict = GUARDS[guard]
    automation = await world.publish(REST, **options)
    before, lead = (world.lead(consent_news="yes 2026-01-05") for _ in range(2))
    if guard == "frequency cap":
        await send_in(world, await world.publish(REST), lead, (Messaging, 1, None))
    elif guard != "halt":
        await send_in(world, automation, before, (Messaging, 1, None))
    if guard == "halt":
        await halt(world.ledger, "default", automation, ("Ada", "wrong prices"))
    facts = {"consent_withdrawn": {"consent": "news"}} if guard == "consent" else {}
    got = mails_to(world, lead)
    kept = await send_in(world, automation, lead, (Messaging, 1, None), **facts)
    assert kept == [verdict, got]
    assert await send_in(world, automation, lead, (Ungated, 1, None)) == ["sent", got + 1]


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
