"""Each further step kind on the real server, with the sandbox's Salesforce."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from activities.ledger.leads import find_lead
from activities.ledger.report import campaign_report
from tests.workflows.world import Journey, World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def fields_of(journey: Journey) -> dict[str, object]:
    async with journey.world.ledger.reading() as tx:
        lead = await find_lead(tx, "default", journey.lead.lead)
    assert lead is not None
    return dict(lead.fields)


async def test_a_lead_goes_round_as_often_as_the_jump_allows(world: World) -> None:
    steps = """
- {id: a, kind: wait, for: 1 second}
- {id: again, kind: jump, go_to: a, at_most: 2}
- {id: split, kind: ab_split, arms: [{go_to: left}, {go_to: right}]}
- {id: left, kind: notify, channel: sales, text: arm, next: done}
- {id: right, kind: notify, channel: sales, text: arm}
- {id: done, kind: end}
"""
    ending = await (await world.enroll(await world.publish(steps))).ends()
    said = [(line.step, line.why) for line in ending.timeline]
    assert ("again", "visit 2 of at most 2") in said
    assert ("again", "was there 2 times, at most 2") in said
    assert sum(line.what.startswith("notify") for line in ending.timeline) == 1


SET = """
- {id: set, kind: set_field, field: Rating, value: Hot}
- {id: own, kind: set_field, field: mood, value: keen, only_here: true}
- {id: keep, kind: set_field, field: mood, value: dull, only_here: true, fill_if_empty: true}
- {id: hot, kind: branch, arms: [{when: {field: Rating, op: equals, value: hot}, go_to: w}]}
- {id: cold, kind: end}
- {id: w, kind: wait_for, events: [go], timeout: 20 days}
"""


async def test_a_field_is_set_here_and_in_the_crm_and_conditions_see_it(world: World) -> None:
    journey = await world.enroll(await world.publish(SET))
    await journey.until_at("w")
    assert journey.crm_lead()["Rating"] == "Hot"
    assert "mood" not in journey.crm_lead()
    set_here = await fields_of(journey)
    assert (set_here["Rating"], set_here["mood"]) == ("Hot", "keen")


async def test_a_field_that_nobody_has_allowed_needs_attention(world: World) -> None:
    steps = "[{id: set, kind: set_field, field: Phone, value: x}]"
    journey = await world.enroll(await world.publish(steps))
    status = await journey.until_at("set", "attention")
    assert "not among the writable_fields" in status.held_because
    assert "Phone" not in await fields_of(journey)


RECORDS = """
- {id: task, kind: create_task, subject: "Call {{ lead.first_name }}", text: soon, priority: High,
   due_in_days: 2, due_time: "14:00", assigned_to: ada@dripstone.example}
- {id: event, kind: create_event, subject: Demo, in_days: 3, at: "10:00", lasting: 1 hour}
- {id: note, kind: create_note, text: "{{ lead.first_name }} was here"}
"""


async def test_a_task_an_event_and_a_note_are_created_once_though_an_answer_is_lost(
    world: World,
) -> None:
    world.fault("salesforce", "upsert", "drop_after_commit")
    journey = await world.enroll(await world.publish(RECORDS))
    assert (await journey.ends()).exit == "completed"
    name = journey.lead.fields["first_name"]
    task, note = journey.records("Task")
    async with world.ledger.reading() as tx:
        today = (await world.ledger.now(tx)).date()
    assert (task["Subject"], task["Priority"]) == (f"Call {name}", "High")
    assert task["ActivityDate"] == (today + timedelta(days=2)).isoformat()
    assert datetime.fromisoformat(task["ReminderDateTime"]).hour == 14
    assert task["OwnerId"] != note["OwnerId"]
    assert (note["Status"], note["Description"]) == ("Completed", f"{name} was here")
    (event,) = journey.records("Event")
    starts = datetime.fromisoformat(event["StartDateTime"])
    ends = datetime.fromisoformat(event["EndDateTime"])
    assert (starts.date() - today, ends - starts) == (timedelta(days=3), timedelta(hours=1))


async def test_wait_until_waits_for_the_day_of_a_field_or_goes_elsewhere(world: World) -> None:
    steps = """
