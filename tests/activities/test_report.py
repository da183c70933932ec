"""The report of an automation, counted from real ledger rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from activities.dispatch import enroll, take_in
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.connections import CenterConnections, Connections, SalesforceWrites
from activities.ledger.effects import Intent, Settlement, settle, write_intent
from activities.ledger.entries import close
from activities.ledger.holding import put_hold
from activities.ledger.inbox import Incoming
from activities.ledger.leads import Lead, new_lead
from activities.ledger.listing import list_entries
from activities.ledger.publishing import publish, set_state
from activities.ledger.report import Report, campaign_report
from tests.migrated import migrated_ledger
from workflows.contracts import CloseRequest, enrollment_id
from workflows.engine.automation import Automation
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason

ACCOUNTS = Connections(centers={"default": CenterConnections(salesforce=SalesforceWrites())})


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await Ledger.open(migrated_ledger(tmp_path))
    for name in ("spring", "autumn"):
        definition = {
            "id": name,
            "name": name,
            "trigger": {"kind": "manual"},
            "campaign": {"engagement_window": "30 days"},
            "steps": [{"id": "a", "kind": "send_email", "template": "intro"}],
        }
        await publish(opened, Automation.model_validate(definition), "", [], "a test")
        await set_state(opened, name, "enabled", "a test")
    yield opened
    await opened.close()


async def enter(ledger: Ledger, number: int, automation: str = "spring") -> Lead:
    fields: dict[str, JsonValue] = {"email": f"lead{number}@example.com"}
    lead = new_lead(ledger, "default", fields, f"sf-00Q{number:015}")
    cause = f"{automation}/{number}"
    entered = await enroll(ledger, None, Request(automation, lead, cause), ACCOUNTS)
    assert not entered.refused
    return lead


async def happens(ledger: Ledger, lead: Lead, kind: str, **data: JsonValue) -> None:
    event = Event(id=f"{kind}/{lead.lead}/{data}", kind=kind, at=datetime.now(UTC), data=data)
    await take_in(ledger, Incoming(event, "default", "test", lead.lead), ACCOUNTS)


async def leave(ledger: Ledger, lead: Lead, reason: ExitReason = ExitReason.COMPLETED) -> None:
    enrollment = enrollment_id("spring", lead.lead)
    async with ledger.transaction() as tx:
        at = await ledger.now(tx)
        request = CloseRequest(enrollment=enrollment, entry=1, events=(), reason=reason, at=at)
        await close(ledger, tx, request, ACCOUNTS)


async def mail(ledger: Ledger, lead: Lead, final: Settlement) -> None:
    enrollment = enrollment_id("spring", lead.lead)
    about: dict[str, Any] = {"enrollment": enrollment, "entry": 1, "lead": lead.lead}
    key = f"{enrollment}/1/a/1/send_email"
    intent = Intent(key, "default", "send_email", "smtp", {}, "", about)
    async with ledger.transaction() as tx:
        await write_intent(ledger, tx, intent, "a test")
        await settle(ledger, tx, key, final)


async def read(ledger: Ledger, automation: str = "spring") -> Report:
    async with ledger.reading() as tx:
        return await campaign_report(ledger, tx, automation)


async def test_nothing_has_happened_in_an_automation_without_leads(ledger: Ledger) -> None:
    report = await read(ledger)
    assert (report.entered, report.live, report.sent, report.replied) == (0, 0, 0, 0)
    assert not report.exits
    assert not report.held


async def test_entries_exits_and_mails_are_counted(ledger: Ledger) -> None:
    leads = [await enter(ledger, number) for number in range(4)]
    await mail(ledger, leads[0], Settlement("SENT"))
    await mail(ledger, leads[1], Settlement("UNKNOWN", "no answer after the last byte"))
    await mail(ledger, leads[2], Settlement("NOT_SENT", "unsubscribed"))
    await leave(ledger, leads[0])
    report = await read(ledger)
    assert (report.versions, report.entered, report.live, report.sent) == ((1,), 4, 3, 1)
    assert report.exits == {"completed": 1}
    (unknown,), (not_sent,) = report.unknown, report.not_sent
    assert (unknown.lead, unknown.reason) == (leads[1].lead, "no answer after the last byte")
    assert (not_sent.lead, not_sent.reason) == (leads[2].lead, "unsubscribed")


async def test_a_fact_counts_once_for_an_entry_and_a_soft_bounce_is_no_bounce(
    ledger: Ledger,
) -> None:
    leads = [await enter(ledger, number) for number in range(3)]
    await happens(ledger, leads[0], "reply", text="first")
    await happens(ledger, leads[0], "reply", text="second")
    await happens(ledger, leads[1], "bounce", type="soft")
    await happens(ledger, leads[1], "complaint")
    await happens(ledger, leads[1], "unsubscribe")
    await happens(ledger, leads[2], "bounce", type="hard")
    report = await read(ledger)
    counted = (report.replied, report.bounced, report.unsubscribed, report.meetings)
    assert counted == (1, 1, 1, 0)


async def test_a_late_reply_counts_until_the_person_is_in_another_automation(
    ledger: Ledger,
) -> None:
    late, moved_on = await enter(ledger, 1), await enter(ledger, 2)
    for lead in (late, moved_on):
        await leave(ledger, lead)
    await enter(ledger, 2, "autumn")
    for lead in (late, moved_on):
        await happens(ledger, lead, "reply")
    assert (await read(ledger)).replied == 1
    assert (await read(ledger, "autumn")).replied == 1


async def test_the_held_are_those_of_the_gate_and_those_away_now(ledger: Ledger) -> None:
    gated, away, back = [await enter(ledger, number) for number in range(3)]
    async with ledger.transaction() as tx:
        row = {"center": "default", "enrollment": enrollment_id("spring", gated.lead), "entry": 1}
        await put_hold(ledger, tx, row, "the automation is disabled")
    returns = datetime.now(UTC) + timedelta(days=3)
    await happens(ledger, away, "out_of_office", until=returns.isoformat())
    await happens(ledger, back, "out_of_office", until="2020-01-01")
    report = await read(ledger)
    found = [(held.lead, held.cause, held.until) for held in report.held]
    assert found == [
        (gated.lead, "the automation is disabled", None),
        (away.lead, "out of office", returns),
    ]
    assert report.out_of_office == 2


async def test_text_messages_are_counted_apart_from_mails(ledger: Ledger) -> None:
    lead = await enter(ledger, 1)
    for step, activity in (("a", "send_email"), ("b", "send_sms"), ("c", "send_sms")):
        about = {"enrollment": enrollment_id("spring", lead.lead), "entry": 1, "step": step}
        about |= {"visit": 1, "lead": lead.lead, "person": lead.person}
        key = f"{about['enrollment']}/1/{step}/1/{activity}"
        async with ledger.transaction() as tx:
            intent = Intent(key, "default", activity, "vendor", {}, "", about)
            await write_intent(ledger, tx, intent, "test")
            await settle(ledger, tx, key, Settlement("SENT"))
    await happens(ledger, lead, "sms_undelivered")
    await happens(ledger, lead, "sms_opt_out")
    report = await read(ledger)
    assert (report.sent, report.texts_sent, report.texts_undelivered) == (1, 2, 1)
    assert (report.unsubscribed, report.opted_out_of_texts) == (0, 1)


async def test_refusals_and_write_backs_are_counted_by_reason_and_state(ledger: Ledger) -> None:
    lead = await enter(ledger, 1)
    again = await enroll(ledger, None, Request("spring", lead, "again"), ACCOUNTS)
    await happens(ledger, lead, "unsubscribe")
    report = await read(ledger)
    assert report.refused == {again.refused: 1} == {"already enrolled": 1}
    planned = {"PLANNED": 1}
    assert report.writebacks == {"mark_unsubscribed": planned, "note_opt_out": planned}


@pytest.mark.parametrize(
    ("automation", "state", "expected"),
    [("spring", None, 2), ("spring", "LIVE", 1), ("spring", "CLOSED", 1), (None, "LIVE", 2)],
)
async def test_entries_are_listed(
    ledger: Ledger, automation: str | None, state: str | None, expected: int
) -> None:
    await leave(ledger, await enter(ledger, 1))
    await enter(ledger, 2)
    await enter(ledger, 3, "autumn")
    async with ledger.reading() as tx:
        assert len(await list_entries(tx, automation, None, state)) == expected


async def test_the_goal_is_a_share_of_those_that_entered_and_of_those_that_are_through(
    ledger: Ledger,
) -> None:
    await make_with_goal(ledger)
    leads = [await enter(ledger, number, "winter") for number in range(1, 5)]
    await happens(ledger, leads[0], "trial_started")
    await happens(ledger, leads[1], "trial_started")
    # The third comes to a step of kind goal, and no event tells of it.
    for lead, reason in ((leads[0], "completed"), (leads[2], "goal_reached")):
        request = CloseRequest(
            enrollment=enrollment_id("winter", lead.lead),
            entry=1,
            events=(),
            reason=ExitReason(reason),
            at=datetime.now(UTC),
        )
        async with ledger.transaction() as tx:
            await close(ledger, tx, request, ACCOUNTS)
    async with ledger.reading() as tx:
        found = (await campaign_report(ledger, tx, "winter")).conversion
        none = (await campaign_report(ledger, tx, "spring")).conversion
    assert (found.goals, found.entered, found.ended) == (3, 4, 2)
    assert (found.over_entered, found.over_ended) == (0.75, 1.0)
    assert (none.goals, none.over_entered, none.over_ended) == (0, None, None)


async def make_with_goal(ledger: Ledger) -> None:
    definition = {
        "id": "winter",
        "name": "winter",
        "trigger": {"kind": "manual"},
        "campaign": {"engagement_window": "30 days"},
        "goal": {"event": "trial_started", "stops": False},
        "steps": [{"id": "a", "kind": "send_email", "template": "intro"}],
    }
    await publish(ledger, Automation.model_validate(definition), "", [], "a test")
    await set_state(ledger, "winter", "enabled", "a test")
