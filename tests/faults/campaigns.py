"""The campaigns that leads are put through, and the plan that the checker holds them against."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from activities.ledger.publishing import TemplateText, publish, set_state
from tests.faults.facts import Plan, Shut
from tests.faults.system import System
from workflows.engine.automation import Automation

MAIN, SWITCHED, NIGHT = "faults-main", "faults-switched", "faults-night"
CAPPED, REVIEWED = "faults-capped", "faults-reviewed"
ALL = (MAIN, SWITCHED, NIGHT, CAPPED, REVIEWED)
CAP = 2
"""Mails that the capped campaign may send a day."""

HOLDING = (NIGHT, CAPPED)
"""Leads of these stay inside: what they wait for does not come while a storm lasts."""

WAIT = timedelta(seconds=2)
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CANARY = "Quillonbert"
"""A first name that stands nowhere else: what must not be found in a history or a log."""

STEPS: list[dict[str, Any]] = [
    {"id": "a", "kind": "send_email", "template": "a", "thread": False},
    {"id": "w1", "kind": "wait", "for": "2 seconds"},
    {"id": "b", "kind": "send_email", "template": "b", "thread": False},
    {"id": "tell", "kind": "notify", "channel": "#sales", "text": "Wrote to {{ lead.tag }}"},
    {"id": "w2", "kind": "wait", "for": "2 seconds"},
    {"id": "c", "kind": "send_email", "template": "c", "thread": False},
    {"id": "stage", "kind": "update_stage", "stage": "Unresponsive"},
]
LETTERS = ("a", "b", "c")
CHECKED: list[dict[str, Any]] = [
    {"id": "check", "kind": "approval", "of": "a", "on_reject": "done"},
    STEPS[0],
    {"id": "done", "kind": "end"},
]
STOPPING = ["bounce", "unsubscribe", "meeting_booked", "reply"]
NOTHING = timedelta()
WAITS = (("a", NOTHING), ("b", WAIT), ("tell", NOTHING), ("c", WAIT), ("stage", NOTHING))
"""Each step that asks something of the outside world, and the wait before it."""


def plan(longest_freeze: timedelta) -> Plan:
    """What the checker is told of the campaigns. A frozen worker may send so much later."""
    in_flight = timedelta(seconds=30) + longest_freeze
    waits = {**dict.fromkeys(ALL, WAITS), **dict.fromkeys((CAPPED, REVIEWED), WAITS[:1])}
    return Plan(
        waits,
        in_flight=in_flight,
        caps={CAPPED: CAP},
        reviewed=frozenset((REVIEWED,)),
    )


def night(now: datetime) -> dict[str, Any]:
    """A send window that is shut now and for two hours to come."""
    opens = now + timedelta(hours=2)
    hours = ("02:00", "03:00") if opens.date() != now.date() else (f"{opens:%H}:59", "24:00")
    return {"days": EVERY_DAY, "opens": hours[0], "closes": hours[1], "zone": "UTC"}


def shut_at_night() -> Shut:
    """The window of the night campaign is shut for longer than any run."""
    now = datetime.now(UTC)
    return Shut(NIGHT, now - timedelta(days=1), now + timedelta(days=1), "outside its send window")


def automation(name: str, window: Mapping[str, Any]) -> Automation:
    """One campaign; each has a lane of its own."""
    steps = {CAPPED: STEPS[:1], REVIEWED: CHECKED}
    return Automation.model_validate(
        {
            "id": name,
            "name": name,
            "trigger": {"kind": "manual"},
            "campaign": {
                "engagement_window": "30 days",
                "send_window": window,
                "lane": name,
                "exits": {"on": STOPPING},
                **({"caps": {"per_day": CAP}} if name == CAPPED else {}),
            },
            "steps": steps.get(name, STEPS),
        }
    )


async def publish_all(system: System) -> None:
    """Publish and enable the campaigns."""
    text = "Hello {{ lead.first_name }}. {{ unsubscribe_url }} {{ sender.postal_address }}"
    letters = [TemplateText(name, f"{name} for {{{{ lead.tag }}}}", text, None) for name in LETTERS]
    open_all_day: dict[str, Any] = {"always": True}
    for name in ALL:
        window = night(datetime.now(UTC)) if name == NIGHT else open_all_day
        await publish(system.ledger, automation(name, window), "", letters, "the fault suite")
        await set_state(system.ledger, name, "enabled", "the fault suite")
