"""A launched campaign on the real server, as tests act upon it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from activities import dispatch
from activities.ledger.leads import Lead
from activities.ledger.publishing import newest_version
from activities.ledger.release import release_held_of_wave
from activities.ledger.selecting import Selection, open_launch, select_leads
from activities.ledger.wave_figures import Wave, figures_of
from activities.ledger.waves import launch_of, lift_wave, look_again, release_next
from tests.patience import PATIENCE, until
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import World
from workers.launching import wake_launch

OPEN: dict[str, Any] = {"window": {"always": True}}
WHY = ("Ada", "wrong prices")


class Launch:
    """A launched campaign."""

    def __init__(self, world: World, automation: str, leads: list[Lead]) -> None:
        self.world, self.automation, self.leads = world, automation, leads

    async def wake(self) -> None:
        """Have it looked at now."""
        async with self.world.ledger.transaction() as tx:
            await look_again(self.world.ledger, tx, self.automation)
        await wake_launch(self.world.client, self.automation)

    async def figures(self) -> list[Wave]:
        """Its waves in numbers."""
        async with self.world.ledger.reading() as tx:
            return await figures_of(self.world.ledger, tx, self.automation)

    async def until(
        self, wanted: Callable[[list[Wave]], bool], seconds: float = PATIENCE
    ) -> list[Wave]:
        """Wait until the waves are as wanted."""
        return await until(self.figures, wanted, seconds)

    async def release(self) -> None:
        """Release the next wave by hand."""
        async with self.world.ledger.transaction(f"launch:{self.automation}") as tx:
            version = await newest_version(tx, self.automation)
            assert await release_next(self.world.ledger, tx, version, WHY)
        await self.wake()

    async def go_on(self, number: int) -> None:
        """Let a halted wave go on."""
        wave = (await self.figures())[number - 1]
        assert await lift_wave(self.world.ledger, self.automation, number, WHY, wave.signs)
        told = await release_held_of_wave(self.world.ledger, self.automation, number, ACCOUNTS)
        for event in told:
            await dispatch.deliver(self.world.ledger, self.world.client, event)
        await self.wake()

    async def is_over(self) -> None:
        """Wait for its end, which must come."""
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


async def launched(world: World, steps: str, count: int, name: str = "", **waves: Any) -> Launch:
    """Publish a campaign with these steps, and launch it with new leads."""
    automation = await world.publish(steps, name, waves=OPEN | waves)
    return await launched_with(world, automation, [world.lead() for _ in range(count)])


async def launched_with(world: World, automation: str, leads: list[Lead]) -> Launch:
    """Launch a published campaign with these leads."""
    async with world.ledger.reading() as tx:
        version = await newest_version(tx, automation)
    selection = Selection(version, world.accounts, "Ada")
    await open_launch(world.ledger, selection)
    await select_leads(world.ledger, selection, leads)
    launch = Launch(world, automation, leads)
    await launch.wake()
    return launch
