"""The ledger in numbers, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.ledger import Ledger
from activities.ledger.figures import class_of_cause, read_figures
from activities.ledger.gate import REVIEW_WANTED
from activities.ledger.halts import halt, why_halted
from activities.ledger.holding import put_hold
from activities.ledger.leasing import take_lease
from activities.ledger.template_switch import cause_of_hold
from tests.activities.ledger.scenes import a_lead, enter, entry_of, happens, make


async def test_what_waits_is_counted_with_the_age_of_its_oldest(ledger: Ledger) -> None:
    await make(ledger, "first", campaign={"priority": 1})
    await make(ledger, "second", campaign={"when_busy": "wait"})
    lead = a_lead(ledger)
    await enter(ledger, lead, "first")
    await enter(ledger, lead, "second")
    await happens(ledger, lead, "unsubscribe")
    async with ledger.transaction() as tx:
        await put_hold(ledger, tx, await entry_of(ledger, lead, "first"), REVIEW_WANTED)
    async with ledger.transaction() as tx:
        figures = await read_figures(ledger, tx)
    assert figures.admissions == {"ADMITTED": 1, "QUEUED": 1}
    # Who waits for a lane is told on admission: that is no delivery that is late.
    assert figures.deliveries == 1
    planned = ("mark_unsubscribed", "note_opt_out")
    assert figures.effects == {(name, "PLANNED"): 1 for name in planned}
    assert figures.holds == {"review": 1}
    assert min(figures.oldest_delivery, figures.oldest_write_back) >= timedelta()
    assert (figures.unknown, figures.open_alerts, figures.repair_until) == (0, 0, None)


async def test_an_empty_ledger_has_nothing_that_waits(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await take_lease(ledger, tx, "repair", "one", timedelta(seconds=30))
        figures = await read_figures(ledger, tx)
    assert (figures.deliveries, figures.oldest_delivery) == (0, timedelta())
    assert figures.repair_until
    assert figures.repair_until > figures.now


async def test_a_halt_is_told_apart_from_an_automation_that_is_off(ledger: Ledger) -> None:
    await make(ledger)
    await halt(ledger, "default", "spring", ("ada@dripstone.example", "the automation is wrong"))
    async with ledger.reading() as tx:
        assert class_of_cause(await why_halted(tx, "default", "spring")) == "halted"


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ("the automation is disabled", "switched_off"),
        ("the automation is past its end, 2026-12-31T00:00:00+00:00", "switched_off"),
        (cause_of_hold("intro"), "template"),
        (REVIEW_WANTED, "review"),
        ("a cause that names ada@lead.example", "other"),
    ],
)
def test_causes_come_in_few_classes(cause: str, expected: str) -> None:
    assert class_of_cause(cause) == expected
