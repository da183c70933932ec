"""Leads in flight that move to another published version, on the real server."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.dispatch import enroll
from activities.ledger.admissions import Request
from activities.ledger.publishing import Version, find_version, newest_version
from activities.ledger.tables import version_moves
from starters.commands.moving import Move, Mover, Orders
from tests.activities.ledger.scenes import rows
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.test_operating import reset_to_the_first_event
from tests.workflows.world import Journey, World
from workers.repair import Repair

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD = """
- {id: intro, kind: send_email, template: intro}
- {id: rest, kind: wait, for: 20 days}
- {id: late, kind: wait, for: 10 days}
"""
SAME = OLD.replace("10 days", "11 days")
GONE = OLD.replace("- {id: rest, kind: wait, for: 20 days}\n", "")
TOLD = GONE.replace("kind: wait, for: 10 days", "kind: notify, channel: sales, text: hi")


async def version_of(world: World, steps: str, name: str, lane: str) -> Version:
    """Publish another version."""
    await world.publish(steps, name, lane=lane)
    async with world.ledger.reading() as tx:
        return await newest_version(tx, name)


async def moved(world: World, to: Version, **names: Any) -> list[Move]:
    """Move everybody there."""
    orders = Orders(to, names, "ada", "a test")
    return await Mover(world.ledger, world.client, orders).carry_out_all()


async def taken_back(world: World, to: Version, *, really: bool = True) -> list[Move]:
    """Take the moves there back."""
    return await Mover(world.ledger, world.client, Orders(to, {}, "ada")).take_back(really=really)


async def test_a_lead_keeps_its_wait_and_whoever_is_moved_twice_is_moved_once(
    world: World,
) -> None:
    lane = "keeps"
    name = await world.publish(OLD, lane=lane)
    journey = await world.enroll(name)
    before = await journey.until_at("rest")
    version = await version_of(world, SAME, name, lane)
    done = await moved(world, version)
    assert [(one.how, one.step, one.to_step, one.done) for one in done] == [
        ("keeps", "rest", "rest", True)
    ]
    assert await moved(world, version) == []
    after = await journey.status()
    assert (after.version, after.until, after.visit) == (2, before.until, before.visit)
    assert (await journey.row())["version"] == 2
    (row,) = [one for one in await rows(world.ledger, version_moves) if one["automation"] == name]
    assert (row["moved_by"], row["reason"], row["how"]) == ("ada", "a test", "keeps")
    await journey.order("skip", step="rest", visit=1)
    assert (await journey.until_at("late")).version == 2
    assert journey.mails() == 1


async def test_who_has_lost_its_step_moves_on_and_comes_back_to_its_old_wait(
    world: World,
) -> None:
    lane = "lost"
    name = await world.publish(OLD, lane=lane)
    journeys = [await world.enroll(name) for _ in range(2)]
    before = [await journey.until_at("rest") for journey in journeys]
    version = await version_of(world, GONE, name, lane)
    done = await moved(world, version)
    assert [(one.how, one.to_step, one.done) for one in done] == [("moves", "late", True)] * 2
    await journeys[0].order("move_to", target="late")  # it has moved since: a visit of its own
    back = await taken_back(world, version)
    assert sorted((one.how, one.done) for one in back) == [("back", True), ("stays", False)]
    stays, goes = [await journey.status() for journey in journeys]
    assert (stays.version, stays.step) == (2, "late")
    assert (goes.version, goes.step, goes.until) == (1, "rest", before[1].until)
    assert [journey.mails() for journey in journeys] == [1, 1]
    assert (await journeys[1].row())["version"] == 1
    assert [one.done for one in await taken_back(world, version)] == [False]


async def test_nothing_of_the_new_version_begins_before_the_ledger_has_pinned_it(
    world: World,
) -> None:
    lane = "pinned"
    name = await world.publish(OLD, lane=lane)
    journey = await world.enroll(name)
    await journey.until_at("rest")
    version = await version_of(world, TOLD, name, lane)
    (done,) = await moved(world, version)
    assert (done.how, done.done) == ("moves", True)
    assert (await journey.ends()).exit == "completed"
    history = await journey.handle.fetch_history()
    names = [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert names.index("repin") < names.index("notify")


async def test_a_workflow_that_was_reset_to_before_its_move_is_pinned_and_moved_again(
    world: World,
) -> None:
    lane = "reset"
    name = await world.publish(OLD, lane=lane)
    journey = await world.enroll(name)
    await journey.until_at("rest")
    second = await version_of(world, SAME, name, lane)
    async with world.ledger.reading() as tx:
        first = await find_version(tx, name, 1)
    await moved(world, second)
    await reset_to_the_first_event(journey)
    now = Journey(world, journey.lead, name, world.client.get_workflow_handle(journey.handle.id))
    assert (await now.until_at("rest")).version == 1
    for version in (first, second):
        (done,) = await moved(world, version)
        assert (done.how, done.done, (await now.status()).version) == (
            "keeps",
            True,
            version.version,
        )
        assert (await now.row())["version"] == version.version
    assert now.mails() == 1


async def test_a_move_that_cannot_be_is_refused_and_changes_nothing(world: World) -> None:
    lane = "refused"
    name = await world.publish(OLD, lane=lane)
    journey = await world.enroll(name)
    await journey.until_at("rest")
    none = "[{id: other, kind: wait, for: 3 days}]"
    version = await version_of(world, none, name, lane)
    (lost,) = await moved(world, version)
    assert (lost.how, lost.done) == ("lost", False)
    body = Orders(version).body(await journey.status())
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await journey.handle.execute_update("migrate", body)
    assert "--map rest=STEP" in str(refused.value.cause)
    assert (await journey.status()).version == 1
    (there,) = await moved(world, version, rest="other")
    assert (there.to_step, there.done) == ("other", True)


async def test_who_waits_for_its_lane_begins_in_the_new_version(world: World) -> None:
    lane = "queued"
    other = await world.publish(OLD, lane=lane)
    name = await world.publish(OLD, lane=lane, when_busy="wait")
    first = await world.enroll(other)
    request = Request(name, first.lead, "queued/1")
    assert (await enroll(world.ledger, world.client, request, ACCOUNTS)).queued
    await world.publish(SAME, name, lane=lane, when_busy="wait")
    async with world.ledger.reading() as tx:
        version = await newest_version(tx, name)
    (done,) = await moved(world, version)
    assert (done.how, done.done) == ("keeps", True)
    await first.order("remove")
    await Repair(world.ledger, world.client, ACCOUNTS).admit_queued()
    handle = world.client.get_workflow_handle(f"enrollment:{name}:{first.lead.lead}")
    journey = Journey(world, first.lead, name, handle)
    assert (await journey.until_at("rest")).version == 2


async def test_a_follow_up_is_started_by_the_repair_pass(world: World) -> None:
    after = await world.publish("[{id: rest, kind: wait, for: 20 days}]")
    follow_up = {"on": ["completed"], "enroll_in": after}
    name = await world.publish("[{id: done, kind: end}]", follow_up=follow_up)
    journey = await world.enroll(name)
    await journey.ends()
    await Repair(world.ledger, world.client, ACCOUNTS).follow_up()
    handle = world.client.get_workflow_handle(f"enrollment:{after}:{journey.lead.lead}")
    await Journey(world, journey.lead, after, handle).until_at("rest")
