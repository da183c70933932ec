"""Invariants of what leaves: once, recorded, not after a stop, only as the gate allows, told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from tests.faults.facts import (
    DONE,
    STOPS,
    SUPPRESSING,
    TERMINAL,
    Effect,
    Entry,
    Facts,
    Record,
    Told,
)


def once(facts: Facts) -> Iterator[str]:
    """I2. By what vendors have, and not by our keys: a second key would hide a second mail."""
    mails = Counter((mail.lead, mail.about) for mail in facts.mails)
    yield from (
        f"{lead}: mail {about!r} came {n} times" for (lead, about), n in mails.items() if n > 1
    )
    yield from (
        f"post {text!r} came {n} times" for text, n in Counter(facts.posts).items() if n > 1
    )
    keys = Counter(
        # A Note has no field for a key of ours: there is one of a title for each lead.
        (
            record.object,
            record.fields.get("Dripstone_Key__c") or (record.lead, record.fields.get("Title")),
        )
        for record in facts.records
        if record.object != "Lead"
    )
    yield from (f"{name} {key} was made {n} times" for (name, key), n in keys.items() if n > 1)


def _note(record: Record) -> tuple[str, object]:
    """A Note has no field for a key of ours: there is one of a title for each lead."""
    return record.lead, record.fields.get("Title")


def recorded(facts: Facts) -> Iterator[str]:
    """I3. What the vendor has the ledger knows of, and what it calls sent the vendor has."""
    states = {effect.message_id: effect.state for effect in facts.effects if effect.message_id}
    arrived = {mail.message_id for mail in facts.mails}
    for mail in facts.mails:
        if states.get(mail.message_id) not in DONE:
            found = states.get(mail.message_id, "no row")
            yield f"{mail.lead}: {mail.about!r} arrived, but the ledger has {found}"
    for effect in facts.effects:
        is_sent = effect.activity == "send_email" and effect.state == "SENT"
        if is_sent and effect.message_id not in arrived:
            yield f"{effect.key} is SENT, but never arrived"
    posts = [effect for effect in facts.effects if effect.activity == "notify"]
    least = sum(effect.state == "SENT" for effect in posts)
    most = sum(effect.state in DONE for effect in posts)
    if not least <= len(set(facts.posts)) <= most:
        yield f"{len(set(facts.posts))} posts came, {least} to {most} are in the ledger"


def stopped(facts: Facts) -> Iterator[str]:
    """I4. No claim of a lead is later than the acknowledgement of its stop, a retry's neither; and
    a mail that had begun before arrives within the bound."""
    entries = {(entry.enrollment, entry.entry): entry for entry in facts.entries}
    received = {kept.id: kept.received_at for kept in facts.inbox}
    stops = [told for told in facts.told if told.kind in STOPS]
    for stop in stops:
        for effect in facts.effects:
            at = effect.last_begun
            if effect.step is None or effect.lead != stop.lead or at is None:
                continue
            entry = entries.get((effect.enrollment or "", effect.entry or 0))
            holds = _reaches(stop, entry, received.get(stop.id))
            if holds and at > stop.acked:
                yield f"{effect.key} began {_after(at, stop)}"
    latest = {stop.lead: stop for stop in stops if stop.kind in SUPPRESSING}
    for mail in facts.mails:
        known = latest.get(mail.lead)
        if known and mail.at > known.acked + facts.plan.in_flight:
            yield f"{mail.lead}: {mail.about!r} arrived {_after(mail.at, known)}"


def _reaches(stop: Told, entry: Entry | None, received_at: datetime | None) -> bool:
    """Whether a stop is about an entry: a reply ends what runs, and not what begins later."""
    if stop.kind in SUPPRESSING or entry is None or received_at is None:
        return True
    return received_at >= entry.admitted_at


def _after(at: datetime, stop: Told) -> str:
    late = (at - stop.acked).total_seconds()
    return f"{late:.2f} s after its {stop.kind} was acknowledged"


def as_allowed(facts: Facts) -> Iterator[str]:
    """I7. Nothing began behind a shut door, beyond a cap, or without its approval."""
    yield from _behind_doors(facts)
    automations = {(entry.enrollment, entry.entry): entry.automation for entry in facts.entries}
    begun = [
        (automations.get((mail.enrollment or "", mail.entry or 0), ""), mail)
        for mail in facts.effects
        if mail.activity == "send_email" and mail.intent_at
    ]
    days: dict[tuple[str, date], list[str]] = {}
    for name, mail in begun:
        if mail.intent_at:
            days.setdefault((name, mail.intent_at.date()), []).append(mail.key)
    for (name, day), keys in days.items():
        most = facts.plan.caps.get(name, len(keys))
        if len(keys) > most:
            yield f"{len(keys)} mails began on {day}, {most} were allowed: {', '.join(keys)}"
    yield from _without_approval(
        facts, [mail for name, mail in begun if name in facts.plan.reviewed]
    )


def _without_approval(facts: Facts, mails: list[Effect]) -> Iterator[str]:
    approvals = {
        (one.enrollment, one.entry, one.step): one.at for one in facts.decided if one.approved
    }
    for mail in mails:
        at = approvals.get((mail.enrollment or "", mail.entry or 0, mail.step or ""))
        if at is None or (mail.intent_at and mail.intent_at < at):
            yield f"{mail.key} began, and nobody had approved it"


def _behind_doors(facts: Facts) -> Iterator[str]:
    """Nothing began while its automation was disabled or outside its send window."""
    automations = {(entry.enrollment, entry.entry): entry.automation for entry in facts.entries}
    for effect in facts.effects:
        automation = automations.get((effect.enrollment or "", effect.entry or 0))
        for shut in facts.shut:
            at = effect.last_begun
            if shut.automation != automation or effect.step is None or at is None:
                continue
            if shut.since < at < shut.until:
                yield f"{effect.key} began though {automation} was {shut.why}"


def settled(facts: Facts) -> Iterator[str]:
    """I8. Every effect has an end, and every end that nobody knows is listed for an operator."""
    for effect in facts.effects:
        if effect.state not in TERMINAL:
            yield f"{effect.key} is still {effect.state}"
        elif effect.state == "UNKNOWN" and effect.key not in facts.listed_unknown:
            yield f"{effect.key} is UNKNOWN, and no report lists it"