- {id: due, kind: wait_until, field: renewal, days: -1, at: "08:00", zone: Asia/Tokyo,
   on_missing: none}
- {id: done, kind: end}
- {id: none, kind: wait_for, events: [go], timeout: 20 days}
"""
    automation = await world.publish(steps)
    day = datetime.now(UTC).date() + timedelta(days=20)
    journey = await world.enroll(automation, world.lead(renewal=day.isoformat()))
    status = await journey.until_at("due")
    two_before = day - timedelta(days=2)  # 8 o'clock of the day before, in Tokyo
    assert status.until == datetime.combine(two_before, time(23), UTC)
    over = await world.enroll(automation, world.lead(renewal="2020-01-02"))
    assert (await over.ends()).exit == "completed"
    missing = await world.enroll(automation, world.lead())
    await missing.until_at("none")


async def test_a_goal_is_counted_and_ends_a_wait_only_if_it_stops(world: World) -> None:
    steps = "[{id: w, kind: wait_for, events: [go], timeout: 20 days}]"
    for stops, reason in ((True, "goal_reached"), (False, "completed")):
        automation = await world.publish(steps, goal={"event": "bought", "stops": stops})
        journey = await world.enroll(automation)
        await journey.until_at("w")
        await world.happens(journey.lead, "bought")
        await journey.until(lambda status: "bought" in status.events)
        await world.happens(journey.lead, "go")
        assert (await journey.ends()).exit == reason
        async with world.ledger.reading() as tx:
            assert (await campaign_report(world.ledger, tx, automation)).goals == 1


async def test_who_has_reached_the_goal_is_not_enrolled_and_counted_apart(world: World) -> None:
    first = await world.enroll(await world.publish("[{id: e, kind: end}]"))
    await first.ends()
    await world.happens(first.lead, "bought")
    automation = await world.publish("[{id: e, kind: end}]", goal={"event": "bought"})
    with pytest.raises(AssertionError, match="has reached the goal already"):
        await world.enroll(automation, first.lead)
    async with world.ledger.reading() as tx:
        report = await campaign_report(world.ledger, tx, automation)
    assert (report.entered, report.goals) == (0, 0)
    assert report.refused == {"has reached the goal already": 1}


async def test_a_pool_gets_leads_in_turn_and_a_retried_assignment_takes_one_turn(
    world: World,
) -> None:
    world.fault("salesforce", "api", "status", times=2, value=503)
    world.fault("salesforce", "update", "drop_after_commit")
    automation = await world.publish("[{id: a, kind: assign, pool: sales}]")
    owners = []
    for _ in range(5):
        journey = await world.enroll(automation)
        assert (await journey.ends()).exit == "completed"
        owners.append((journey.crm_lead()["OwnerId"], (await fields_of(journey))["owner"]))
    first, second = owners[:2]
    assert first != second
    assert owners == [first, second, first, second, first]


async def test_an_assignment_by_name_and_one_that_nobody_can_take(world: World) -> None:
    steps = (
        "[{id: a, kind: assign, to: ada@dripstone.example}, {id: b, kind: assign, pool: absent}]"
    )
    journey = await world.enroll(await world.publish(steps))
    status = await journey.until_at("b", "attention")
    assert "nobody of pool 'absent' is available" in status.held_because
    assert (await fields_of(journey))["owner"] == "ada@dripstone.example"


async def test_an_owner_whom_the_crm_does_not_know_needs_attention(world: World) -> None:
    steps = "[{id: a, kind: assign, to: nobody@dripstone.example}]"
    journey = await world.enroll(await world.publish(steps))
    status = await journey.until_at("a", "attention")
    assert "it knows no user" in status.held_because
    assert "owner" not in await fields_of(journey)
