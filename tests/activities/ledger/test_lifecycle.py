"""What is done with automations: enabled, disabled with their center, turned off, archived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from activities.ledger import Ledger, retiring
from activities.ledger.entries import mark_running
from activities.ledger.lanes import queued
from activities.ledger.lifecycle import find_obstacle, log_of, overview, switch_center
from activities.ledger.publishing import NotPublished, publish, set_state
from activities.ledger.retiring import (
    StillInside,
    archive,
    tell_turned_off,
    turn_off,
    turn_off_expired,
)
from activities.ledger.tables import admissions, deliveries, inbox
from activities.scene import facts_of, read_scene
from tests.activities.ledger.scenes import (
    ACCOUNTS,
    INTRO,
    a_lead,
    ask,
    enter,
    entry_of,
    happens,
    leave,
    make,
    rows,
)
from workflows.engine.effects import SendEmail
from workflows.engine.exits import ExitReason

REASON = "campaign_turned_off_or_expired"


async def what_is_in_the_way(ledger: Ledger, name: str = "spring") -> str:
    """The obstacle, as the gate sees it."""
    async with ledger.reading() as tx:
        obstacle = await find_obstacle(ledger, tx, name)
    return obstacle.what if obstacle else ""


async def exits(ledger: Ledger) -> list[str]:
    """Who has exited, as many times as it was told."""
    return sorted(
        str(row["lead"]) for row in await rows(ledger, inbox) if row["kind"] == "campaign_exited"
    )


async def gate_says(ledger: Ledger, enrollment: str) -> tuple[str | None, str]:
    """The stop and the automation's state that a send would be judged by now."""
    visit = {"enrollment": enrollment, "entry": 1, "step": "a", "visit": 1}
    mail = {"kind": "send_email", "template": "intro", "thread": False, "not_after": None}
    effect = SendEmail.model_validate(visit | mail)
    scene = await read_scene(ledger, effect, ACCOUNTS)
    async with ledger.reading() as tx:
        facts = await facts_of(ledger, tx, scene)
    return facts.stop_reason, facts.automation_state


async def test_turning_off_stops_everybody_with_one_commit(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retiring, "AT_ONCE", 5)  # they are told in several rounds
    await make(ledger)
    leads = [a_lead(ledger, number) for number in range(12)]
    enrollments = [await enter(ledger, lead) for lead in leads]
    await mark_running(ledger, enrollments[0], 1, "run")
    count, events = await turn_off(ledger, "spring", "ada", ACCOUNTS, "season over")
    assert (count, len(set(events))) == (12, 12)
    assert await gate_says(ledger, enrollments[0]) == (REASON, "off")
    assert {row["stop_reason"] for row in await rows(ledger, admissions)} == {REASON}
    assert len(await rows(ledger, deliveries)) == 12
    assert "is off" in (await ask(ledger, a_lead(ledger, 999))).refused


