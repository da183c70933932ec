"""Leads that were handed over: what holds or ends them, and whose address is judged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.ledger import Ledger
from activities.ledger.halts import halt, lift
from activities.ledger.handovers import (
    PAUSED,
    confirm,
    find_handover,
    open_handover,
    take,
    unmet,
)
from activities.ledger.leads import Lead, new_lead, person_of, put_lead
from activities.ledger.suppressions import suppress_domain, suppress_in_campaign, suppress_person
from activities.ledger.waves import halt_wave
from tests.activities.ledger.messages import handing_over, someone_inside
from tests.activities.ledger.scenes import AT, happens
from tests.activities.ledger.test_consents import FEB, JAN, MAR, NEEDS, says
from tests.activities.ledger.test_halting_waves import two_waves
from workflows.contracts import enrollment_id

WHY = ("by an operator", "an order", AT)
HALTED = ("Ada", "wrong text")


async def target(ledger: Ledger, enrollment: str) -> str:
    async with ledger.reading() as tx:
        found = await find_handover(tx, f"{enrollment}/1/h/1")
    assert found
    return found.target


async def test_a_halt_pauses_them_there_and_a_release_lets_them_go_on(ledger: Ledger) -> None:
    _, enrollment = await someone_inside(ledger)
    await handing_over(ledger).send(enrollment)
    await halt(ledger, "default", "spring", HALTED)
    async with ledger.transaction() as tx:
        (due,) = await unmet(ledger, tx, 9)
        taken = await take(ledger, tx, due.key, "a worker")
        assert taken
        await confirm(ledger, tx, taken, PAUSED)
        assert await unmet(ledger, tx, 9) == []
    await lift(ledger, "default", "spring", HALTED)
    async with ledger.reading() as tx:
        (again,) = await unmet(ledger, tx, 9)
    assert (due.target, again.target) == ("pause", "go")


async def test_those_of_a_halted_wave_pause_there_and_no_others(ledger: Ledger) -> None:
    _, some = await two_waves(ledger)
    entered = [enrollment_id("spring", some[place].lead) for place in (0, 2)]
    async with ledger.transaction() as tx:
        for enrollment in entered:
            row = {
                **{"center": "default", "key": f"{enrollment}/1/h/1", "enrollment": enrollment},
                **{"entry": 1, "step": "h", "visit": 1, "automation": "spring", "mails": None},
                **{"lead": enrollment.rpartition(":")[2], "person": "p", "domain": "example.com"},
                **{"token": enrollment, "campaign": 7},
            }
            await open_handover(ledger, tx, row)
    await halt_wave(ledger, "spring", 1, HALTED)
    assert [await target(ledger, one) for one in entered] == ["pause", "go"]


async def test_who_withdraws_a_needed_consent_is_mailed_no_more(ledger: Ledger) -> None:
    lead, enrollment = await with_consent(ledger)
    await says(ledger, lead, "consent_withdrawn", FEB, consent="calls")
    await says(ledger, lead, "consent_withdrawn", FEB + timedelta(days=1), channel="sms")
    assert await target(ledger, enrollment) == "go"
    await happens(ledger, lead, "consent_withdrawn")
    assert await target(ledger, enrollment) == "end"
    await says(ledger, lead, "consent_given", MAR)
    assert await target(ledger, enrollment) == "end"


async def with_consent(ledger: Ledger) -> tuple[Lead, str]:
    names = ("consent_newsletter", "consent_newsletter_sms")
    consent = dict.fromkeys(names, "yes 2026-01-05")
    lead, enrollment = await someone_inside(ledger, fields=consent, **NEEDS)
    assert (await handing_over(ledger).send(enrollment)).state == "sent"
    return lead, enrollment


async def test_an_older_withdrawal_that_comes_late_changes_nothing(ledger: Ledger) -> None:
    lead, enrollment = await with_consent(ledger)
    await says(ledger, lead, "consent_withdrawn", JAN)
    assert await target(ledger, enrollment) == "go"


async def test_who_is_kept_out_of_the_automation_is_mailed_no_more(ledger: Ledger) -> None:
    lead, enrollment = await someone_inside(ledger)
    await handing_over(ledger).send(enrollment)
    async with ledger.transaction() as tx:
        await suppress_in_campaign(tx, "default", "autumn", lead.person, WHY)
        await suppress_in_campaign(tx, "elsewhere", "spring", lead.person, WHY)
    assert await target(ledger, enrollment) == "go"
    async with ledger.transaction() as tx:
        await suppress_in_campaign(tx, "default", "spring", lead.lead, WHY)
    assert await target(ledger, enrollment) == "end"


@pytest.mark.parametrize("stop", ["person", "domain"])
async def test_the_address_that_was_written_down_is_judged_whatever_the_lead_has_now(
    ledger: Ledger, stop: str
) -> None:
    lead, enrollment = await someone_inside(ledger, "ada@old.example")
    sender = handing_over(ledger)
    sender.vendors.down = True
    with pytest.raises(ApplicationError):
        await sender.send(enrollment)
    sender.vendors.down = False
    async with ledger.transaction() as tx:
        moved = new_lead(ledger, "default", {"email": "ada@new.example"}, lead.lead)
        await put_lead(ledger, tx, moved)
        if stop == "person":
            old = person_of(ledger, "default", "ada@old.example", "")
            await suppress_person(tx, "default", old, WHY)
        else:
            await suppress_domain(tx, "default", "old.example", WHY)
    outcome = await sender.send(enrollment)
    assert (outcome.state, sender.reached) == ("refused", 0)
