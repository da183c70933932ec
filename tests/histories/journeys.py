"""The journeys that are recorded: the steps of each, and what happens to the lead on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from pydantic import JsonValue

from starters.definitions.strict_yaml import read
from tests.workflows.world import LONG_HISTORY, Journey

Live = Callable[[Journey], Awaitable[None]]

OUTREACH = """
- {id: intro, kind: send_email, template: intro}
- {id: pause, kind: wait, for: 1 second}
- {id: visited, kind: branch, arms: [{when: {event: visited}, go_to: told}]}
- {id: follow_up, kind: send_email, template: intro, thread: true}
- {id: reply, kind: wait_for, events: [reply], timeout: TIMEOUT}
- {id: stage, kind: update_stage, stage: Unresponsive}
- {id: told, kind: notify, channel: sales, text: "{{ lead.first_name }} stays silent"}
"""
SHORT, LONG = OUTREACH.replace("TIMEOUT", "1 second"), OUTREACH.replace("TIMEOUT", "20 days")

ROUNDS = """
- {id: pause, kind: wait, for: 1 second}
- {id: again, kind: jump, go_to: pause, at_most: 2}
- {id: split, kind: ab_split, arms: [{go_to: left, weight: 3}, {go_to: right}]}
- {id: left, kind: notify, channel: sales, text: left, next: done}
- {id: right, kind: notify, channel: sales, text: right}
- {id: done, kind: end}
"""
RECORDS = """
- {id: rate, kind: set_field, field: Rating, value: Hot}
- {id: hot, kind: branch, arms: [{when: {field: Rating, op: equals, value: Hot}, go_to: task}]}
- {id: cold, kind: end}
- {id: task, kind: create_task, subject: "Call {{ lead.first_name }}", due_in_days: 1}
- {id: event, kind: create_event, subject: Demo, in_days: 2, at: "10:00"}
- {id: note, kind: create_note, text: Rated}
- {id: owner, kind: assign, pool: sales}
"""
CALENDAR = """
- {id: over, kind: wait_until, date: "2026-01-02"}
- {id: due, kind: wait_until, field: renewal, on_missing: monday}
- {id: done, kind: end}
- {id: monday, kind: wait_until, weekdays: [mon], at: "09:30", zone: Europe/London}
- {id: last, kind: end}
"""
TEXTS = """
- {id: text, kind: send_sms, text: "Hi {{ lead.first_name }}. STOP ends this", otherwise: app}
- {id: pause, kind: wait, for: 1 second}
- {id: mail, kind: send_email, template: intro}
- {id: none, kind: send_sms, text: Hi, recipient_field: mobile_phone, otherwise: app}
- {id: done, kind: end}
- {id: app, kind: notify, via: app, text: "{{ lead.first_name }} gets no texts"}
- {id: reply, kind: wait_for, events: [sms_opt_out], timeout: 20 days}
- {id: teams, kind: notify, via: teams, text: gone}
"""
AUTOMATIONS = Path(__file__).parents[2] / "config/automations"
_DOCUMENT, _ = read((AUTOMATIONS / "spring-outreach.yaml").read_bytes())
SAMPLE = cast(dict[str, Any], _DOCUMENT.value if _DOCUMENT else {})
SAMPLE_STEPS = json.dumps(SAMPLE["steps"])
"""The sample campaign itself, as ``make demo`` plays it."""

REST = "[{id: rest, kind: wait, for: 20 days}]"
GOALS = {"goal": {"event": "bought", "stops": True}}
"""The goals of the journeys that have one."""


async def nothing(_journey: Journey) -> None:
    """Nobody answers."""


def hears(kind: str, **data: JsonValue) -> Live:
    """The lead waits for a reply, and an event comes."""

    async def live(journey: Journey) -> None:
        await journey.until_at("reply")
        await journey.world.happens(journey.lead, kind, **data)

    return live


async def visits(journey: Journey) -> None:
    """An upstream client tells by direct signals, some of which cannot be read."""
    await journey.handle.signal("event", {"id": "v-1", "kind": "visited"})
    await journey.handle.signal("reply", 17)
    await journey.handle.signal("lead_changed", {"id": "c-1", "stage": "Open"})


async def is_away(journey: Journey) -> None:
    """Out of office holds the next mail; the reply comes all the same."""
    await journey.world.happens(journey.lead, "out_of_office", until="2035-01-01")
    await journey.until(lambda status: status.away_until is not None and status.state == "held")
    await journey.world.happens(journey.lead, "reply")


async def is_paused(journey: Journey) -> None:
    """An operator pauses, resumes and then removes."""
    await journey.until_at("reply")
    await journey.order("pause", by="an operator", reason="a holiday")
    await journey.order("resume", by="an operator")
    await journey.order("remove", by="an operator")


async def needs_attention(journey: Journey) -> None:
    """The mail server refuses for good, then an operator retries, and skips the last step."""
    await journey.until_at("pause")
    journey.world.fault("smtp", "mail", "status", value=554)
    await journey.until_at("follow_up", "attention")
    await journey.order("retry", step="follow_up", visit=1, by="an operator")
    await journey.until_at("reply")
    await journey.order("skip", step="reply", visit=1)


async def bounces_softly(journey: Journey) -> None:
    """A soft bounce: the mail is sent again, then a hard one ends it."""
    await journey.until_at("reply")
    await journey.world.happens(journey.lead, "bounce", type="soft", step="intro")
    await journey.until(lambda status: status.sends == 3 and status.state == "waiting")
    await journey.world.happens(journey.lead, "bounce", type="hard", step="intro")


async def joins_another(journey: Journey) -> None:
    """A campaign of a higher priority takes the lead away."""
    await journey.until_at("reply")
    other = await journey.world.publish("[{id: e, kind: end}]", priority=9, lane="outreach")
    await journey.world.enroll(other, journey.lead)


async def lives_long(journey: Journey) -> None:
    """So many events come that the run continues as new, in the middle of a wait."""
    first = (await journey.handle.describe()).run_id
    await journey.until_at("reply")
    number = 0
    while (await journey.handle.describe()).run_id == first:
        for _ in range(LONG_HISTORY // 20):
            number += 1
            await journey.handle.signal("event", {"id": f"n-{number}", "kind": "noticed"})
        await asyncio.sleep(0.5)  # in a storm without a pause the server cannot continue it
    await journey.world.happens(journey.lead, "reply")


async def waits_for_monday(journey: Journey) -> None:
    """The lead has no renewal date, and waits for the next Monday until an operator ends it."""
    await journey.until_at("monday")
    await journey.order("skip", step="monday", visit=1)


async def looks_at_the_prices(journey: Journey) -> None:
    """The sample's own event comes while the lead waits for the follow-up to work."""
    await journey.until_at("second-pause")
    await journey.world.happens(journey.lead, "prices_viewed")


