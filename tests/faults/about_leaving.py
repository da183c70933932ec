"""I1: none lost. Who was accepted has left for a reason that is true, or goes on."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.facts import DONE, Accepted, Entry, Facts, Run


def none_lost(facts: Facts) -> Iterator[str]:
    """I1. Who was accepted has left with a reason, or is inside and its workflow is open."""
    entries = {(entry.enrollment, entry.entry): entry for entry in facts.entries}
    runs = {run.enrollment: run for run in facts.runs}
    for accepted in facts.accepted:
        entry = entries.get((accepted.enrollment, accepted.entry))
        yield from _where(accepted, entry, runs.get(accepted.enrollment))
    yield from _not_completed(facts)
    yield from _not_terminated(facts)


def _where(accepted: Accepted, entry: Entry | None, run: Run | None) -> Iterator[str]:
    if entry is None:
        yield f"{accepted.enrollment} was accepted, and the ledger has no entry {accepted.entry}"
    elif entry.state == "CLOSED":
        if not entry.exit:
            yield f"{entry.enrollment} is closed without a reason"
        if run and run.is_open:
            yield f"{entry.enrollment} is closed, and its workflow is open"
    elif run is None or not run.is_open:
        yield f"{entry.enrollment} is {entry.state}, and no workflow of it is open"


def _not_completed(facts: Facts) -> Iterator[str]:
    """Completed is who went through every step; a rejected mail is not sent, and that is right."""
    been = {(one.enrollment, one.entry, one.step) for one in facts.effects if one.state in DONE}
    been |= {(one.enrollment, one.entry, one.step) for one in facts.decided if not one.approved}
    for entry in facts.entries:
        for step, _ in facts.plan.waits.get(entry.automation, ()):
            if entry.exit == "completed" and (entry.enrollment, entry.entry, step) not in been:
                yield f"{entry.enrollment} is completed, and its step {step} was not done"


def _not_terminated(facts: Facts) -> Iterator[str]:
    """Terminated is whom an operator terminated, or whom a restore of Temporal forgot."""
    forgotten = {(entry.enrollment, entry.entry) for entry in lost_to_restore(facts)}
    for entry in facts.entries:
        known = entry.enrollment in facts.terminated
        known |= (entry.enrollment, entry.entry) in forgotten
        if entry.exit == "terminated" and not known:
            yield f"{entry.enrollment} is terminated, and nobody has terminated it"


def lost_to_restore(facts: Facts) -> list[Entry]:
    """Entries that ended because their workflow had begun after the backup that Temporal was put
    back to; one that began a moment before the backup was made may be counted, too."""
    return [
        entry
        for entry in facts.entries
        if entry.exit == "terminated"
        and entry.enrollment not in facts.terminated
        and any(
            one.since <= (entry.running_at or entry.admitted_at) <= one.until
            for one in facts.restored
        )
    ]
