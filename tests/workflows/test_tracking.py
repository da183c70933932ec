"""track_event, try by try: who stays away is tried a few times, and then holds nobody up."""

from __future__ import annotations

from dataclasses import replace

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.tracking import MOST_TRIES, Tracking
from tests.workflows.world import Journey, World
from workers.vendors import analytics_of, web_of
from workflows.engine.effects import Outcome, TrackEvent

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def tried(journey: Journey, attempt: int) -> Outcome:
    """One try of the activity."""
    world = journey.world
    tracking = Tracking(
        world.ledger, world.accounts, analytics_of(world.settings), web_of(world.accounts)
    )
    effect = TrackEvent(
        enrollment=journey.handle.id,
        entry=journey.entry,
        step="w",
        visit=1,
        kind="track_event",
        event="demo",
    )
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    return await environment.run(tracking.track_event, effect)


@pytest_asyncio.fixture(loop_scope="session")
async def journey(world: World) -> Journey:
    steps = "[{id: w, kind: wait_for, events: [go], timeout: 20 days}]"
    waiting = await world.enroll(await world.publish(steps))
    await waiting.until_at("w")
    return waiting


async def test_who_stays_away_is_tried_again_and_given_up_with_the_last_try(
    journey: Journey,
) -> None:
    journey.world.fault("google_analytics", "collect", "status", times=2, value=429)
    with pytest.raises(ApplicationError, match="http_429"):
        await tried(journey, 1)
    outcome = await tried(journey, MOST_TRIES)
    assert outcome.state == "sent"
    assert "given up after 5 tries" in outcome.cause
    again = await tried(journey, 1)
    assert "given up after 5 tries" in again.cause


async def test_one_that_is_down_keeps_nobody_else_from_being_told(journey: Journey) -> None:
    world, mark = journey.world, journey.world.sandbox.mark()
    world.fault("google_analytics", "collect", "status", value=429)
    with pytest.raises(ApplicationError, match="http_429"):
        await tried(journey, 1)
    assert (await tried(journey, 2)).state == "sent"
    assert len(world.sandbox.logged("receiver", "call", mark)) == 1
    assert len(world.sandbox.logged("google_analytics", "event", mark)) == 1


async def test_a_lost_answer_is_asked_for_again_with_the_key_until_the_last_try(
    journey: Journey,
) -> None:
    journey.world.fault("receiver", "call", "drop_after_commit", times=2)
    with pytest.raises(ApplicationError, match="repeatable"):
        await tried(journey, 1)
    outcome = await tried(journey, MOST_TRIES)
    assert (outcome.state, "site: " in outcome.cause) == ("unknown", True)


async def test_a_stop_that_came_before_is_answered_and_nothing_is_told(journey: Journey) -> None:
    world = journey.world
    await world.happens(journey.lead, "unsubscribe")
    await journey.ends()
    mark = world.sandbox.mark()
    assert (await tried(journey, 1)).exit == "unsubscribed"
    assert world.sandbox.mark() == mark
