"""Launches on the real server: wave after wave, halted in the middle, gone on, nothing twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from activities.ledger.leads import set_fields
from activities.ledger.tables import campaign_settings, effects
from activities.ledger.wave_figures import Wave
from activities.ledger.waves import halt_wave
from tests.activities.ledger.scenes import rows
from tests.patience import until
from tests.workflows.launches import OPEN, WHY, launched
from tests.workflows.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAIL = "[{id: a, kind: send_email, template: intro}]"
TWO_MAILS = """
- {id: a, kind: send_email, template: intro}
- {id: rest, kind: wait_for, events: [go], timeout: 20 days, already: true}
- {id: b, kind: send_email, template: intro}
"""
GO_THEN_MAIL = """
- {id: rest, kind: wait_for, events: [go], timeout: 20 days, already: true}
- {id: a, kind: send_email, template: intro}
"""


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
    """Of the leads some have got their mail, some are getting it, of some nobody can say which of
    mail and halt comes first, and some are too late."""
    launch = await launched(world, GO_THEN_MAIL, 12, sizes=[12])
    await launch.until(lambda waves: bool(waves) and waves[0].inside == 12)
    done, under_way, both, late = (launch.leads[start : start + 3] for start in range(0, 12, 3))
    for lead in done:
        await world.happens(lead, "go")
    await launch.until(lambda waves: waves[0].sent == len(done))
    world.fault("smtp", "mail", "slow", times=99, value=600)
    for lead in under_way:
        await world.happens(lead, "go")
    await launch.until(lambda waves: waves[0].in_flight == len(under_way))
    halt = asyncio.create_task(halt_wave(world.ledger, launch.automation, 1, WHY))
    await asyncio.gather(*[world.happens(lead, "go") for lead in both])
    halted = await halt
    assert halted
    for lead in late:
        await world.happens(lead, "go")
    world.sandbox.sandbox.faults.clear()

    def at_rest(waves: list[Wave]) -> bool:
        (wave,) = waves
        return wave.sent + wave.held + wave.to_enter + wave.refused == wave.size

    (wave,) = await launch.until(at_rest)
    assert (wave.state, wave.in_flight) == ("HALTED", 0)
    assert wave.held >= len(late)
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
    for journey in (changed, same):
        await journey.until_at("rest")
    # The criteria of a new version are looked at once, over all leads: not after the change.
    await until(
        lambda: rows(world.ledger, campaign_settings),
        lambda found: all(row["reached_at"] for row in found),
    )
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
