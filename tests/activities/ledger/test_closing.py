"""An entry ends exactly once, for the strongest of the reasons known when it does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, permutations
from random import Random

import pytest
from pydantic import JsonValue

from activities.ledger import Ledger
from activities.ledger.holding import held_in, put_hold
from activities.ledger.tables import effects, inbox, suppressions
from tests.activities.ledger.scenes import AT, a_lead, enter, entry_of, happens, leave, make, rows
from workflows.engine.events import Event
from workflows.engine.exits import ExitReason

FACTS = ("reply", "meeting_booked", "unsubscribe")


@pytest.mark.parametrize("order", list(permutations(FACTS)), ids="-".join)
async def test_in_any_order_the_strongest_fact_is_the_exit_and_the_others_are_kept(
    ledger: Ledger, order: tuple[str, ...]
) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    enrollment = await enter(ledger, lead)
    # Two facts come through the inbox; one is a direct signal that close has to record.
    for kind in order[:2]:
        await happens(ledger, lead, kind)
    direct = Event(id="direct", kind=order[2], at=AT)
    recorded = await leave(ledger, enrollment, ExitReason.REPLY_RECEIVED, direct)
    assert recorded.reason is ExitReason.UNSUBSCRIBED
    assert (await entry_of(ledger, lead))["exit"] == "unsubscribed"
    kinds = [row["kind"] for row in await rows(ledger, inbox)]
    assert sorted(kinds) == sorted([*FACTS, "campaign_exited"])
    # The person and, so that a change of address does not undo it, the record.
    assert len(await rows(ledger, suppressions)) == 2
    written = {row["activity"] for row in await rows(ledger, effects)}
    assert written == {"create_event", "mark_unsubscribed", "note_opt_out"}


CAUSES: tuple[tuple[str, dict[str, JsonValue], str], ...] = (
    ("unsubscribe", {}, "unsubscribed"),
    ("bounce", {"type": "hard"}, "email_bounced"),
    ("lead_gone", {}, "lead_gone"),
    ("meeting_booked", {}, "meeting_booked"),
    ("reply", {}, "reply_received"),
    ("goal_reached", {}, "goal_reached"),
    ("remove", {}, "manually_removed"),
    ("criteria_met", {}, "custom_exit_criteria_met"),
    ("superseded", {}, "joined_other_campaign"),
    ("turned_off", {}, "campaign_turned_off_or_expired"),
)
"""Every fact that ends an enrollment, in the documented order: the strongest first."""

STOPS = {"exits": {"on": ["reply", "bounce", "unsubscribe", "meeting_booked", "goal_reached"]}}


async def exit_after(ledger: Ledger, number: int, order: Sequence[int]) -> str:
    """How the entry of a lead ends to whom these happen in that order; the last one is a direct
    signal, which the closing transaction has to record."""
    lead = a_lead(ledger, number)
    enrollment = await enter(ledger, lead)
    *before, last = (CAUSES[place] for place in order)
    for kind, data, _ in before:
        await happens(ledger, lead, kind, **data)
    direct = Event(id=f"direct-{number}", kind=last[0], at=AT, data=last[1])
    # What the workflow heard first is what it asks for; the weakest shows that the ledger decides.
    recorded = await leave(ledger, enrollment, ExitReason.COMPLETED, direct)
    assert recorded.reason is not None
    return recorded.reason.value


async def test_of_any_facts_in_any_order_the_strongest_is_the_exit(ledger: Ledger) -> None:
    """Each beside its neighbour, first one way and then the other, and some drawn by lot."""
    await make(ledger, campaign=STOPS)
    places, chance = range(len(CAUSES)), Random(4)
    orders = [order for pair in pairwise(places) for order in permutations(pair)]
    orders += [tuple(chance.sample(places, chance.randint(1, len(CAUSES)))) for _ in range(12)]
    for number, order in enumerate(orders, start=1):
        assert await exit_after(ledger, number, order) == CAUSES[min(order)][2], order


async def test_an_entry_that_is_closed_twice_answers_the_exit_it_had(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    enrollment = await enter(ledger, lead)
    first = await leave(ledger, enrollment, ExitReason.COMPLETED)
    row = await entry_of(ledger, lead)
    second = await leave(ledger, enrollment, ExitReason.UNSUBSCRIBED)
    assert first.reason is second.reason is ExitReason.COMPLETED
    assert await entry_of(ledger, lead) == row
    exits = [r for r in await rows(ledger, inbox) if r["kind"] == "campaign_exited"]
    told = {"automation": "spring", "reason": "completed", "caused_by": ["spring"]}
    assert [r["data"] for r in exits] == [told]


async def test_a_fact_after_the_exit_does_not_change_it_and_still_counts(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    enrollment = await enter(ledger, lead)
    await leave(ledger, enrollment, ExitReason.REPLY_RECEIVED)
    late = Event(id="late", kind="unsubscribe", at=AT)
    recorded = await leave(ledger, enrollment, ExitReason.UNSUBSCRIBED, late)
    assert recorded.reason is ExitReason.REPLY_RECEIVED
    assert recorded.writebacks == ("late/mark_unsubscribed", "late/note_opt_out")
    # The person and, so that a change of address does not undo it, the record.
    assert len(await rows(ledger, suppressions)) == 2


async def test_closing_frees_the_lane_and_the_hold(ledger: Ledger) -> None:
    await make(ledger)
    await make(ledger, "autumn")
    lead = a_lead(ledger)
    enrollment = await enter(ledger, lead)
    row = await entry_of(ledger, lead)
    async with ledger.transaction() as tx:
        await put_hold(ledger, tx, row, "the automation is disabled")
        assert [held["enrollment"] for held in await held_in(tx, "spring", 10)] == [enrollment]
    await leave(ledger, enrollment, ExitReason.COMPLETED)
    async with ledger.reading() as tx:
        assert await held_in(tx, "spring", 10) == []
    await enter(ledger, lead, "autumn")


async def test_an_entry_that_the_ledger_does_not_know_ends_as_asked(ledger: Ledger) -> None:
    recorded = await leave(ledger, "enrollment:spring:crm-1", ExitReason.COMPLETED)
    assert recorded.reason is ExitReason.COMPLETED
    assert await rows(ledger, inbox) == []
