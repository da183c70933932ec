"""Invariants of what stays: no person in what others may read, and a CRM that fits the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.faults.facts import SUPPRESSING, Effect, Facts, heard_inside

STAGE = "Unresponsive"
OPT_OUT, BOUNCED = "HasOptedOutOfEmail", "clay_external_hard_bounce__c"


def no_leak(facts: Facts) -> Iterator[str]:
    """I9. What is personal is in no history, no log and no error."""
    yield from facts.leaks


def crm_fits(facts: Facts) -> Iterator[str]:
    """I12. The CRM's records are what the ledger's effects add up to."""
    done = [effect for effect in facts.effects if effect.state == "SENT"]
    yield from _counts("Task", "create_task", done, facts)
    yield from _counts("Event", "create_event", done, facts)
    mails = Counter(effect.lead for effect in done if effect.activity == "send_email")
    tasks = Counter(effect.lead for effect in done if effect.activity == "create_task")
    for lead in mails.keys() | tasks.keys():
        if mails[lead] != tasks[lead]:
            yield f"{lead}: {mails[lead]} mails are SENT, {tasks[lead]} of them logged"
    yield from _fields(done, facts)
    yield from _opt_outs(facts)


def _counts(name: str, activity: str, done: list[Effect], facts: Facts) -> Iterator[str]:
    there = Counter(record.lead for record in facts.records if record.object == name)
    meant = Counter(effect.lead for effect in done if effect.activity == activity)
    for lead in there.keys() | meant.keys():
        if there[str(lead)] != meant[lead]:
            yield f"{lead}: {there[str(lead)]} {name} records, the ledger has {meant[lead]}"


def _fields(done: list[Effect], facts: Facts) -> Iterator[str]:
    unclear = {effect.lead for effect in facts.effects if effect.state == "UNKNOWN"}
    wanted = {
        (effect.lead, effect.activity)
        for effect in done
        if effect.activity in ("update_stage", "mark_unsubscribed", "mark_bounced")
    }
    for record in facts.records:
        if record.object != "Lead":
            continue
        has = {
            "update_stage": record.fields.get("Status") == STAGE,
            "mark_unsubscribed": bool(record.fields.get(OPT_OUT)),
            "mark_bounced": bool(record.fields.get(BOUNCED)),
        }
        for activity, found in has.items():
            meant = (record.lead, activity) in wanted
            if found != meant and not (activity == "update_stage" and record.lead in unclear):
                yield f"{record.lead}: {activity} is {found} in the CRM, {meant} in the ledger"


def _opt_outs(facts: Facts) -> Iterator[str]:
    """Told about a lead that had entered, an opt-out or a bounce is written back."""
    written = {effect.event for effect in facts.effects if effect.event}
    for told in heard_inside(facts):
        if told.kind in SUPPRESSING and told.id not in written:
            yield f"{told.id}: {told.kind} of {told.lead} is not written back"