async def reaches_the_goal(journey: Journey) -> None:
    """The goal is reached in the middle of a wait."""
    await journey.until_at("rest")
    await journey.world.happens(journey.lead, "bought")


JOURNEYS: dict[str, tuple[str, Live]] = {
    "timeout": (SHORT, nothing),
    "reply": (LONG, hears("reply")),
    "hard_bounce": (LONG, hears("bounce", type="hard", step="follow_up")),
    "unsubscribe": (LONG, hears("unsubscribe")),
    "meeting": (LONG, hears("meeting_booked", starts_at="2035-01-01T10:00:00Z")),
    "direct_signals": (SHORT, visits),
    "out_of_office": (LONG, is_away),
    "pause": (LONG, is_paused),
    "attention": (LONG, needs_attention),
    "soft_bounce": (LONG, bounces_softly),
    "superseded": (LONG, joins_another),
    "rounds": (ROUNDS, nothing),
    "records": (RECORDS, nothing),
    "calendar": (CALENDAR, waits_for_monday),
    "goal": (REST, reaches_the_goal),
    "texts": (TEXTS, hears("sms_opt_out")),
    "sample_silent": (SAMPLE_STEPS, nothing),
    "sample_prices": (SAMPLE_STEPS, looks_at_the_prices),
    "long": (LONG, lives_long),
}
