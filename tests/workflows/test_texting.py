"""Text messages and the outlets of ``notify`` on the real server: once, or known why not."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import update

from activities.ledger.alerts import list_alerts
from activities.ledger.leads import Lead
from activities.ledger.report import campaign_report
from activities.ledger.tables import effects
from tests.activities.ledger.scenes import rows
from tests.patience import until
from tests.workflows.world import Journey, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = """
- {id: t, kind: send_sms, text: "Hi {{ lead.first_name }}. Reply STOP to opt out", otherwise: m}
- {id: end, kind: end}
- {id: m, kind: send_email, template: intro}
"""


def phoned(world: World, **fields: str) -> Lead:
    """A lead with a number of its own."""
    world.count += 1
    return world.lead(**{"phone": f"+1202555{world.count:04}"} | fields)


def texts(journey: Journey) -> list[str]:
    """What the lead's phone has received."""
    found = journey.world.sandbox.sandbox.twilio.messages()
    return [one["body"] for one in found if one["to"] == journey.lead.fields["phone"]]


async def states(journey: Journey) -> list[tuple[str, str, str]]:
    """(step, state, reason) of every message that the ledger has of the lead."""
    found = await rows(journey.world.ledger, effects)
    mine = [row for row in found if row["lead"] == journey.lead.lead and row["step"]]
    return [(row["step"], row["state"], row["reason"]) for row in mine]


async def test_a_text_message_is_sent_once_after_an_outage_and_counted_apart(world: World) -> None:
    world.fault("twilio", "messages", "rate_limit", value=1)
    automation = await world.publish(TEXT)
    journey = await world.enroll(automation, phoned(world))
    ending = await journey.ends()
    assert (ending.exit, ending.sends) == ("completed", 1)
    assert texts(journey) == [f"Hi {journey.lead.fields['first_name']}. Reply STOP to opt out"]
    assert (await journey.status()).texts == 1
    async with world.ledger.reading() as tx:
        report = await campaign_report(world.ledger, tx, automation)
    assert (report.sent, report.texts_sent) == (0, 1)


LOST = {
    "found at once": ("drop_after_commit", "", "SENT"),
    "found once the list has settled": ("drop_after_commit", "drop", "SENT"),
    "not found": ("drop", "", "UNKNOWN"),
}


async def test_after_a_lost_answer_the_message_is_looked_up_and_never_sent_again(
    world: World,
) -> None:
    automation = await world.publish(TEXT)
    journeys = []
    for post, look_up, _ in LOST.values():
        world.fault("twilio", "messages", post)
        if look_up:
            world.fault("twilio", "list", look_up)
        journeys.append(await world.enroll(automation, phoned(world)))
        await until(partial(_given_up, journeys[-1]))
    for journey, (post, _, state) in zip(journeys, LOST.values(), strict=True):
        ending = await journey.ends()
        assert (ending.sends, ending.unknowns) == (1, int(state == "UNKNOWN"))
        assert [(step, found) for step, found, _ in await states(journey)] == [("t", state)]
        assert len(texts(journey)) == (post == "drop_after_commit")


async def _given_up(journey: Journey) -> bool:
    """Its call is over, whatever is known of it, and so the faults meant for it are used up."""
    found = await rows(journey.world.ledger, effects)
    return any(
        row["lead"] == journey.lead.lead and row["phase"] and not row["lease_owner"]
        for row in found
    )


@pytest.mark.parametrize(
    ("code", "reason"), [(21610, "sms_opt_out"), (21211, "undeliverable"), (21614, "undeliverable")]
)
async def test_what_twilio_refuses_for_a_number_is_remembered_and_the_lead_gets_the_mail(
    world: World, code: int, reason: str
) -> None:
    world.fault("twilio", "messages", "code", value=code)
    journey = await world.enroll(await world.publish(TEXT), phoned(world))
    assert (await journey.ends()).exit == "completed"
    assert journey.mails() == 1
    text = (await states(journey))[0]
    assert text[:2] == ("t", "NOT_SENT")
    assert str(code) in text[2]
    again = await world.enroll(await world.publish(TEXT), journey.lead)
    ending = await again.ends()
    assert any(
        line.what == "send_sms: skipped" and line.why == f"suppressed: {reason}"
        for line in ending.timeline
    )
    assert texts(journey) == []
    assert journey.mails() == 2


async def test_an_opt_out_that_twilio_tells_of_ends_what_sends_texts_alone(world: World) -> None:
    world.fault("twilio", "messages", "code", value=21610)
    alone = "[{id: t, kind: send_sms, text: Hi}, {id: u, kind: send_sms, text: Hi}]"
    journey = await world.enroll(await world.publish(alone), phoned(world))
    assert (await journey.ends()).exit == "unsubscribed"


