"""A ledger put back from a backup: nothing begins until it knows again what has happened."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from temporalio.client import WorkflowExecutionStatus

from activities import dispatch
from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.admissions import Request
from activities.ledger.high_water import BEHIND, find_behind
from activities.ledger.leads import Lead
from activities.ledger.suppressions import suppression_of
from activities.ledger.tables import admissions
from activities.messaging import Messaging
from tests.patience import until
from tests.starters.commands import Commands
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import Journey, World, open_world, stop
from workers.repair import Repair
from workers.vendors import mailer_of
from workflows.contracts import enrollment_id
from workflows.engine.effects import SendEmail

LONG = """
- {id: a, kind: send_email, template: intro}
- {id: rest, kind: wait_for, events: [go], timeout: 20 days}
- {id: b, kind: send_email, template: intro}
- {id: again, kind: wait_for, events: [go], timeout: 20 days}
- {id: c, kind: send_email, template: intro, thread: true}
"""
SHORT = "[{id: a, kind: send_email, template: intro}]"


def copy(database: Path, to: Path) -> None:
    """A backup as an operator makes it, of a ledger in use."""
    with sqlite3.connect(database) as source, sqlite3.connect(to) as target:
        source.backup(target)


async def put_back(world: World, backup: Path) -> None:
    """The backup in the place of the ledger, which nobody uses meanwhile."""
    await world.ledger.close()
    database = backup.parent / "ledger.db"
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (backup.parent / name).unlink(missing_ok=True)
    copy(backup, database)
    world.ledger = await Ledger.open(f"sqlite:///{database}")


async def at_rest(world: World, automation: str) -> Journey:
    journey = await world.enroll(automation)
    await journey.until_at("rest")
    return journey


async def send_by(ledger: Ledger, world: World, journey: Journey, step: str) -> str:
    """Ask for a mail of a journey with that ledger; what the gate says."""
    effect = SendEmail(
        kind="send_email",
        enrollment=journey.handle.id,
        entry=1,
        step=step,
        visit=1,
        template="intro",
    )
    public = world.settings.ingress.public_url
    messaging = Messaging(ledger, ACCOUNTS, mailer_of(world.settings), public)
    return (await messaging.send_email(effect)).state


@dataclass(frozen=True)
class Cast:
    """Four leads at rest at the backup, and one that was only admitted, ``begun``. In the gap
    ``mailed`` got one more mail, ``left`` all of them and another automation, ``short``;
    ``opted_out`` did; ``begun`` went through ``short``."""

    quiet: Journey
    mailed: Journey
    left: Journey
    opted_out: Journey
    short: str
    begun: Lead

    def mails(self) -> list[int]:
        """How many mails each has got."""
        return [one.mails() for one in (self.quiet, self.mailed, self.left, self.opted_out)]


async def test_a_restored_ledger_sends_nothing_until_it_is_reconciled_and_then_nothing_twice(
    tmp_path: Path,
) -> None:
    async with open_world(tmp_path, works=False) as world:
        worker, backup = world.work(), tmp_path / "backup.db"
        long, short = await world.publish(LONG), await world.publish(SHORT)
        quiet, mailed, left, opted_out = [await at_rest(world, long) for _ in range(4)]
        cast = Cast(quiet, mailed, left, opted_out, short, world.lead())
        await dispatch.enroll(world.ledger, None, first(cast), world.accounts)
        copy(tmp_path / "ledger.db", backup)
        await happens_in_the_gap(world, cast)
        assert cast.mails() == [1, 2, 4, 1]
        await stop(worker)
        await put_back(world, backup)
        world.work()
        await until_behind(world.ledger)
        await nothing_begins(world, cast)
        await nothing_is_repaired(world, cast)
        assert cast.mails() == [1, 2, 4, 1]
        await reconcile(world, tmp_path)
        await goes_on(world, cast)
        assert cast.mails() == [2, 3, 4, 1]
        await control(world, backup, cast)


async def happens_in_the_gap(world: World, cast: Cast) -> None:
    for journey in (cast.mailed, cast.left):
        await world.happens(journey.lead, "go")
        await journey.until_at("again")
    await world.happens(cast.left.lead, "go")
    await cast.left.ends()
    await world.happens(cast.opted_out.lead, "unsubscribe")
    await cast.opted_out.ends()
    await (await world.enroll(cast.short, cast.left.lead)).ends()
    started = await dispatch.enroll(world.ledger, world.client, first(cast), world.accounts)
    await world.client.get_workflow_handle(started.enrollment).result()


async def nothing_begins(world: World, cast: Cast) -> None:
    """And nobody is enrolled; an event is taken in all the same."""
    await world.happens(cast.quiet.lead, "go")
    status = await cast.quiet.until_at("b", "held")
    assert status.held_because == BEHIND
    with pytest.raises(LedgerUnavailable, match="dripstone reconcile"):
        await dispatch.enroll(world.ledger, None, again(cast), world.accounts)


async def nothing_is_repaired(world: World, cast: Cast) -> None:
    """What the backup takes to be admitted and not begun has long ended: it is not begun anew."""
    async with world.ledger.transaction() as tx:
        old = datetime.now(UTC) - timedelta(minutes=5)
        await tx.execute(update(admissions).values(admitted_at=old))
    await Repair(world.ledger, world.client, world.accounts).one_pass()
    handle = world.client.get_workflow_handle(enrollment_id(cast.short, cast.begun.lead))
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def reconcile(world: World, directory: Path) -> None:
    """The command, looked at first, then given again, then to release."""
    command = Commands(directory, world.client.service_client.config.target_host)
    looked = await asyncio.to_thread(command, "reconcile", "--json", "--by=ada")
    rebuilt = looked.document["rebuilt"]
    assert (rebuilt["entries"], rebuilt["closed"], rebuilt["lost"]) == (1, 3, [])
    assert (rebuilt["sent"], rebuilt["unknown"], rebuilt["events"]) == (5, 0, 1)
    twice = (await asyncio.to_thread(command, "reconcile", "--json")).document["rebuilt"]
    assert [twice[name] for name in ("entries", "closed", "sent", "events")] == [0, 0, 0, 0]
    unsaid = await asyncio.to_thread(command, "reconcile", "--release")
    assert (unsaid.status, "--reason" in unsaid.err) == (2, True)
    why = ("--reason", "events were sent again")
    released = await asyncio.to_thread(command, "reconcile", "--release", *why)
    assert (released.status, "released" in released.out) == (0, True), released
    assert (await asyncio.to_thread(command, "reconcile", "--release", *why)).status == 1


async def goes_on(world: World, cast: Cast) -> None:
    """The held by itself; and nobody gets anything twice, or against their will."""
    await cast.quiet.until_at("again")
    await world.happens(cast.mailed.lead, "go")
    assert (await cast.mailed.ends()).sends == 3
    refused = await dispatch.enroll(world.ledger, None, again(cast), world.accounts)
    assert "enrolled before" in refused.refused
    for step in ("a", "b", "c"):
        assert await send_by(world.ledger, world, cast.left, step) == "sent"  # before
    assert await send_by(world.ledger, world, cast.opted_out, "b") == "refused"


async def control(world: World, backup: Path, cast: Cast) -> None:
    """The negative control: the same backup with nobody comparing does all the harm there is."""
    unaware = await Ledger.open(f"sqlite:///{backup}")
    try:
        async with unaware.reading() as tx:
            assert await suppression_of(unaware, tx, cast.opted_out.lead) is None
        assert await send_by(unaware, world, cast.opted_out, "b") == "sent"
        assert cast.opted_out.mails() == 2  # against its will
        assert await send_by(unaware, world, cast.left, "b") == "sent"
        assert cast.left.mails() == 5  # the same mail once more
        entered = await dispatch.enroll(unaware, None, again(cast), world.accounts)
        assert not entered.refused  # and it may go through it all again
    finally:
        await unaware.close()


def first(cast: Cast) -> Request:
    """The lead that has been admitted at the backup, and not more."""
    return Request(cast.short, cast.begun, f"import/{cast.begun.lead}")


def again(cast: Cast) -> Request:
    """Who has been through it, asked for once more, as an import that is repeated does."""
    return Request(cast.short, cast.left.lead, f"import/{cast.left.lead.lead}")


async def until_behind(ledger: Ledger) -> None:
    async def look() -> object:
        async with ledger.reading() as tx:
            return await find_behind(tx)

    await until(look)
