"""The journeys through an outreach campaign and the sample: mails, and waits for a reply."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

from pydantic import JsonValue

from starters.definitions.strict_yaml import read
from starters.demo.hurry import hurried
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

AUTOMATIONS = Path(__file__).parents[2] / "config/automations"
_DOCUMENT, _ = read(hurried((AUTOMATIONS / "spring-outreach.yaml").read_text("utf-8")).encode())
SAMPLE = cast(dict[str, Any], _DOCUMENT.value if _DOCUMENT else {})
SAMPLE_STEPS = json.dumps(SAMPLE["steps"])
"""The sample campaign itself, as ``make demo`` plays it."""


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


async def looks_at_the_prices(journey: Journey) -> None:
    """The sample's own event comes while the lead waits for the follow-up to work."""
    await journey.until_at("second-pause")
    await journey.world.happens(journey.lead, "prices_viewed")
