"""http_call and track_event on the real server: what arrives, once, and what the journey learns."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from activities.ledger.leads import find_lead
from activities.ledger.suppressions import suppress_person
from activities.ledger.tables import effects
from starters.sandbox.receiver import Canned
from tests.workflows.world import Journey, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCORE = """
- id: score
  kind: http_call
  connection: CONNECTION
  method: POST
  path: /score/{{ lead.id }}
  body: {mail: "{{ lead.email }}", size: "{{ lead.size }}"}
  answer:
    tier: {from: result.tier, save: true}
    score: {from: result.score, type: number}
    reason: {from: result.reason}
  status_as: score_status
- id: which
  kind: branch
  arms:
    - when: {all: [{field: tier, op: equals, value: gold}, {field: score, op: at_least, value: 7}]}
      go_to: gold
  otherwise: other
- {id: gold, kind: wait_for, events: [go], timeout: 20 days}
- {id: other, kind: wait_for, events: [go], timeout: 20 days}
"""


def calls(world: World, path: str) -> list[dict[str, Any]]:
    return [c for c in world.sandbox.logged("receiver", "call") if c["path"] == path]


async def rows(journey: Journey) -> dict[str, Any]:
    query = select(effects).where(effects.c.enrollment == journey.handle.id)
    async with journey.world.ledger.reading() as tx:
        found = (await tx.execute(query)).mappings().all()
    return {row["key"].rsplit("/", 1)[-1]: row for row in found}


async def scored(world: World, connection: str = "keyed", **answer: Any) -> Journey:
    automation = await world.publish(SCORE.replace("CONNECTION", connection))
    lead = world.lead(size=300)
    canned = {"body": {"result": answer}} if "status" not in answer else answer
    path = f"/score/{lead.lead}"
    world.sandbox.sandbox.receiver.answer_with(Canned(method="POST", path=path, **canned))
    return await world.enroll(automation, lead)


async def test_the_answer_decides_a_branch_and_nothing_else_of_it_reaches_the_history(
    world: World,
) -> None:
    world.fault("receiver", "call", "drop_after_commit")
    journey = await scored(world, tier="gold", score="7.5", reason="hush", extra="hush")
    await journey.until_at("gold")
    path = f"/score/{journey.lead.lead}"
    (call,) = calls(world, path)  # once, though its first answer was lost
    assert call["body"] == {"mail": journey.lead.email, "size": 300}
    assert journey.lead.lead not in call["key"]
    async with world.ledger.reading() as tx:
        lead = await find_lead(tx, "default", journey.lead.lead)
    assert lead is not None
    assert (lead.fields["tier"], "reason" in lead.fields) == ("gold", False)
    row = (await rows(journey))["http_call"]
    kept = {"tier": "gold", "score": 7.5, "reason": "hush", "score_status": 200}
    assert (row["state"], row["payload"]["answer"]) == ("SENT", kept)
    token = world.sandbox.sandbox.secrets.receiver.token
    assert token not in json.dumps(dict(row), default=str)
    history = (await journey.handle.fetch_history()).to_json()
    assert not [word for word in ("hush", token, journey.lead.email) if str(word) in history]


async def test_a_small_score_goes_the_other_way(world: World) -> None:
    journey = await scored(world, tier="gold", score=3)
    await journey.until_at("other")


async def test_without_a_key_a_lost_answer_is_unknown_and_never_repeated(world: World) -> None:
    world.fault("receiver", "call", "drop_after_commit")
    journey = await scored(world, "plain", tier="gold", score=9)
    status = await journey.until_at("other")
    assert status.unknowns == 1
    assert len(calls(world, f"/score/{journey.lead.lead}")) == 1
    assert (await rows(journey))["http_call"]["state"] == "UNKNOWN"


async def test_a_refusal_needs_attention_and_a_retry_after_mending_goes_on(world: World) -> None:
    journey = await scored(world, status=403)
    status = await journey.until_at("score", "attention")
    assert "POST over 'keyed' was answered 403" in status.held_because
    path = f"/score/{journey.lead.lead}"
    mended = Canned(method="POST", path=path, body={"result": {"tier": "gold", "score": 8}})
    world.sandbox.sandbox.receiver.answer_with(mended)
    await journey.order("retry", step="score", visit=1)
    await journey.until_at("gold")


async def test_an_sms_is_a_message_and_none_goes_to_who_is_suppressed(world: World) -> None:
    steps = """
- {id: sms, kind: http_call, connection: keyed, method: POST, path: /sms, reaches_lead: true,
   form: {To: "{{ lead.mobile }}", Body: "Hi {{ lead.first_name }}"}}
"""
    automation = await world.publish(steps)
    journey = await world.enroll(automation, world.lead(mobile="+15550100"))
    assert (await journey.ends()).exit == "completed"
    stopped = world.lead(mobile="+15550101")
    async with world.ledger.transaction() as tx:
        why = ("unsubscribed", "e", await world.ledger.now(tx))
        await suppress_person(tx, "default", stopped.person, why)
    refused = await world.enroll(automation, stopped)
    assert (await refused.ends()).exit == "unsubscribed"
    assert [call["body"]["To"] for call in calls(world, "/sms")] == ["+15550100"]


TRACK = """
- {id: track, kind: track_event, event: demo_asked, client_id: ga,
   properties: {plan: "{{ lead.plan }}", seats: 3, note: "{{ lead.note | default: 'x' }}"}}
- {id: done, kind: end}
"""


async def test_an_event_reaches_google_analytics_and_the_listener_once_and_says_not_who(
    world: World,
) -> None:
    automation = await world.publish(TRACK)
    world.fault("receiver", "call", "drop_after_commit")
    known = await world.enroll(automation, world.lead(plan="pro", ga="12.34"))
    assert (await known.ends()).exit == "completed"
    unknown = await world.enroll(automation, world.lead(plan="a", ga="a@x.example", note="b@x.org"))
    assert (await unknown.ends()).exit == "completed"
    first, second = world.sandbox.logged("google_analytics", "event")
    assert (first["client_id"], first["name"]) == ("12.34", "demo_asked")
    assert first["params"] == {"plan": "pro", "seats": 3, "note": "x"}
    assert second["params"] == {"plan": "a", "seats": 3}
    assert second["client_id"].replace(".", "").isdigit()
    told = [call["body"] for call in calls(world, "/hooks")]
    assert [one["lead"] for one in told] == [known.lead.lead, unknown.lead.lead]
    assert (told[0]["event"], told[0]["properties"]) == ("demo_asked", first["params"])
    states = {key: row["state"] for key, row in (await rows(known)).items()}
    assert states == {"track_event:google_analytics": "SENT", "track_event:site": "SENT"}


async def test_statistics_that_are_down_hold_nobody_up_for_long(world: World) -> None:
    world.fault("google_analytics", "collect", "status", value=404)
    journey = await world.enroll(await world.publish(TRACK), world.lead(plan="pro"))
    ending = await journey.ends()
    assert ending.exit == "completed"
    (line,) = [line for line in ending.timeline if line.what == "track_event: done"]
    assert line.why.startswith("google_analytics: not sent: google_analytics: http_404")
    states = {key: row["state"] for key, row in (await rows(journey)).items()}
    assert states == {"track_event:google_analytics": "NOT_SENT", "track_event:site": "SENT"}
