"""``python -m tests.faults.unguarded GUARD``: a worker, or an ingress, with one guard taken out.

What these do wrong the checker must report: a checker that finds nothing might be looking away.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from email.message import EmailMessage
from uuid import uuid4

import uvicorn
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.client import Client
from temporalio.worker import Worker

from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.effects import EffectRow, Intent
from activities.ledger.inbox import Incoming, Received
from activities.mail_gate import MailCase
from activities.messaging import Messaging
from activities.scene import Scene
from activities.vendors.ports import HandOver, Mailer, Receipt
from config.settings import Settings, load_settings
from starters.ingress.app import create_app
from starters.ingress.reception import Reception
from starters.ingress.temporal_link import temporal_link
from starters.processes.ending import finish
from starters.processes.supervisor import until_stopped
from tests.workflows.swapped import Swapped
from workers.main import activities_of, ensure_search_attributes, queues
from workers.plugin import connect
from workers.repair import Repair
from workers.vendors import load_connections, mailer_of
from workflows.contracts import TASK_QUEUE
from workflows.engine.effects import Outcome, SendEmail
from workflows.enrollment import Enrollment
from workflows.writeback import Writeback


class Ungated(Messaging):
    """Without ``gate``: its judge lets everything go. Its worker has no repair loop, either: what
    Temporal is told in time would stop the mails that the gate would have stopped."""

    async def _judge(self, tx: AsyncConnection, case: MailCase) -> Outcome | None:
        return None


class Uncapped(Messaging):
    """Without ``caps``: slots are given, and nobody counts them."""

    async def _judge(self, tx: AsyncConnection, case: MailCase) -> Outcome | None:
        return await super()._judge(tx, replace(case, pace=replace(case.pace, daily=())))


class Sleepless(Messaging):
    """Without ``window``: it is always open."""

    async def _judge(self, tx: AsyncConnection, case: MailCase) -> Outcome | None:
        return await super()._judge(tx, replace(case, pace=replace(case.pace, window=None)))


class Unreviewed(Messaging):
    """Without ``review``: the gate does not ask whether a mail was approved."""

    async def _judge(self, tx: AsyncConnection, case: MailCase) -> Outcome | None:
        automation = case.sending.automation
        steps = tuple(step for step in automation.steps if step.kind != "approval")
        plain = automation.model_copy(update={"steps": steps})
        return await super()._judge(
            tx, replace(case, sending=replace(case.sending, automation=plain))
        )


class Forgetful(Messaging):
    """Without ``claim``: every attempt has a key of its own, as if there were no ledger."""

    async def _intent(self, effect: SendEmail, scene: Scene, row: EffectRow | None) -> Intent:
        intent = await super()._intent(effect, scene, row)
        return replace(intent, key=f"{intent.key}/{uuid4().hex}")


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """Without ``hand_over``: nobody is told that the point of no return is passed."""

    mailer: Mailer

    async def send(self, message: EmailMessage, hand_over: HandOver) -> Receipt:
        """Send without handing over."""
        return await self.mailer.send(message, _nothing)


async def _nothing() -> None:
    return None


class Renaming(Reception):
    """Without ``dedupe``: every event is taken for a new one."""

    async def take_in(self, incoming: Incoming) -> Received:
        """Take it in under an id of its own."""
        event = incoming.event.model_copy(update={"id": f"{incoming.event.id}-{uuid4().hex}"})
        return await super().take_in(replace(incoming, event=event))


def messaging(
    guard: str, ledger: Ledger, connections: Connections, settings: Settings
) -> Messaging:
    """The activities of mail without ``guard``."""
    kinds: dict[str, type[Messaging]] = {
        "gate": Ungated,
        "caps": Uncapped,
        "window": Sleepless,
        "review": Unreviewed,
        "claim": Forgetful,
    }
    mailer = mailer_of(settings)
    trusted = Unrecorded(mailer) if guard == "hand_over" else mailer
    return kinds.get(guard, Messaging)(ledger, connections, trusted, settings.ingress.public_url)


async def work(guard: str, client: Client, ledger: Ledger, settings: Settings) -> None:
    """Work until cancelled, as ``workers.main.run_worker`` does. Without ``order`` the workflow
    gives two of its commands in the other order, as a careless release would."""
    connections = load_connections(settings.connections)
    await ensure_search_attributes(client)
    by_queue = queues(ledger, connections, settings)
    # All but those of mail are as ever.
    others = [
        one
        for one in by_queue["messaging"]
        if not isinstance(getattr(one, "__self__", None), Messaging)
    ]
    mails = activities_of(messaging(guard, ledger, connections, settings))
    by_queue["messaging"] = [*mails, *others]
    enrollment = Swapped if guard == "order" else Enrollment
    async with AsyncExitStack() as running:
        for queue, activities in by_queue.items():
            workflows = [enrollment, Writeback] if queue == TASK_QUEUE else []
            worker = Worker(client, task_queue=queue, workflows=workflows, activities=activities)
            await running.enter_async_context(worker)
        _say_ready()
        if guard == "gate":
            await asyncio.Event().wait()
        await Repair(ledger, client, connections).run()


async def serve(settings: Settings, ledger: Ledger) -> None:
    """Take events in until cancelled."""
    connections = load_connections(settings.connections)
    async with temporal_link() as link:
        app = create_app(Renaming(ledger, connections, settings.ingress, link))
        config = uvicorn.Config(
            app, host=settings.ingress.host, port=settings.ingress.port, log_level="warning"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.02)
        _say_ready()
        await serving


def _say_ready() -> None:
    sys.stdout.write(json.dumps({"ready": "unguarded"}) + "\n")
    sys.stdout.flush()


async def run(guard: str) -> None:
    """Run what lacks the guard, until SIGTERM."""
    settings = load_settings()
    ledger = await Ledger.open(settings.ledger_url)
    try:
        if guard == "dedupe":
            await serve(settings, ledger)
        else:
            await work(guard, await connect(), ledger, settings)
    finally:
        await ledger.close()


if __name__ == "__main__":
    asyncio.run(until_stopped(run(sys.argv[1])))
    finish(0)
