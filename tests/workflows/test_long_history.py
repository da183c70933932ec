"""Continue-as-new under a storm carries everything along: state, seen ids, and the pending wait."""

from __future__ import annotations

import asyncio

import pytest

from activities.ledger.tables import inbox
from tests.activities.ledger.scenes import rows
from tests.patience import PATIENCE
from tests.workflows.world import LONG_HISTORY, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

STEPS = """
- {id: a, kind: send_email, template: intro}
- {id: w, kind: wait, for: 20 days}
- {id: b, kind: send_email, template: intro}
"""
STORM = 2 * LONG_HISTORY
AT_ONCE = 25


async def test_a_storm_of_signals_loses_none_repeats_none_and_keeps_the_wait(world: World) -> None:
    journey = await world.enroll(await world.publish(STEPS))
    before = await journey.until_at("w")
    first_run = (await journey.handle.describe()).run_id
    numbers = iter(range(STORM))

    async def send() -> None:
        for number in numbers:
            body = {"id": f"{journey.lead.lead}-{number // 2}", "kind": "visited"}
            await journey.handle.signal("event", body)

    await asyncio.gather(*[send() for _ in range(AT_ONCE)])
    async with asyncio.timeout(PATIENCE):
        while (await journey.handle.describe()).run_id == first_run:
            await journey.handle.signal("event", {"kind": "visited"})
            await asyncio.sleep(0.2)
    after = await journey.status()
    assert (after.step, after.until, after.sends) == ("w", before.until, 1)
    await journey.handle.signal(
        "event", {"id": f"{journey.lead.lead}-{STORM // 2 - 1}", "kind": "visited"}
    )
    await journey.handle.signal("reply", {"id": f"{journey.lead.lead}-reply"})
    assert (await journey.ends()).exit == "reply_received"
    kept = [
        row["id"]
        for row in await rows(world.ledger, inbox)
        if row["kind"] == "visited" and row["id"].startswith(f"{journey.lead.lead}-")
    ]
    assert len(kept) == len(set(kept)) == STORM // 2
    assert journey.mails() == 1