async def test_a_lead_without_a_number_goes_on_and_a_wrong_account_needs_attention(
    world: World,
) -> None:
    journey = await world.enroll(await world.publish(TEXT), phoned(world, phone="none"))
    ending = await journey.ends()
    assert any("takes no text message" in line.why for line in ending.timeline)
    assert journey.mails() == 1
    world.fault("twilio", "messages", "code", value=21606)
    parked = await world.enroll(await world.publish(TEXT), phoned(world))
    status = await parked.until_at("t", "attention")
    assert "21606" in status.held_because
    await parked.order("retry")
    assert (await parked.ends()).sends == 1


async def test_a_stop_between_two_attempts_is_the_end_of_the_message(world: World) -> None:
    world.fault("twilio", "messages", "rate_limit", times=999, value=2)
    journey = await world.enroll(await world.publish(TEXT), phoned(world))
    await until(lambda: states(journey))
    await world.happens(journey.lead, "sms_opt_out")
    world.sandbox.sandbox.faults.clear()
    assert (await journey.ends()).exit == "completed"
    assert (await states(journey))[0] == ("t", "NOT_SENT", "suppressed: sms_opt_out")
    assert (texts(journey), journey.mails()) == ([], 1)


async def test_a_direct_signal_ends_texts_at_once_and_the_ledger_learns_of_it(world: World) -> None:
    wait = "\n- {id: w, kind: wait_for, events: [go], timeout: 9 days}"
    journey = await world.enroll(await world.publish(wait + TEXT), phoned(world))
    await journey.until_at("w")
    await journey.handle.signal("event", {"kind": "sms_opt_out"})
    await journey.handle.signal("event", {"kind": "go"})
    assert (await journey.ends()).exit == "completed"
    assert (texts(journey), journey.mails()) == ([], 1)
    again = await world.enroll(await world.publish(TEXT), journey.lead)
    ending = await again.ends()
    assert any(line.why == "suppressed: sms_opt_out" for line in ending.timeline)


NOTIFY = """
- {id: teams, kind: notify, via: teams, subject: "{{ lead.first_name }}", text: "is *keen*"}
- {id: mail, kind: notify, via: email, to: kim@dripstone.example, text: "{{ lead.first_name }}"}
- {id: owner, kind: notify, via: email, to: owner, subject: Yours, text: "{{ lead.first_name }}"}
- {id: app, kind: notify, via: app, text: "{{ lead.first_name }} in the app"}
"""


async def test_the_team_is_told_by_every_outlet_once(world: World) -> None:
    mark = world.sandbox.mark()
    automation = await world.publish(NOTIFY)
    kim = "kim@dripstone.example"
    users = world.sandbox.sandbox.salesforce.rows("User")
    owner = next(user["Id"] for user in users if user["Email"] == kim)
    journey = await world.enroll(automation, world.lead(owner=owner))
    assert (await journey.ends()).exit == "completed"
    name = journey.lead.fields["first_name"]
    cards = [card["lines"] for card in world.sandbox.logged("teams", "card", mark)]
    assert cards == [[name, "is \\*keen\\*"]]
    mails = [m for m in world.sandbox.sandbox.mail.messages() if m.to_address == kim]
    assert {m.subject for m in mails} == {automation, "Yours"}
    assert len(mails) == 2
    raw = mails[0].path.read_text()
    assert "List-Unsubscribe" not in raw
    assert "Auto-Submitted: auto-generated" in raw
    async with world.ledger.reading() as tx:
        found = await list_alerts(tx, "default", acknowledged_too=False, limit=10)
    assert [(one.lead, one.text) for one in found] == [(journey.lead.lead, f"{name} in the app")]
    async with world.ledger.reading() as tx:
        assert (await campaign_report(world.ledger, tx, automation)).sent == 0


async def test_an_owner_without_an_address_needs_attention(world: World) -> None:
    steps = "[{id: o, kind: notify, via: email, to: owner, text: hello}]"
    journey = await world.enroll(await world.publish(steps))
    status = await journey.until_at("o", "attention")
    assert "no owner with an address" in status.held_because


async def test_a_message_whose_worker_died_in_the_call_is_unknown(world: World) -> None:
    world.fault("twilio", "messages", "code", value=21606)
    journey = await world.enroll(await world.publish(TEXT), phoned(world))
    await journey.until_at("t", "attention")
    key = f"{journey.handle.id}/1/t/2/send_sms"
    dead = {"state": "INTENT", "phase": "handed_over", "lease_owner": None, "key": key}
    async with world.ledger.transaction() as tx:
        mine = effects.c.key == f"{journey.handle.id}/1/t/1/send_sms"
        await tx.execute(update(effects).where(mine).values(dead))
    await journey.order("retry")
    assert (await journey.ends()).unknowns == 1
    assert texts(journey) == []
