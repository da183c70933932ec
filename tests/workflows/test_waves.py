"""Launches on the real server: wave after wave, halted in the middle, gone on, nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from activities import dispatch
from activities.ledger.leads import Lead, set_fields
from activities.ledger.publishing import newest_version
from activities.ledger.release import release_held_of_wave
from activities.ledger.selecting import Selection, open_launch, select_leads
from activities.ledger.tables import effects
from activities.ledger.wave_figures import Wave, figures_of
from activities.ledger.waves import halt_wave, launch_of, lift_wave, look_again, release_next
from tests.activities.ledger.scenes import rows
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import PATIENCE, World
from workers.launching import wake_launch

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAIL = "[{id: a, kind: send_email, template: intro}]"
TWO_MAILS = """
- {id: a, kind: send_email, template: intro}
- {id: rest, kind: wait_for, events: [go], timeout: 20 days}
- {id: b, kind: send_email, template: intro}
"""
OPEN: dict[str, Any] = {"window": {"always": True}}
WHY = ("Ada", "wrong prices")


class Launch:
    """A launched campaign."""

    def __init__(self, world: World, automation: str, leads: list[Lead]) -> None:
        self.world, self.automation, self.leads = world, automation, leads

    async def wake(self) -> None:
        async with self.world.ledger.transaction() as tx:
            await look_again(self.world.ledger, tx, self.automation)
        await wake_launch(self.world.client, self.automation)

    async def figures(self) -> list[Wave]:
        async with self.world.ledger.reading() as tx:
            return await figures_of(self.world.ledger, tx, self.automation)

    async def until(self, wanted: Callable[[list[Wave]], bool]) -> list[Wave]:
        found = await self.figures()
        async with asyncio.timeout(PATIENCE):
            while not wanted(found):
                await asyncio.sleep(0.05)
                found = await self.figures()
        return found

    async def release(self) -> None:
        async with self.world.ledger.transaction(f"launch:{self.automation}") as tx:
            version = await newest_version(tx, self.automation)
            assert await release_next(self.world.ledger, tx, version, WHY)
        await self.wake()

    async def go_on(self, number: int) -> None:
        wave = (await self.figures())[number - 1]
        assert await lift_wave(self.world.ledger, self.automation, number, WHY, wave.signs)
        told = await release_held_of_wave(self.world.ledger, self.automation, number, ACCOUNTS)
        for event in told:
            await dispatch.deliver(self.world.ledger, self.world.client, event)
        await self.wake()

    async def is_over(self) -> None:
        await self.wake()
        async with asyncio.timeout(PATIENCE):
            await self.world.client.get_workflow_handle(f"launch:{self.automation}").result()
        async with self.world.ledger.reading() as tx:
            launch = await launch_of(tx, self.automation)
        assert launch
        assert launch["state"] == "DONE"

    def mails(self) -> list[int]:
        """How many mails each lead has got."""
        got = [mail.to_address for mail in self.world.sandbox.sandbox.mail.messages()]
        return [got.count(str(lead.email)) for lead in self.leads]


async def launched(world: World, steps: str, count: int, **waves: Any) -> Launch:
    automation = await world.publish(steps, waves=OPEN | waves)
    leads = [world.lead() for _ in range(count)]
    async with world.ledger.reading() as tx:
        version = await newest_version(tx, automation)
    selection = Selection(version, world.accounts, "Ada")
    await open_launch(world.ledger, selection)
    await select_leads(world.ledger, selection, leads)
    launch = Launch(world, automation, leads)
    await launch.wake()
    return launch


async def test_three_waves_follow_one_another_and_each_lead_gets_its_mail_once(
    world: World,
) -> None:
    launch = await launched(world, MAIL, 6, sizes=[1, 2, 3], spacing="1 second")
    waves = await launch.until(lambda waves: sum(wave.mailed for wave in waves) == 6)
    assert [(wave.size, wave.released_by) for wave in waves] == [
        (size, "dripstone") for size in (1, 2, 3)
    ]
    await launch.until(lambda waves: not any(wave.inside for wave in waves))
    await launch.is_over()
    assert launch.mails() == [1] * 6


async def test_a_halt_in_mid_wave_is_exact_and_the_wave_goes_on_without_loss_or_repetition(
    world: World,
) -> None:
    launch = await launched(world, MAIL, 12, sizes=[12])
    await launch.until(lambda waves: bool(waves) and waves[0].sent + waves[0].in_flight > 0)
    halted = await halt_wave(world.ledger, launch.automation, 1, WHY)
    assert halted

    def at_rest(waves: list[Wave]) -> bool:
        (wave,) = waves
        return wave.sent + wave.held + wave.to_enter + wave.refused == wave.size

    (wave,) = await launch.until(at_rest)
    assert (wave.state, wave.in_flight) == ("HALTED", 0)
    mine = [row for row in await rows(world.ledger, effects) if row["activity"] == "send_email"]
    begun = {row["key"] for row in mine if f":{launch.automation}:" in row["key"]}
    # None began after the halt: all that began is what the halt told.
    assert begun == {one.key for one in (*halted.left, *halted.in_flight)}
    assert sum(launch.mails()) == wave.sent == len(begun)
    await launch.go_on(1)
    await launch.until(lambda waves: waves[0].mailed == 12 and not waves[0].inside)
    assert launch.mails() == [1] * 12
    await launch.is_over()


async def test_leads_in_the_middle_of_the_campaign_are_halted_with_their_wave_alone(
    world: World,
) -> None:
    launch = await launched(world, TWO_MAILS, 2, sizes=[1], release="by_hand")
    await launch.until(lambda waves: len(waves) == 1 and waves[0].mailed == 1)
    await launch.release()
    await launch.until(lambda waves: len(waves) == 2 and waves[1].mailed == 1)
    assert await halt_wave(world.ledger, launch.automation, 1, WHY)
    for lead in launch.leads:
        await world.happens(lead, "go")
    first, second = await launch.until(lambda waves: waves[0].held == 1 and waves[1].sent == 2)
    assert (first.sent, second.held) == (1, 0)
    assert launch.mails() == [1, 2]
    await launch.go_on(1)
    await launch.until(lambda waves: waves[0].sent == 2)
    await launch.until(lambda waves: not any(wave.inside for wave in waves))
    assert launch.mails() == [2, 2]
    await launch.is_over()


CUSTOMER = {"field": "stage", "op": "equals", "value": "Customer"}
REST_THEN_MAIL = """
- {id: rest, kind: wait_for, events: [go], timeout: 20 days}
- {id: a, kind: send_email, template: intro}
- {id: more, kind: wait_for, events: [later], timeout: 20 days}
- {id: b, kind: send_email, template: intro}
"""


@pytest.mark.parametrize("by", ["audience", "exits"])
async def test_who_has_become_a_customer_since_the_selection_gets_no_mail(
    world: World, by: str
) -> None:
    """An import changes the lead, without an event: the gate has to see it."""
    block: dict[str, Any] = {"exits": {"when": CUSTOMER}}
    if by == "audience":
        block = {"waves": OPEN, "audience": {"not": CUSTOMER}}
    automation = await world.publish(REST_THEN_MAIL, **block)
    changed, same = [await world.enroll(automation) for _ in range(2)]
    await changed.until_at("rest")
    async with world.ledger.transaction() as tx:
        await set_fields(world.ledger, tx, changed.lead, {"stage": "Customer"})
    for journey in (changed, same):
        await world.happens(journey.lead, "go")
    ending = await changed.ends()
    assert (ending.exit, changed.mails()) == ("custom_exit_criteria_met", 0)
    said = {"audience": "not in the audience of the automation any more"}
    assert said.get(by, "meets the exit criteria") in ending.timeline[-2].why
    await same.until_at("more")
    assert same.mails() == 1  # the control
    if by == "audience":
        # After its first mail the campaign itself may change the lead: the audience is past.
        async with world.ledger.transaction() as tx:
            await set_fields(world.ledger, tx, same.lead, {"stage": "Customer"})
        await world.happens(same.lead, "later")
        assert (await same.ends()).sends == 2
    else:
        await same.order("remove")
