"""The journeys that are recorded: the steps of each, and what happens to the lead on the way."""

from __future__ import annotations

from pydantic import JsonValue

from activities.dispatch import deliver, take_in
from activities.ledger.deciding import Decision, decide
from activities.ledger.inbox import Incoming
from activities.ledger.publishing import find_version
from activities.ledger.replies import OPERATOR
from activities.ledger.reviews import waiting_reviews
from starters.commands.moving import Mover, Orders
from starters.sandbox.receiver import Canned
from tests.histories.outreach import (
    LONG,
    SAMPLE_STEPS,
    SHORT,
    Live,
    bounces_softly,
    hears,
    is_away,
    is_paused,
    joins_another,
    lives_long,
    looks_at_the_prices,
    needs_attention,
    nothing,
    visits,
)
from tests.histories.steps import (
    ANSWERED,
    AWAITED,
    CALENDAR,
    COMPARED,
    FAIR,
    HANDED_OVER,
    PLATFORMS,
    RECORDS,
    REST,
    RESTS,
    REVIEWED,
    ROUNDS,
    TEXTS,
    WEB,
    WON,
)
from tests.workflows.accounts import ACCOUNTS
from tests.workflows.world import Journey
from workflows.engine.events import Event
from workflows.engine.replies import RECLASSIFIED

ANSWERS = (
    Canned(method="POST", path="/recorded", body={"tier": "gold", "hush": "not in the history"}),
    Canned(method="DELETE", path="/refused", status=403),
)
"""What the sandbox's receiver answers."""
GOALS = {"goal": {"event": "bought", "stops": True}}
"""The goals of the journeys that have one."""


async def waits_for_monday(journey: Journey) -> None:
    """The lead has no renewal date, and waits for the next Monday until an operator ends it."""
    await journey.until_at("monday")
    await journey.order("skip", step="monday", visit=1)


async def warms_up(journey: Journey) -> None:
    """A field of the lead changes twice, and the second change is what is waited for."""
    await journey.until_at("sign")
    await journey.world.happens(journey.lead, "lead_changed", rating="Warm")
    await journey.world.happens(journey.lead, "lead_changed", rating="Hot")


async def is_scored(journey: Journey) -> None:
    """The answer says gold; a later call is refused, and an operator skips it."""
    await journey.until_at("refused", "attention")
    await journey.order("skip", step="refused", visit=1)


async def is_pushed(journey: Journey) -> None:
    """The lead goes to three systems, once they have the campaign and the program."""
    await journey.until_at("ready")
    vendors = journey.world.sandbox.sandbox
    vendors.salesforce.seed("Campaign", Name="Fair", Id=FAIR)
    vendors.marketo.seed_program("Member")
    await journey.world.happens(journey.lead, "go")


async def reaches_the_goal(journey: Journey) -> None:
    """The goal is reached in the middle of a wait."""
    await journey.until_at("rest")
    await journey.world.happens(journey.lead, "bought")


async def is_moved_to_other_versions(journey: Journey) -> None:
    """A version keeps the lead's step, the next one lacks it; then that is taken back."""
    newer = RESTS.replace("for: 9 days", "for: 8 days")
    await journey.until_at("rest")
    await (await _mover(journey, 2, newer)).carry_out_all()
    gone = await _mover(journey, 3, newer.replace(RESTS.splitlines()[1], ""))
    await gone.carry_out_all()
    await journey.until_at("more")
    await gone.take_back(really=True)
    await journey.until_at("rest")
    await journey.order("skip", step="rest")
    await journey.order("skip", step="more")


async def _mover(journey: Journey, number: int, steps: str) -> Mover:
    """Publish a version; who moves leads there."""
    world, name = journey.world, journey.automation
    await world.publish(steps, name, lane="outreach")
    async with world.ledger.reading() as tx:
        version = await find_version(tx, name, number)
    return Mover(world.ledger, world.client, Orders(version, {}, "an operator"))


async def is_reviewed(journey: Journey) -> None:
    """The first mail is approved, the second one rejected."""
    await journey.until_at("check")
    await decides(journey, True)
    await journey.until_at("again")
    await decides(journey, False)


async def decides(journey: Journey, approve: bool) -> None:
    """Ada decides what waits for the lead."""
    world = journey.world
    async with world.ledger.reading() as tx:
        waiting = await waiting_reviews(tx, None, 100)
    (review,) = (one for one in waiting if one.enrollment == journey.handle.id)
    decided = await decide(world.ledger, Decision(review.id, approve, "ada"), ACCOUNTS)
    await deliver(world.ledger, world.client, decided.event)


async def answers(journey: Journey) -> None:
    """A neutral reply holds the next mail until a colleague has decided; a positive one ends it."""
    world = journey.world
    await journey.until_at("ready")
    await world.happens(journey.lead, "reply", **{"class": "NEUTRAL"})
    reply = f"event-{world.count}"
    await world.happens(journey.lead, "go")
    await journey.until_at("intro", "held")
    at = (await journey.row())["admitted_at"]
    told: dict[str, JsonValue] = {"reply": reply, "class": "NEUTRAL", "verdict": "go_on"}
    event = Event(id=f"{reply}-decided", kind=RECLASSIFIED, at=at, data=told)
    await take_in(world.ledger, Incoming(event, "default", OPERATOR, journey.lead.lead), ACCOUNTS)
    await deliver(world.ledger, world.client, event.id)
    await journey.until_at("rest")
    await world.happens(journey.lead, "reply", **{"class": "POSITIVE"})


async def is_handed_over(journey: Journey) -> None:
    """The other tool mails; an operator pauses and resumes; the last mail ends it."""
    await journey.until_at("hand")
    await journey.world.happens(journey.lead, "outreach_sent", step="hand", visit=1, number=1)
    await journey.order("pause", by="an operator")
    await journey.until_at("hand", "held")
    await journey.order("resume", by="an operator")
    await journey.world.happens(journey.lead, "outreach_sent", step="hand", visit=1, number=3)


BEGUN_BEFORE = ("semantics_1",)
"""Histories that an earlier release recorded, and that can never be recorded again: ``compared``
as it went under ``semantics`` 1."""

JOURNEYS: dict[str, tuple[str, Live]] = {
    "timeout": (SHORT, nothing),
    "reply": (LONG, hears("reply")),
    "answered": (ANSWERED, answers),
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
    "won": (WON, nothing),
    "records": (RECORDS, nothing),
    "web": (WEB, is_scored),
    "calendar": (CALENDAR, waits_for_monday),
    "migrated": (RESTS, is_moved_to_other_versions),
    "goal": (REST, reaches_the_goal),
    "platforms": (PLATFORMS, is_pushed),
    "reviewed": (REVIEWED, is_reviewed),
    "handed_over": (HANDED_OVER, is_handed_over),
    "awaited": (AWAITED, warms_up),
    "compared": (COMPARED, nothing),
    "texts": (TEXTS, hears("sms_opt_out")),
    "sample_silent": (SAMPLE_STEPS, nothing),
    "sample_prices": (SAMPLE_STEPS, looks_at_the_prices),
    "long": (LONG, lives_long),
}
