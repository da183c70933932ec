"""Launches that are recorded: what happens to each, until its workflow ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from activities.ledger.waves import halt_wave
from tests.workflows.launches import WHY, launched
from tests.workflows.world import LONG_HISTORY, World

MAIL = "[{id: a, kind: send_email, template: intro}]"


async def launch(world: World) -> tuple[str, str, str]:
    """Three waves, one of them halted and let go on, looked at so often that it continues as new;
    its name, workflow and first run."""
    waves = await launched(world, MAIL, 3, "launch", sizes=[1], spacing="1 second")
    workflow = f"launch:{waves.automation}"
    first_run = (await world.client.get_workflow_handle(workflow).describe()).run_id
    await waves.until(lambda found: len(found) == 2 and found[1].mailed == 1)
    assert await halt_wave(world.ledger, waves.automation, 2, WHY)
    for _ in range(LONG_HISTORY // 8):
        await waves.wake()
        await asyncio.sleep(0.1)
    await waves.go_on(2)
    await waves.until(lambda found: len(found) == 3 and not any(wave.inside for wave in found))
    await waves.is_over()
    return "launch", workflow, first_run


LAUNCHES: dict[str, Callable[[World], Awaitable[tuple[str, str, str]]]] = {"launch": launch}
