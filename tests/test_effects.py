"""Every effect has exactly one activity of its name, on the effect's queue; others are listed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import get_args

from temporalio import activity

from activities.ledger import Ledger
from activities.ledger.connections import Connections
from config.settings import Settings
from workers.main import queues
from workflows.engine.effects import FACT_EFFECTS, AnyEffect, Effect

OTHERS = {
    ("admit", "enrollments"),
    ("record", "enrollments"),
    ("repin", "enrollments"),
    ("close", "enrollments"),
    ("advance_launch", "enrollments"),
    ("drain_writebacks", "crm"),
}
"""Activities that are no effect: bookkeeping in the ledger, launches, the drain of a connection."""


async def test_every_effect_has_one_activity_on_its_queue_and_no_other_is_unlisted(
    tmp_path: Path,
) -> None:
    ledger = await Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    registered = Counter(
        (activity._Definition.must_from_callable(call).name, queue)
        for queue, calls in queues(ledger, Connections(), Settings()).items()
        for call in calls
    )
    await ledger.close()
    models: tuple[type[Effect], ...] = get_args(get_args(AnyEffect)[0])
    effects = {(model.activity, str(model.queue)) for model in models}
    facts = {(name, "crm") for name in FACT_EFFECTS}
    assert registered == Counter(effects | facts | OTHERS)
