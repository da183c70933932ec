"""Invariants of who gets on: all heard once, in order, none stuck, replayable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from tests.faults.facts import TERMINAL, Effect, Facts, heard_inside

CLOCK_GRAIN = timedelta(milliseconds=5)
"""Temporal's timers are of whole milliseconds."""

LONGEST_STUCK = timedelta(seconds=60)


def heard_once(facts: Facts) -> Iterator[str]:
    """I5. What was acknowledged is in the inbox, was new once, and has reached its targets."""
    kept = Counter(row.id for row in facts.inbox)
    for told in facts.told:
        if kept[told.id] != 1:
            yield f"{told.id} was acknowledged, and is {kept[told.id]} times in the inbox"
        if told.new > 1:
            yield f"{told.id} was taken for new {told.new} times"
    for delivery in facts.deliveries:
        if delivery.state == "PENDING":
            yield f"{delivery.event} is still to be told to {delivery.enrollment}"
    yield from _never_reached(facts)
    yield from _meetings(facts)
    known = {told.id for told in facts.told}
    stops = {(row.enrollment, row.entry): row for row in facts.entries if row.stop_reason}
    for delivery in facts.deliveries:
        stop = stops.get((delivery.enrollment, delivery.entry))
        if delivery.event in known and stop and stop.state != "CLOSED":
            yield f"{delivery.enrollment} heard {delivery.event} and is still {stop.state}"


def _never_reached(facts: Facts) -> Iterator[str]:
    """Whoever was inside when an event of theirs was taken in is to be told it."""
    received = {row.id: row.received_at for row in facts.inbox}
    meant = {(one.event, one.enrollment, one.entry) for one in facts.deliveries}
    for told in facts.told:
        at = received.get(told.id)
        if at is None:
            continue
        for entry in facts.entries:
            inside = entry.admitted_at < at and (entry.closed_at is None or at < entry.closed_at)
            known = (told.id, entry.enrollment, entry.entry) in meant
            if entry.lead == told.lead and inside and not known:
                yield f"{told.id} was acknowledged, and {entry.enrollment} is not to be told it"


def _meetings(facts: Facts) -> Iterator[str]:
    """By what the CRM has: an event that is heard twice under two ids makes two records."""
    told = Counter(told.lead for told in facts.told if told.kind == "meeting_booked")
    due = Counter(told.lead for told in heard_inside(facts) if told.kind == "meeting_booked")
    there = Counter(record.lead for record in facts.records if record.object == "Event")
    unclear = Counter(
        effect.lead
        for effect in facts.effects
        if (effect.activity, effect.state) == ("create_event", "UNKNOWN")
    )
    for lead in told.keys() | there.keys():
        if not due[lead] - unclear[lead] <= there[lead] <= told[lead]:
            yield f"{lead}: {there[lead]} meetings in the CRM, {told[lead]} were told"


def in_order(facts: Facts) -> Iterator[str]:
    """I6. A step begins when the one before has ended and its wait is over, and not much later."""
    by_entry: dict[tuple[str, int], dict[str, Effect]] = {}
    for effect in facts.effects:
        if effect.step and effect.intent_at:
            here = (effect.enrollment or "", effect.entry or 0)
            by_entry.setdefault(here, {})[effect.step] = effect
    for entry in facts.entries:
        began = by_entry.get((entry.enrollment, entry.entry), {})
        waits = facts.plan.waits.get(entry.automation, ())
        for (before, _), (step, wait) in pairwise(waits):
            if step in began:
                yield from _one_after(began.get(before), began[step], wait, facts.plan.recovery)


def _one_after(
    before: Effect | None, after: Effect, wait: timedelta, recovery: timedelta
) -> Iterator[str]:
    assert after.intent_at
    if before is None or before.state not in TERMINAL or before.done_at is None:
        yield f"{after.key} began, and the step before it has not ended"
        return
    waited = after.intent_at - before.done_at
    if waited < wait - CLOCK_GRAIN:
        yield f"{after.key} began {waited.total_seconds():.3f} s after the step before it"
    elif waited > wait + recovery:
        yield f"{after.key} began only {waited.total_seconds():.0f} s after the step before it"


def none_stuck(facts: Facts) -> Iterator[str]:
    """I10. No workflow's task keeps failing, and none failed because the code had changed."""
    for run in facts.runs:
        if run.nondeterministic:
            yield f"{run.enrollment}: a workflow task failed: other commands than in the history"
        if run.stuck_for > LONGEST_STUCK:
            yield f"{run.enrollment}: stuck for {run.stuck_for.total_seconds():.0f} s"


def replayable(facts: Facts) -> Iterator[str]:
    """I11. Every history that was made replays."""
    yield from (f"{run.enrollment}: {run.replay}" for run in facts.runs if run.replay)
    yield from facts.earlier