async def test_turning_off_again_changes_nothing(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    enrollment = await enter(ledger, lead)
    first = await turn_off(ledger, "spring", "ada", ACCOUNTS)
    assert first == (1, [f"{enrollment}/1/turned-off"])
    assert await turn_off(ledger, "spring", "ada", ACCOUNTS) == (0, [])
    await leave(ledger, enrollment, ExitReason.TERMINATED)
    assert await turn_off(ledger, "spring", "ada", ACCOUNTS) == (0, [])
    assert (await entry_of(ledger, lead))["exit"] == REASON
    assert await exits(ledger) == [lead.lead]


async def test_a_turn_off_that_died_after_its_first_commit_is_finished_later(
    ledger: Ledger,
) -> None:
    await make(ledger)
    leads = [a_lead(ledger, number) for number in range(3)]
    for lead in leads:
        await enter(ledger, lead)
    async with ledger.transaction() as tx:
        await tx.execute(update(admissions).values(stop_reason=REASON))
    assert len(await tell_turned_off(ledger, ACCOUNTS)) == 3
    assert await tell_turned_off(ledger, ACCOUNTS) == []


async def test_a_lead_that_waits_for_its_lane_exits_though_it_has_no_workflow(
    ledger: Ledger,
) -> None:
    await make(ledger, "first")
    await make(ledger, "second", campaign={"when_busy": "wait"})
    lead = a_lead(ledger)
    await enter(ledger, lead, "first")
    assert (await ask(ledger, lead, "second")).queued
    assert await turn_off(ledger, "second", "ada", ACCOUNTS) == (1, [])
    assert (await entry_of(ledger, lead, "second"))["exit"] == REASON
    assert (await entry_of(ledger, lead, "first"))["stop_reason"] is None
    assert await exits(ledger) == [lead.lead]


@pytest.mark.parametrize("kind", ["reply", "remove", "unsubscribe"])
async def test_a_stop_that_came_before_stays_the_exit(ledger: Ledger, kind: str) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    await happens(ledger, lead, kind)
    before = (await entry_of(ledger, lead))["stop_reason"]
    await turn_off(ledger, "spring", "ada", ACCOUNTS)
    assert (await entry_of(ledger, lead))["stop_reason"] == before != REASON


async def test_a_superseded_lead_keeps_its_exit(ledger: Ledger) -> None:
    await make(ledger, "low")
    await make(ledger, "high", campaign={"priority": 5})
    lead = a_lead(ledger)
    enrollment = await enter(ledger, lead, "low")
    await enter(ledger, lead, "high")
    assert await turn_off(ledger, "low", "ada", ACCOUNTS) == (0, [])
    recorded = await leave(ledger, enrollment, ExitReason.JOINED_OTHER_CAMPAIGN)
    assert recorded.reason is ExitReason.JOINED_OTHER_CAMPAIGN


async def test_after_its_end_a_campaign_takes_nobody_and_lets_everybody_go(ledger: Ledger) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    campaign: dict[str, Any] = {"active_until": until.isoformat(), "lane": "outreach"}
    await make(ledger, campaign=campaign)
    lead = a_lead(ledger)
    enrollment = await enter(ledger, lead)
    assert await turn_off_expired(ledger, ACCOUNTS) == []
    campaign["active_until"] = (until - timedelta(days=2)).isoformat()
    await make(ledger, campaign=campaign)
    assert (await gate_says(ledger, enrollment))[1].startswith("past its end")
    assert "past its end" in (await ask(ledger, a_lead(ledger, 2))).refused
    assert await turn_off_expired(ledger, ACCOUNTS) == ["spring"]
    assert await turn_off_expired(ledger, ACCOUNTS) == []
    assert (await entry_of(ledger, lead))["stop_reason"] == REASON
    async with ledger.reading() as tx:
        last = (await log_of(tx, "default", "spring"))[-1]
    assert (last["act"], last["done_by"]) == ("turned off", "dripstone")
    assert last["reason"].startswith("active until ")


async def test_only_an_automation_with_nobody_inside_is_archived(ledger: Ledger) -> None:
    automation = await make(ledger)
    lead = a_lead(ledger)
    enrollment = await enter(ledger, lead)
    with pytest.raises(StillInside, match="turn-off spring"):
        await archive(ledger, "spring", "ada")
    await leave(ledger, enrollment, ExitReason.COMPLETED)
    for _ in range(2):
        await archive(ledger, "spring", "ada")
    with pytest.raises(NotPublished, match="is archived"):
        await set_state(ledger, "spring", "enabled", "ada")
    assert "is archived" in (await ask(ledger, a_lead(ledger, 2))).refused
    version, is_new = await publish(ledger, automation, "", [INTRO], "ada")
    assert (version.version, is_new) == (2, True)
    await set_state(ledger, "spring", "enabled", "ada")
    assert await what_is_in_the_way(ledger) == ""


async def test_a_center_is_switched_as_a_whole_and_each_automation_keeps_its_state(
    ledger: Ledger,
) -> None:
    for name in ("spring", "autumn"):
        await make(ledger, name)
    enrollment = await enter(ledger, a_lead(ledger))
    await set_state(ledger, "autumn", "disabled", "ada")
    assert await switch_center(ledger, "default", "disabled", "ada") == ["autumn", "spring"]
    assert (await gate_says(ledger, enrollment))[1] == "disabled with its center"
    refused = (await ask(ledger, a_lead(ledger, 2))).refused
    assert "dripstone enable --center default" in refused
    await switch_center(ledger, "default", "enabled", "ada")
    assert await what_is_in_the_way(ledger, "spring") == ""
    assert await what_is_in_the_way(ledger, "autumn") == "disabled"


async def test_who_waits_for_a_lane_waits_on_while_the_automation_is_disabled(
    ledger: Ledger,
) -> None:
    async def due() -> int:
        async with ledger.reading() as tx:
            return len(await queued(tx, 10))

    await make(ledger, "first")
    await make(ledger, "second", campaign={"when_busy": "wait"})
    lead = a_lead(ledger)
    await enter(ledger, lead, "first")
    assert (await ask(ledger, lead, "second")).queued
    assert await due() == 1
    await set_state(ledger, "second", "disabled", "ada")
    assert await due() == 0
    await set_state(ledger, "second", "enabled", "ada")
    await switch_center(ledger, "default", "disabled", "ada")
    assert await due() == 0
    await happens(ledger, lead, "unsubscribe")
    assert await due() == 1  # it was stopped: its exit must not wait


async def test_another_center_is_not_switched(ledger: Ledger) -> None:
    await make(ledger)
    assert await switch_center(ledger, "north", "disabled", "ada") == []
    assert await what_is_in_the_way(ledger) == ""


async def test_the_log_says_who_did_what_in_order_and_only_what_changed(ledger: Ledger) -> None:
    await make(ledger)
    await set_state(ledger, "spring", "enabled", "bob")
    await set_state(ledger, "spring", "disabled", "bob")
    await switch_center(ledger, "default", "disabled", "eve")
    await switch_center(ledger, "default", "disabled", "eve")
    await turn_off(ledger, "spring", "ada", ACCOUNTS, "season over")
    await archive(ledger, "spring", "ada")
    async with ledger.reading() as tx:
        lines = await log_of(tx, "default", "spring")
        (row,) = await overview(tx)
    assert [(line["act"], line["done_by"]) for line in lines] == [
        ("published", "a test"),
        ("enabled", "a test"),
        ("disabled", "bob"),
        ("disabled", "eve"),
        ("turned off", "ada"),
        ("archived", "ada"),
    ]
    assert (lines[4]["reason"], lines[3]["automation"]) == ("season over", None)
    assert (row["state"], row["center_state"], row["act"]) == ("archived", "disabled", "archived")
