"""A ledger is used with one Temporal namespace only."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from activities.ledger import Ledger
from activities.ledger.tables import facts_about_ledger
from tests.workflows.world import World
from workers.home import WrongTemporal, keep_to_one_temporal


async def test_a_worker_refuses_a_ledger_that_belongs_to_another_temporal(
    world: World, tmp_path: Path
) -> None:
    ledger = await Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    await keep_to_one_temporal(world.client, ledger)
    await keep_to_one_temporal(world.client, ledger)  # the same one again is fine
    async with ledger.transaction() as tx:
        known = facts_about_ledger.c.name == "temporal"
        await tx.execute(update(facts_about_ledger).where(known).values(value="another"))
    with pytest.raises(WrongTemporal, match="TEMPORAL_ADDRESS"):
        await keep_to_one_temporal(world.client, ledger)
    await ledger.close()
