"""After an erasure nothing of a person is left, in a column or in a freed page, nor comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import JsonValue
from sqlalchemy import delete, select

from activities.dispatch import take_in
from activities.ledger import Ledger
from activities.ledger.consents import consents_of
from activities.ledger.effects import waiting_writebacks
from activities.ledger.entries import find_entry
from activities.ledger.erasing import (
    begin,
    blank_all,
    close_rest,
    mark_done,
    records_and_persons,
)
from activities.ledger.inbox import Incoming
from activities.ledger.leads import as_sample, find_lead, new_lead, put_lead
from activities.ledger.personal_columns import PERSONAL
from activities.ledger.suppressions import suppress_person, suppression_of
from activities.ledger.tables import (
    admissions,
    deliveries,
    effects,
    erasures,
    inbox,
    leads,
    metadata,
    suppressions,
)
from tests.activities.ledger.canaries import (
    ADDRESS,
    OTHER,
    WORD,
    erased,
    files_with,
    fill,
    order_for,
    places_with,
)
from tests.activities.ledger.scenes import (
    ACCOUNTS,
    AT,
    a_lead,
    enter,
    entry_of,
    happens,
    make,
    rows,
)
from workflows.engine.events import Event


async def test_nothing_is_left_of_a_lead_and_all_of_another(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    assert await ledger.purge()
    lead, other = a_lead(ledger, 1, ADDRESS), a_lead(ledger, 2)
    await fill(ledger, lead, WORD)
    await fill(ledger, other, OTHER)
    before = await places_with(ledger, OTHER)
    assert await places_with(ledger, WORD) == before == sorted(PERSONAL)
    assert (files_with(path, WORD) != []) is ledger.is_sqlite
    blanked = await erased(ledger, lead.lead)
    assert sorted(blanked) == sorted(PERSONAL)
    assert await ledger.purge()
    assert (await places_with(ledger, WORD), files_with(path, WORD)) == ([], [])
    assert await places_with(ledger, OTHER) == before


async def test_a_ledger_that_older_versions_wrote_is_rewritten_once(
    ledger: Ledger, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    if not ledger.is_sqlite:
        pytest.skip("PostgreSQL frees its pages by itself")
    lead = a_lead(ledger, 1, None, name=WORD, more="x" * 300)
    async with ledger.transaction() as tx:
        await tx.exec_driver_sql("PRAGMA secure_delete=OFF")
        await put_lead(ledger, tx, lead)
    async with ledger.transaction() as tx:
        await tx.exec_driver_sql("PRAGMA secure_delete=OFF")
        await tx.execute(delete(leads))
    async with ledger.reading() as tx:
        await tx.exec_driver_sql("PRAGMA secure_delete=OFF")
    assert await places_with(ledger, WORD) == []
    assert files_with(path, WORD) != []
    assert await ledger.purge()
    assert files_with(path, WORD) == []


async def test_who_is_inside_leaves_and_is_told_before_anything_is_blanked(
    ledger: Ledger,
) -> None:
    await make(ledger)
    lead = a_lead(ledger, 1, ADDRESS, note=WORD)
    await enter(ledger, lead)
    order = await order_for(ledger, lead.lead)
    (event,) = await begin(ledger, order, ACCOUNTS)
    assert (await entry_of(ledger, lead))["stop_reason"] == "lead_gone"
    assert [row["event"] for row in await rows(ledger, deliveries)] == [event]
    assert await begin(ledger, order, ACCOUNTS) == []  # it has been told
    assert await close_rest(ledger, order, ACCOUNTS) == 1
    assert (await entry_of(ledger, lead))["exit"] == "lead_gone"
    assert await close_rest(ledger, order, ACCOUNTS) == 0
    await blank_all(ledger, order)
    await mark_done(ledger, order)
    assert await places_with(ledger, WORD) == []
    (row,) = {(r["state"], r["asked_by"], r["reason"]) for r in await rows(ledger, erasures)}
    assert row == ("DONE", "Eva", "ticket 7")


async def test_all_records_of_the_person_go_and_addresses_that_were_passed_on_stay(
    ledger: Ledger,
) -> None:
    lead, second = a_lead(ledger, 1, "old@example.com"), a_lead(ledger, 2, ADDRESS)
    async with ledger.transaction() as tx:
        await put_lead(ledger, tx, lead)
        await put_lead(ledger, tx, second)
    await happens(ledger, lead, "reply", text=WORD)
    async with ledger.transaction() as tx:
        await put_lead(ledger, tx, a_lead(ledger, 1, ADDRESS))
        heir = a_lead(ledger, 3, "old@example.com", note=OTHER)
        await put_lead(ledger, tx, heir)
    order = await order_for(ledger, lead.lead)
    assert order.leads == (lead.lead, second.lead)
    assert heir.person not in order.persons
    await erased(ledger, second.lead)
    assert await places_with(ledger, WORD) == []
    assert await places_with(ledger, OTHER) == ["leads"]


async def test_samples_of_the_person_go_and_those_of_others_stay(ledger: Ledger) -> None:
    lead, other = a_lead(ledger, 1, ADDRESS, note=WORD), a_lead(ledger, 2, note=OTHER)
    async with ledger.transaction() as tx:
        await put_lead(ledger, tx, lead)
        await put_lead(ledger, tx, as_sample(ledger, lead, "try1"))
        await put_lead(ledger, tx, as_sample(ledger, other, "try1"))
    await erased(ledger, lead.lead)
    assert await places_with(ledger, WORD) == []
    assert await places_with(ledger, OTHER) == ["leads"]


async def test_a_message_about_nobody_that_names_the_person_goes_too(ledger: Ledger) -> None:
    lead = a_lead(ledger, 1, ADDRESS, phone="+12025550177")
    async with ledger.transaction() as tx:
        await put_lead(ledger, tx, lead)
    told: list[dict[str, JsonValue]] = [
        {"from": ADDRESS.upper(), "text": WORD},
        {"fields": {"From": "+12025550177"}, "text": WORD},
        {"raw": "RnJvbTogY2FuYXJ5LWFkYS1sb3ZlbGFjZUBleGFtcGxlLmNvbQ=="},
        {"from": "somebody@example.com", "text": OTHER},
    ]
    for number, data in enumerate(told):
        event = Event(id=f"m-{number}", kind="malformed", at=AT, data=data)
        await take_in(ledger, Incoming(event, "default", "mail"), ACCOUNTS)
    await erased(ledger, lead.lead)
    assert await places_with(ledger, WORD) == []
    kept = {row["id"]: row["data"] for row in await rows(ledger, inbox)}
    assert (kept["m-2"], kept["m-3"]) == ({}, told[3])


def _record(payload: dict[str, str]) -> str:
    return payload["id"]


async def test_the_opt_out_stays_as_an_hmac_and_a_late_one_is_still_honoured(
    ledger: Ledger,
) -> None:
    await make(ledger)
    opted_out, silent = a_lead(ledger, 1, ADDRESS), a_lead(ledger, 2)
    for lead in (opted_out, silent):
        await enter(ledger, lead)
    await happens(ledger, opted_out, "unsubscribe")
    for lead in (opted_out, silent):
        await erased(ledger, lead.lead)
    again = new_lead(ledger, "default", {"email": ADDRESS.title()}, "b-1")
    async with ledger.reading() as tx:
        assert await suppression_of(ledger, tx, again) == "unsubscribed"
        assert await suppression_of(ledger, tx, silent) == "erased"
    assert "@" not in repr(await rows(ledger, suppressions))
    await happens(ledger, silent, "unsubscribe", text=WORD)
    marked = [
        row["payload"]
        for row in await rows(ledger, effects)
        if row["activity"] == "mark_unsubscribed"
    ]
    flag = {"fields": {"HasOptedOutOfEmail": True}}
    told = [{"object": "Lead", "id": one.salesforce_id, **flag} for one in (opted_out, silent)]
    assert sorted(marked, key=_record) == told
    async with ledger.reading() as tx:
        waiting = await waiting_writebacks(ledger, tx, "salesforce", AT - AT, 10)
    assert {row.lead for row in waiting} == {opted_out.lead, silent.lead}


async def test_a_withdrawn_consent_stays_withdrawn(ledger: Ledger) -> None:
    lead = a_lead(ledger, 1, ADDRESS)
    async with ledger.transaction() as tx:
        await put_lead(ledger, tx, lead)
    await happens(ledger, lead, "consent_given", consent="news", channel="email")
    await happens(ledger, lead, "consent_withdrawn", consent="news", channel="email")
    await erased(ledger, lead.lead)
    async with ledger.reading() as tx:
        (found,) = await consents_of(tx, "default", lead.person)
    assert (found["state"], lead.lead in found["source"]) == ("withdrawn", False)


async def test_nobody_is_known_by_a_lead_that_was_never_there(ledger: Ledger) -> None:
    async with ledger.reading() as tx:
        assert await records_and_persons(ledger, tx, "default", "a-1") == ((), ())


async def test_an_erasure_may_be_done_twice_and_finds_the_same(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger, 1, ADDRESS, note=WORD)
    enrollment = await enter(ledger, lead)
    first = await order_for(ledger, lead.lead)
    await erased(ledger, lead.lead)
    assert await order_for(ledger, lead.lead) == first
    await erased(ledger, lead.lead)
    async with ledger.reading() as tx:
        assert await find_lead(tx, "default", lead.lead) is None
        entry = await find_entry(tx, enrollment, 1)
        assert entry
        assert await tx.scalar(select(admissions.c.timeline)) == []
    assert (entry["exit"], entry["person"]) == ("lead_gone", lead.person)


async def test_a_person_of_another_center_is_another(ledger: Ledger) -> None:
    lead = a_lead(ledger, 1, ADDRESS)
    elsewhere = new_lead(ledger, "north", {"email": ADDRESS, "note": OTHER}, lead.lead)
    async with ledger.transaction() as tx:
        await put_lead(ledger, tx, lead)
        await put_lead(ledger, tx, elsewhere)
        await suppress_person(tx, "north", elsewhere.person, ("unsubscribed", "e", AT))
    await erased(ledger, lead.lead)
    assert await places_with(ledger, OTHER) == ["leads"]
    assert {row["center"] for row in await rows(ledger, metadata.tables["erasures"])} == {"default"}
