"""Sample leads run through the live system and touch nothing of production."""

from __future__ import annotations

from typing import Any

import pytest

from activities.ledger.leads import as_sample
from activities.ledger.report import campaign_report
from activities.ledger.tables import effects, turns
from starters.commands.standing import counts
from tests.activities.ledger.scenes import rows
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import Journey, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

STEPS = """
- {id: intro, kind: send_email, template: intro}
- {id: told, kind: notify, channel: sales, text: "{{ lead.first_name }} was sampled"}
- {id: stage, kind: update_stage, stage: Sampled}
- {id: rate, kind: set_field, field: Rating, value: Hot}
- {id: task, kind: create_task, subject: "Call", due_in_days: 1}
- {id: owner, kind: assign, pool: sales}
- {id: rest, kind: wait, for: 20 days}
"""
SAMPLES = "samples@dripstone.example"


async def outside(journey: Journey) -> dict[str, Any]:
    """What vendors have of the lead, and of the sample mailbox; and who had the last turn."""
    sandbox, lead = journey.world.sandbox.sandbox, journey.lead
    key = lead.salesforce_id
    posts = [str(post) for post in sandbox.slack.messages()]
    return {
        "own mails": sum(mail.to_address == lead.email for mail in sandbox.mail.messages()),
        "sample mails": sum(mail.to_address == SAMPLES for mail in sandbox.mail.messages()),
        "posts": sum(f"{lead.fields['first_name']} was sampled" in post for post in posts),
        "tasks": sum(row.get("WhoId") == key for row in sandbox.salesforce.rows("Task")),
        "crm": [row for row in sandbox.salesforce.rows("Lead") if row["Id"] == key],
        "turns": [row["last_user"] for row in await rows(journey.world.ledger, turns)],
    }


async def test_a_sample_takes_every_step_and_only_the_sample_mailbox_hears_of_it(
    world: World,
) -> None:
    name = await world.publish(STEPS, lane="sampling")
    real = await world.enroll(name)
    await real.until_at("rest")
    before = await outside(real)
    assert (before["own mails"], before["posts"], before["tasks"] >= 1) == (1, 1, True)
    lead = as_sample(world.ledger, real.lead, "run1")
    sample = await world.enroll(name, lead)  # in the lane that the original is in
    await sample.until_at("rest")
    assert await outside(real) == before | {"sample mails": before["sample mails"] + 1}
    written = {
        row["activity"]: row["vendor_ref"]
        for row in await rows(world.ledger, effects)
        if row["lead"] == lead.lead
    }
    assert {name for name, ref in written.items() if "written down only" not in str(ref)} == {
        "send_email"
    }
    assert set(written) >= {"notify", "update_stage", "set_field", "add_task", "assign"}
    await sample.order("remove")


async def test_samples_are_counted_apart(world: World) -> None:
    name = await world.publish(STEPS, lane="counting")
    real = await world.enroll(name)
    sample = await world.enroll(name, as_sample(world.ledger, real.lead, "run2"))
    for journey in (real, sample):
        await journey.until_at("rest")
    async with world.ledger.reading() as tx:
        report = await campaign_report(world.ledger, tx, name)
    assert (report.entered, report.live, report.sent) == (1, 1, 1)
    assert (report.samples.entered, report.samples.live, report.samples.sent) == (1, 1, 1)
    assert (await counts(world.client, name))["waiting"] == 1


async def test_a_stop_of_a_sample_stops_nothing_of_the_original(world: World) -> None:
    name = await world.publish("[{id: rest, kind: wait, for: 20 days}]", lane="stopping")
    real = await world.enroll(name)
    sample = await world.enroll(name, as_sample(world.ledger, real.lead, "run3"))
    await sample.until_at("rest")
    await world.happens(sample.lead, "unsubscribe")
    assert (await sample.ends()).exit == "unsubscribed"
    assert (await real.until_at("rest")).exit is None
    assert ACCOUNTS.of("default").samples is not None
