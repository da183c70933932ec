"""A wave is halted exactly and goes on without loss: at an order, or by its own bad signs."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from activities.ledger import Ledger
from activities.ledger.alerts import list_alerts
from activities.ledger.entries import find_entry
from activities.ledger.halts import why_halted
from activities.ledger.holding import put_hold
from activities.ledger.launching import judge_waves
from activities.ledger.leads import Lead
from activities.ledger.publishing import Version
from activities.ledger.release import release_held_of_wave
from activities.ledger.tables import lifecycle_log, waves
from activities.ledger.waves import halt_wave, lift_wave
from tests.activities.ledger.launches import (
    ask_in,
    counts,
    figures,
    launch,
    mail,
    release_one,
    some_leads,
)
from tests.activities.ledger.scenes import ACCOUNTS, AT, happens, rows
from workflows.contracts import enrollment_id

WHY = ("Ada", "wrong prices")
JUDGED = {"minimum_sample": 4, "hard_bounces": "20 %"}


async def two_waves(ledger: Ledger) -> tuple[Version, list[Lead]]:
    """A launch of six leads; two waves of two are released, of the second one lead has entered."""
    some = some_leads(ledger, 6)
    block = {"sizes": [2], "window": {"always": True}, "halt_at": JUDGED}
    version = await launch(ledger, some, block)
    await release_one(ledger, version)
    await ask_in(ledger, version)
    async with ledger.transaction() as tx:
        await tx.execute(update(waves).values(changed_at=AT))
    await release_one(ledger, version)
    await ask_in(ledger, version, most=1)
    return version, some


async def why(ledger: Ledger, lead: Lead) -> str:
    async with ledger.reading() as tx:
        return await why_halted(tx, "default", "spring", lead.lead)


async def test_a_halted_wave_holds_its_leads_alone_and_tells_what_had_left(ledger: Ledger) -> None:
    version, some = await two_waves(ledger)
    left, flying = await mail(ledger, some[0]), await mail(ledger, some[1], "INTENT")
    await mail(ledger, some[2])
    halted = await halt_wave(ledger, "spring", 1, WHY)
    assert halted
    assert [one.key for one in halted.left] == [left]
    assert [one.key for one in halted.in_flight] == [flying]
    held = [await why(ledger, lead) for lead in some]
    assert held == ["wave 1 is halted by Ada: wrong prices"] * 2 + [""] * 4
    again = await halt_wave(ledger, "spring", 1, ("Bob", "me too"))
    assert again
    assert (again.is_new, again.at) == (False, halted.at)
    assert "wave 1 is halted" in await release_one(ledger, version)  # and none follows
    assert await halt_wave(ledger, "spring", 3, WHY) is None
    log = [(row["act"], row["reason"]) for row in await rows(ledger, lifecycle_log)]
    assert log[-1] == ("wave halted", "wave 1: wrong prices")


async def test_who_has_not_entered_of_a_halted_wave_waits_and_enters_after_it(
    ledger: Ledger,
) -> None:
    version, _ = await two_waves(ledger)
    await halt_wave(ledger, "spring", 2, WHY)
    assert await ask_in(ledger, version) == []
    wave = (await figures(ledger))[1]
    assert (wave.size, wave.to_enter, wave.entered, wave.refused) == (2, 1, 1, 0)
    assert await lift_wave(ledger, "spring", 2, WHY, wave.signs)
    assert not await lift_wave(ledger, "spring", 2, WHY, wave.signs)
    assert await ask_in(ledger, version) == [""]
    assert await counts(ledger) == {"entered": 4, "waiting": 2}


async def test_the_held_of_a_wave_alone_are_told_to_go_on(ledger: Ledger) -> None:
    _, some = await two_waves(ledger)
    await halt_wave(ledger, "spring", 1, WHY)
    async with ledger.transaction() as tx:
        for lead in some[:3]:
            entry = await find_entry(tx, enrollment_id("spring", lead.lead), 1)
            assert entry
            await put_hold(ledger, tx, entry, "held")
    assert [wave.held for wave in await figures(ledger)] == [2, 1]
    told = await release_held_of_wave(ledger, "spring", 1, ACCOUNTS)
    assert {event.partition("/")[0] for event in told} == {
        enrollment_id("spring", lead.lead) for lead in some[:2]
    }


async def test_the_figures_of_a_wave_add_up(ledger: Ledger) -> None:
    _, some = await two_waves(ledger)
    for lead, state in zip(some, ("SENT", "UNKNOWN", "INTENT"), strict=False):
        await mail(ledger, lead, state)
    await mail(ledger, some[0], step="b")
    await happens(ledger, some[0], "bounce", type="soft")
    await happens(ledger, some[1], "reply")
    await happens(ledger, some[2], "complaint")
    first, second = await figures(ledger)
    assert (first.mailed, first.sent, first.in_flight) == (2, 3, 0)
    assert (first.hard_bounces, first.replies, first.complaints) == (0, 1, 0)
    assert (second.mailed, second.in_flight, second.complaints) == (0, 1, 1)
    for wave in (first, second):
        assert wave.size == wave.to_enter + wave.refused + wave.entered


@pytest.mark.parametrize(("bounces", "halts"), [(0, []), (1, [2])])
async def test_a_wave_with_bad_signs_is_halted_with_an_alert(
    ledger: Ledger, bounces: int, halts: list[int]
) -> None:
    version, some = await two_waves(ledger)
    for lead in some[:2]:
        await mail(ledger, lead)
    await judge_waves(ledger, version)
    await mail(ledger, some[2])
    await happens(ledger, some[2], "bounce", type="hard")
    await judge_waves(ledger, version)  # one of three: too few to judge
    assert [wave.state for wave in await figures(ledger)] == ["RELEASED", "RELEASED"]
    for _ in range(bounces):
        await mail(ledger, some[2], step="b")  # one of four: 25 %, above 20 %
    await judge_waves(ledger, version)
    assert [w.number for w in await figures(ledger) if w.state == "HALTED"] == halts
    async with ledger.reading() as tx:
        found = await list_alerts(tx, "default", acknowledged_too=True, limit=9)
    assert [alert.text.partition(";")[0] for alert in found] == [
        "wave 2 of spring is halted: 1 hard bounces of 4 mails (25 %, above 20 %)"
    ] * bounces


async def test_a_wave_let_go_on_is_judged_by_what_comes_after(ledger: Ledger) -> None:
    version, some = await two_waves(ledger)
    for step in ("a", "b", "c", "d"):
        await mail(ledger, some[0], step=step)
    await happens(ledger, some[0], "bounce", type="hard")
    await judge_waves(ledger, version)
    (first, _) = await figures(ledger)
    assert (first.state, first.changed_by) == ("HALTED", "dripstone")
    await lift_wave(ledger, "spring", 1, WHY, first.signs)
    await judge_waves(ledger, version)
    assert (await figures(ledger))[0].state == "RELEASED"
    for step in ("a", "b", "c", "d"):
        await mail(ledger, some[1], step=step)
    await happens(ledger, some[1], "bounce", type="hard")
    await judge_waves(ledger, version)
    assert (await figures(ledger))[0].state == "HALTED"
