"""A stop and a send that has just been judged: the stop waits until the INTENT is committed.

On PostgreSQL, where transactions really run at once. With the locks taken out the same scenes show
the harm, a mail that begins after its stop was acknowledged: so these tests are able to fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.effects import find_effect
from activities.ledger.erasing import Order as Erasure
from activities.ledger.erasing import begin
from activities.ledger.halts import halt
from activities.ledger.inbox import Incoming
from activities.ledger.leads import Lead
from activities.ledger.lifecycle import switch_center
from activities.ledger.publishing import set_state
from activities.ledger.recipients import person_at
from activities.ledger.retiring import turn_off
from activities.ledger.template_lives import Order, Written, deactivate, draft
from activities.mail_gate import MailCase
from activities.messaging import Messaging
from config.settings import Settings
from starters.commands.opened import Opened
from starters.commands.suppressing import Said, suppress
from starters.commands.whom import Whom
from tests.activities.ledger.scenes import ACCOUNTS, AT, INTRO, SEND, a_lead, enter, happens, make
from tests.activities.ledger.test_mail_gate import OPEN, Post, mail_of
from workflows.engine.effects import Outcome
from workflows.engine.events import Event

pytestmark = pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)

WORK = "ada@work.example"
LONG = 60.0
"""Seconds that nothing here takes, on however slow a machine."""


class Pausing(Messaging):
    """Judges as ever, and stays inside the claiming transaction until told to ``go_on``."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger, ACCOUNTS, Post(), "http://127.0.0.1:1")
        self.judged, self.go_on = asyncio.Event(), asyncio.Event()

    async def _judge(self, tx: AsyncConnection, case: MailCase) -> Outcome | None:
        verdict = await super()._judge(tx, case)
        self.judged.set()
        await self.go_on.wait()
        return verdict


class Unlocked(Ledger):
    """Its transactions wait for no other."""

    @asynccontextmanager
    async def transaction(
        self, *_exclusive: str, shared: Sequence[str] = ()
    ) -> AsyncIterator[AsyncConnection]:
        async with super().transaction() as tx:
            yield tx


Stop = Callable[[Ledger, Lead], Awaitable[object]]


def event(kind: str) -> Stop:
    return lambda ledger, lead: happens(ledger, lead, kind)


async def opt_out_of_the_address(ledger: Ledger, lead: Lead) -> object:
    """By the address that the mail goes to, which is not the one that the lead is known by."""
    told = Event(id="e", kind="unsubscribe", at=AT)
    person = person_at(ledger, lead, WORK)
    return await take_in(ledger, Incoming(told, "default", "test", None, person), ACCOUNTS)


def order(**what: str) -> Stop:
    """An operator suppresses the lead."""

    async def given(ledger: Ledger, lead: Lead) -> object:
        whom = Whom("default", lead=lead.lead, **what)
        return await suppress(Opened(Settings(), ledger, ACCOUNTS), whom, Said("ada", "asked"))

    return given


async def erasure(ledger: Ledger, lead: Lead) -> object:
    return await begin(
        ledger, Erasure("default", (lead.lead,), (lead.person,), "ada", "asked"), ACCOUNTS
    )


STOPS: dict[str, Stop] = {
    "an opt-out": event("unsubscribe"),
    "an opt-out of that address": opt_out_of_the_address,
    "a bounce": event("bounce"),
    "a reply": event("reply"),
    "a meeting": event("meeting_booked"),
    "an order for one campaign": order(campaign="spring"),
    "an order for mails": order(channel="email"),
    "an erasure": erasure,
    "a halt": lambda ledger, _: halt(ledger, "default", "spring", ("ada", "a test")),
    "a halt of the center": lambda ledger, _: halt(ledger, "default", None, ("ada", "a test")),
    "disabled": lambda ledger, _: set_state(ledger, "spring", "disabled", "ada"),
    "its center disabled": lambda ledger, _: switch_center(ledger, "default", "disabled", "ada"),
    "turned off": lambda ledger, _: turn_off(ledger, "spring", "ada", ACCOUNTS),
    "its template deactivated": lambda ledger, _: deactivate(
        ledger, Order("default", "intro", "ada")
    ),
}

ONE_OF_EACH_LOCK = (
    "an opt-out",
    "an opt-out of that address",
    "a halt",
    "its template deactivated",
)


@dataclass(frozen=True, slots=True)
class Race:
    """What came of it. ``waited`` says whether the stop waited for a lock of the send."""

    waited: bool
    first: Outcome
    begun_at: datetime
    acked_at: datetime
    next: Outcome


@pytest.fixture
async def unlocked(ledger: Ledger, ledger_url: str) -> AsyncIterator[Ledger]:
    """The same ledger, for a send that takes no locks."""
    opened = await Unlocked.open(ledger_url)
    yield opened
    await opened.close()


async def race(ledger: Ledger, of_the_send: Ledger, stop: Stop) -> Race:
    """Stop a lead while its mail has been judged and its INTENT is not written yet."""
    await draft(ledger, "default", [Written(INTRO, "text")], "ada")
    await make(ledger, campaign=OPEN, steps=[SEND | {"recipient_field": "work_email"}])
    lead = a_lead(ledger, first_name="A", work_email=WORK)
    mail = mail_of(await enter(ledger, lead), recipient_field="work_email")
    messaging = Pausing(of_the_send)

    async def acknowledged() -> datetime:
        await stop(ledger, lead)
        async with ledger.reading() as tx:
            return await ledger.now(tx)

    async with asyncio.timeout(LONG), asyncio.TaskGroup() as group:
        sending = group.create_task(messaging.send_email(mail))
        await messaging.judged.wait()
        stopping = group.create_task(acknowledged())
        waited = await _waits(ledger, stopping)
        messaging.go_on.set()
    async with ledger.reading() as tx:
        row = await find_effect(tx, mail.key)
    assert row
    assert row.intent_at
    again = await messaging.send_email(mail.model_copy(update={"visit": 2}))
    return Race(waited, sending.result(), row.intent_at, stopping.result(), again)


async def _waits(ledger: Ledger, stopping: asyncio.Task[datetime]) -> bool:
    """Whether the stop waits for a lock; False once it is acknowledged."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    while not stopping.done():
        async with ledger.reading() as tx:
            if await tx.scalar(waiting):
                return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize("stop", STOPS)
async def test_a_stop_is_acknowledged_after_the_intent_of_a_mail_that_was_judged_before_it(
    ledger: Ledger, stop: str
) -> None:
    found = await race(ledger, ledger, STOPS[stop])
    assert found.waited
    assert found.first.state == "sent"
    assert found.begun_at < found.acked_at
    assert found.next.state in ("held", "refused")


@pytest.mark.parametrize("stop", ONE_OF_EACH_LOCK)
async def test_without_the_locks_of_a_send_its_mail_begins_after_the_stop(
    ledger: Ledger, unlocked: Ledger, stop: str
) -> None:
    found = await race(ledger, unlocked, STOPS[stop])
    assert not found.waited
    assert found.first.state == "sent"
    assert found.acked_at < found.begun_at
