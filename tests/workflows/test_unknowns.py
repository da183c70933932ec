"""A mail of which nobody knows whether it arrived: listed, looked into, and settled by a person."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from activities.ledger.effects import find_effect
from tests.starters.commands import Commands, Result
from tests.workflows.world import Journey, World
from workflows.contracts import OrderBody

pytestmark = pytest.mark.asyncio(loop_scope="session")

STEPS = "[{id: a, kind: send_email, template: intro}, {id: w, kind: wait, for: 20 days}]"


async def lost_in_the_last_moment(world: World) -> Journey:
    """A lead at rest whose mail is UNKNOWN: the connection was lost after the last line."""
    world.fault("smtp", "after_dot", "drop")
    journey = await world.enroll(await world.publish(STEPS))
    await journey.until_at("w")
    state, reason = await state_of(journey, 1)
    assert (state, journey.mails()) == ("UNKNOWN", 1), reason
    return journey


async def unknowns(world: World, *arguments: str) -> Result:
    """The command, given where the world is."""
    ledger = Path(world.settings.ledger_url.removeprefix("sqlite:///"))
    address = world.client.service_client.config.target_host
    return await asyncio.to_thread(
        Commands(ledger.parent, address), "unknowns", *arguments, "--json", "--by=ada"
    )


async def state_of(journey: Journey, visit: int) -> tuple[str, str]:
    async with journey.world.ledger.reading() as tx:
        row = await find_effect(tx, f"{journey.handle.id}/1/a/{visit}/send_email")
    return (row.state, row.reason) if row else ("", "")


async def test_a_mail_that_did_not_arrive_is_sent_once_more_and_the_wait_goes_on(
    world: World,
) -> None:
    journey = await lost_in_the_last_moment(world)
    before = await journey.status()
    listed: Any = (await unknowns(world, f"--automation={journey.automation}")).document
    (one,) = listed["unknowns"]
    assert one["message_id"]
    for status in (0, 1):  # the second time there is nothing to settle any more
        done = await unknowns(world, one["key"], "--resend")
        assert done.status == status, done.err
    after = await journey.until(lambda status: status.sends == 2 and status.step == "w")
    assert (after.until, after.state) == (before.until, "waiting")
    assert journey.mails() == 2  # the sandbox had got the first one too
    assert await state_of(journey, 1) == ("NOT_SENT", "it did not arrive, says ada")
    assert (await state_of(journey, 2))[0] == "SENT"
    await journey.order("remove")


async def test_a_mail_that_was_ordered_again_before_is_not_sent_a_third_time(world: World) -> None:
    """The command died before it settled the first one, and the run that knew its id is over."""
    journey = await lost_in_the_last_moment(world)
    order = OrderBody(target="a", by="ada", reason="visit 1 did not arrive")
    await journey.handle.execute_update("resend", order, id="known to an earlier run")
    await journey.until(lambda status: status.sends == 2 and status.step == "w")
    done = await unknowns(world, f"{journey.handle.id}/1/a/1/send_email", "--resend")
    assert done.status == 0, done.err
    await journey.order("remove")
    assert journey.mails() == 2
    assert (await state_of(journey, 1))[0] == "NOT_SENT"
    assert (await state_of(journey, 3))[0] == ""


async def test_what_arrived_is_settled_and_nothing_is_sent(world: World) -> None:
    journey = await lost_in_the_last_moment(world)
    key = f"{journey.handle.id}/1/a/1/send_email"
    await journey.order("remove")
    refused = await unknowns(world, key, "--resend")
    assert (refused.status, "has ended" in refused.err + refused.out) == (1, True)
    assert (await unknowns(world, key, "--sent")).status == 0
    assert await state_of(journey, 1) == ("SENT", "it arrived, says ada")
    assert journey.mails() == 1
    assert (await unknowns(world, key)).status == 2
