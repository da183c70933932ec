"""Erasing a lead that is inside: it leaves, its runs are gone from Temporal, nothing comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.service import RPCError

from activities.dispatch import enroll
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.erasing import Order, records_and_persons
from activities.ledger.leads import Lead, new_lead
from activities.ledger.suppressions import suppression_of
from tests.activities.ledger.canaries import files_with, places_with
from tests.workflows.test_operating import reset_to_the_first_event
from tests.workflows.world import PATIENCE, Journey, World, open_world
from workers.erasing import Erased, Patience, erase

pytestmark = pytest.mark.asyncio(loop_scope="session")

STEPS = """
- {id: a, kind: send_email, template: intro}
- {id: w, kind: wait, for: 20 days}
- {id: b, kind: send_email, template: intro}
"""


async def order_for(world: World, lead: Lead) -> Order:
    async with world.ledger.reading() as tx:
        found = await records_and_persons(world.ledger, tx, "default", lead.lead)
    return Order("default", *found, by="Eva", why="ticket 7")


async def erased(world: World, lead: Lead) -> Erased:
    order = await order_for(world, lead)
    return await erase(world.ledger, world.client, order, world.accounts, Patience(PATIENCE))


async def runs_left(journey: Journey) -> list[str]:
    """The runs that Temporal still has of a lead's workflow, once its list has caught up."""
    client = journey.world.client
    async with asyncio.timeout(PATIENCE):
        while True:
            found = client.list_workflows(f"WorkflowId = '{journey.handle.id}'")
            left = [one.run_id or "" async for one in found]
            try:
                await journey.handle.describe()
            except RPCError:
                if not left:
                    return []
            else:
                return left or ["one that is not listed"]
            await asyncio.sleep(0.2)


async def test_every_run_is_gone_and_the_lead_has_left(world: World) -> None:
    word = "Erased-Canary-One"
    automation = await world.publish(STEPS)
    journey = await world.enroll(automation, world.lead(last_name=word))
    other = await world.enroll(automation)
    await journey.until_at("w")
    await other.until_at("w")
    await journey.handle.signal("event", {"id": "seen", "kind": "visited", "text": word})
    await reset_to_the_first_event(journey)
    await journey.until_at("w")
    done = await erased(world, journey.lead)
    assert (done.is_done, done.enrollments, done.runs) == (True, 1, 2)
    assert "smtp" in done.elsewhere
    assert await runs_left(journey) == []
    row = await journey.row()
    assert (row["state"], row["exit"], row["timeline"]) == ("CLOSED", "lead_gone", [])
    assert (await places_with(world.ledger, word), journey.mails()) == ([], 1)
    assert (await other.status()).step == "w"
    again = await erased(world, journey.lead)
    assert (again.is_done, again.runs) == (True, 0)


class CutOff(Exception):
    """The process that erased is no more."""


class Mortal(Ledger):
    """A ledger whose process dies when it asks for one transaction too many."""

    lives = 0

    @asynccontextmanager
    async def transaction(
        self, *exclusive: str, shared: Sequence[str] = ()
    ) -> AsyncIterator[AsyncConnection]:
        self.lives -= 1
        if self.lives < 0:
            raise CutOff
        async with super().transaction(*exclusive, shared=shared) as tx:
            yield tx


async def test_an_erasure_that_was_cut_off_anywhere_goes_on_when_it_is_given_again(
    world: World, tmp_path: Path
) -> None:
    word = "Erased-Canary-Two"
    journey = await world.enroll(await world.publish(STEPS), world.lead(last_name=word))
    await journey.until_at("w")
    mortal = await Mortal.open(str(world.settings.ledger_url))
    order, lives = await order_for(world, journey.lead), -1
    try:
        while True:
            mortal.lives = lives = lives + 1
            try:
                done = await erase(mortal, world.client, order, world.accounts, Patience(PATIENCE))
                break
            except CutOff:
                continue
    finally:
        await mortal.close()
    assert (done.is_done, lives > 2) == (True, True)
    assert await runs_left(journey) == []
    assert await places_with(world.ledger, word) == []
    assert (await journey.row())["exit"] == "lead_gone"


async def test_leads_that_are_being_mailed_are_erased_without_a_trace(tmp_path: Path) -> None:
    """A world of its own, whose files are looked through."""
    word, leads = "Erased-Canary-Many", 12
    async with open_world(tmp_path) as world:
        automation = await world.publish(STEPS)
        there = [world.lead(last_name=word) for _ in range(leads)]
        inside = [await world.enroll(automation, lead) for lead in there]
        done = await asyncio.gather(*(erased(world, lead) for lead in there))
        assert all(one.is_done for one in done), done
        before = [journey.mails() for journey in inside]
        for journey in inside:
            assert await runs_left(journey) == []
        assert max(before) <= 1
        assert await places_with(world.ledger, word) == []
        assert files_with(tmp_path / "ledger.db", word) == []
        async with world.ledger.reading() as tx:
            again = [_again(world, lead) for lead in there]
            found = {await suppression_of(world.ledger, tx, lead) for lead in again}
        assert found == {"erased"}
        entered = await enroll(
            world.ledger, world.client, Request(automation, again[0], "again"), world.accounts
        )
        assert entered.refused.startswith("erased")
        assert [journey.mails() for journey in inside] == before


def _again(world: World, lead: Lead) -> Lead:
    """The same address, in another file."""
    return new_lead(world.ledger, "default", {"email": lead.email}, f"crm-{lead.lead}")


async def test_a_lead_whose_workers_are_gone_is_erased_all_the_same(tmp_path: Path) -> None:
    async with open_world(tmp_path, works=False) as world:
        journey = await world.enroll(await world.publish(STEPS))
        done = await erased(world, journey.lead)
        assert (done.is_done, done.runs) == (True, 1)
        assert await runs_left(journey) == []
        assert (await journey.row())["exit"] == "lead_gone"
