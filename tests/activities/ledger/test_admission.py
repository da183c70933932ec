"""Who may enter: re-entry, lanes, priorities, suppression, audience; and the same answer twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from activities.dispatch import enroll
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.leads import BadLead, find_lead, new_lead
from activities.ledger.publishing import set_state
from activities.ledger.suppressions import suppress_domain
from activities.ledger.tables import admissions
from tests.activities.ledger.scenes import (
    ACCOUNTS,
    AT,
    SEND,
    a_lead,
    ask,
    enter,
    entry_of,
    happens,
    leave,
    make,
    rows,
)
from workflows.engine.exits import ExitReason

WAIT = {"id": "w", "kind": "wait", "for": "1 day"}


@pytest.mark.parametrize(
    ("state", "reason"),
    [(None, "not enabled"), ("disabled", "is disabled"), ("archived", "is archived")],
)
async def test_only_an_enabled_automation_admits(
    ledger: Ledger, state: str | None, reason: str
) -> None:
    if state:
        await make(ledger)
        await set_state(ledger, "spring", state, "a test")
    answer = await ask(ledger, a_lead(ledger))
    assert reason in answer.refused
    remedy = "dripstone publish FILE" if state == "archived" else "dripstone enable spring"
    assert remedy in answer.refused


@pytest.mark.parametrize(
    ("rule", "days_ago", "admitted"),
    [
        ({"rule": "once"}, 900, False),
        ({"rule": "after_exit"}, 0, True),
        ({"rule": "after", "wait": "30 days"}, 29, False),
        ({"rule": "after", "wait": "30 days"}, 31, True),
    ],
)
async def test_the_re_entry_rule_decides_who_comes_back(
    ledger: Ledger, rule: dict[str, Any], days_ago: int, admitted: bool
) -> None:
    await make(ledger, campaign={"re_entry": rule})
    lead = a_lead(ledger)
    enrollment = await enter(ledger, lead)
    assert "already enrolled" in (await ask(ledger, lead, cause="too early")).refused
    await leave(ledger, enrollment, ExitReason.COMPLETED)
    async with ledger.transaction() as tx:
        closed = await ledger.now(tx) - timedelta(days=days_ago)
        await tx.execute(update(admissions).values(closed_at=closed))
    answer = await ask(ledger, lead, cause="again")
    assert (answer.start.entry if answer.start else None) == (2 if admitted else None)
    assert bool(answer.refused) is not admitted


@pytest.mark.parametrize(
    ("inside", "coming", "wins"), [(0, 0, False), (5, 5, False), (5, 4, False), (4, 5, True)]
)
async def test_only_a_higher_priority_takes_the_lane_and_nobody_is_in_both_or_in_neither(
    ledger: Ledger, inside: int, coming: int, wins: bool
) -> None:
    await make(ledger, "inside", campaign={"priority": inside})
    await make(ledger, "coming", campaign={"priority": coming})
    lead = a_lead(ledger)
    await enter(ledger, lead, "inside")
    answer = await ask(ledger, lead, "coming")
    assert (answer.start is not None) is wins
    live = [row["automation"] for row in await rows(ledger, admissions) if row["state"] in LIVE]
    assert live == ["coming" if wins else "inside"]
    if wins:
        row = await entry_of(ledger, lead, "inside")
        assert (row["state"], row["stop_reason"]) == ("SUPERSEDED", "joined_other_campaign")
        assert answer.superseded[0].targets == ((row["enrollment"], 1),)
    else:
        assert f"priority {inside}" in answer.refused


LIVE = ("ADMITTED", "RUNNING")


async def test_other_lanes_do_not_stand_in_each_others_way(ledger: Ledger) -> None:
    await make(ledger, "spring")
    await make(ledger, "events", campaign={"lane": "events"})
    await make(ledger, "plain", campaign=None)
    for name in ("spring", "events", "plain"):
        await enter(ledger, a_lead(ledger), name)


async def test_a_queued_lead_gets_the_same_answer_until_its_lane_is_free(ledger: Ledger) -> None:
    await make(ledger, "spring")
    await make(ledger, "summer", campaign={"when_busy": "wait"})
    await enter(ledger, a_lead(ledger), "spring")
    first, again = [await ask(ledger, a_lead(ledger), "summer") for _ in range(2)]
    assert (first.queued, first.is_new, again.queued, again.is_new) == (True, True, True, False)


async def test_two_records_of_one_person_are_not_both_inside(ledger: Ledger) -> None:
    await make(ledger)
    await make(ledger, "autumn")
    await enter(ledger, a_lead(ledger, 1, "Ada.Fox+news@Gmail.com"))
    twin = a_lead(ledger, 2, "adafox@googlemail.com")
    assert "already enrolled" in (await ask(ledger, twin)).refused
    assert "lane 'outreach' is busy" in (await ask(ledger, twin, "autumn")).refused


async def test_the_same_cause_gets_the_same_answer_whatever_has_changed(ledger: Ledger) -> None:
    await make(ledger)
    yes = await ask(ledger, a_lead(ledger, 1), cause="file 7, row 1")
    no = await ask(ledger, a_lead(ledger, 2, None), cause="file 7, row 2")
    await set_state(ledger, "spring", "disabled", "a test")
    yes_again = await ask(ledger, a_lead(ledger, 1), cause="file 7, row 1")
    no_again = await ask(ledger, a_lead(ledger, 2), cause="file 7, row 2")
    assert yes_again.start == yes.start
    assert no_again.refused == no.refused
    assert (yes.is_new, yes_again.is_new, no_again.is_new) == (True, False, False)


async def test_a_request_repeated_after_the_exit_starts_nothing(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await leave(ledger, await enter(ledger, lead), ExitReason.COMPLETED)
    again = await ask(ledger, lead)
    assert again.is_over
    told = await enroll(ledger, None, Request("spring", lead, f"spring/{lead.lead}"), ACCOUNTS)
    assert (told.started, told.is_new, told.refused) == (True, False, "")


async def test_the_suppressed_are_refused_where_mail_is_sent_and_only_there(ledger: Ledger) -> None:
    await make(ledger)
    await make(ledger, "internal", campaign=None, steps=[WAIT])
    gone, blocked = a_lead(ledger, 1), a_lead(ledger, 2, "someone@blocked.example")
    await enter(ledger, gone, "internal")
    await happens(ledger, gone, "unsubscribe")
    async with ledger.transaction() as tx:
        await suppress_domain(tx, "default", "@Blocked.example", ("asked", "ticket-1", AT))
    assert (await ask(ledger, gone)).refused == "suppressed: unsubscribed"
    assert (await ask(ledger, blocked)).refused == "suppressed: asked"
    await enter(ledger, blocked, "internal")


async def test_a_suppression_of_one_center_says_nothing_about_another(ledger: Ledger) -> None:
    await make(ledger, "north", center="north")
    here = a_lead(ledger)
    await make(ledger)
    await enter(ledger, here)
    await happens(ledger, here, "unsubscribe")
    there = new_lead(ledger, "north", {"email": here.email}, here.lead)
    assert (await ask(ledger, there, "north")).start
    assert "belongs to center 'north'" in (await ask(ledger, here, "north", "wrong")).refused


async def test_the_audience_and_a_missing_address_keep_a_lead_out(ledger: Ledger) -> None:
    await make(ledger, audience={"field": "industry", "op": "equals", "value": "mining"})
    outside = a_lead(ledger, 1, industry="retail")
    assert "audience" in (await ask(ledger, outside)).refused
    nowhere = a_lead(ledger, 2, None, industry="mining")
    assert "no e-mail address" in (await ask(ledger, nowhere)).refused
    assert (await ask(ledger, a_lead(ledger, 3, industry="mining"))).start


async def test_a_lead_that_is_named_again_keeps_its_address_and_its_fields(ledger: Ledger) -> None:
    await make(ledger)
    await make(ledger, "plain", campaign=None, steps=[WAIT])
    await make(ledger, "second", campaign=None, steps=[SEND])
    known = a_lead(ledger, 1, first_name="Ada", zone="Europe/Berlin")
    await enter(ledger, known)
    for name in ("plain", "second"):
        await enter(ledger, new_lead(ledger, "default", {"company": "Fox"}, known.lead), name)
    async with ledger.reading() as tx:
        lead = await find_lead(tx, "default", known.lead)
    assert lead
    assert (lead.email, lead.person, lead.zone) == (known.email, known.person, "Europe/Berlin")
    assert dict(lead.fields) == {"first_name": "Ada", "company": "Fox"}


@pytest.mark.parametrize(
    ("lead", "fields", "says"),
    [
        ("sf-short", {}, "18-character"),
        ("crm-ada@example.com", {}, "looks like an address"),
        ("crm-+4930123456", {}, "looks like an address or a phone number"),
        (None, {}, "empty"),
        (None, {"email": "not an address"}, "email:"),
        ("crm-1", {"zone": "Mars/Olympus"}, "no time zone"),
    ],
)
async def test_a_lead_that_cannot_be_is_refused_with_the_field(
    ledger: Ledger, lead: str | None, fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadLead, match=says):
        new_lead(ledger, "default", fields, lead)
