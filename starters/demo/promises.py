"""What the demo promised, held against what is seen: every promise is listed, kept or broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from activities.ledger.connections import Connections, SalesforceWrites
from starters.demo.cast import AWAY, REJECTED, STOPS, Act, exit_of, part_of
from starters.demo.sample_leads import Audience
from starters.demo.sight import Sight
from workflows.engine.automation import Automation

DONE = ("SENT", "UNKNOWN")
STAGE = "Unresponsive"


@dataclass(frozen=True, slots=True)
class Play:
    """What was to happen, and what the prospects did: acknowledged when, back on which day."""

    automation: Automation
    connections: Connections
    audience: Audience
    acknowledged: Mapping[str, datetime]
    back: Mapping[str, date]

    def leads(self, *acts: Act) -> dict[str, str]:
        """Addresses and lead ids of the enrolled prospects with such a part."""
        leads = self.audience.leads
        return {address: leads[address] for address in leads if part_of(address).act in acts}

    @property
    def writes(self) -> SalesforceWrites:
        """What is written to Salesforce by default, and into which fields."""
        return self.connections.of(self.automation.center).salesforce or SalesforceWrites()


@dataclass(frozen=True, slots=True)
class Kept:
    """One promise, and what stands against it: nothing if it was kept."""

    promise: str
    against: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it was kept."""
        return not self.against


Judge = Callable[[Play, Sight], Iterable[str]]


def judge(play: Play, sight: Sight) -> list[Kept]:
    """Every promise, in the order of the story."""
    entered = len(play.audience.leads)
    turned_away = f"{entered} leads enter, {len(REJECTED)} rows are turned away with a reason"
    kept = [Kept(turned_away, tuple(_rows(play, sight)))]
    for act in Act:
        if leads := play.leads(act):
            kept.append(Kept(_story(act, len(leads)), tuple(_exits(act, leads, sight))))
    return kept + [Kept(promise, tuple(found(play, sight))) for promise, found in _PROMISES.items()]


def _story(act: Act, number: int) -> str:
    reason = exit_of(act)
    return f"{number} x {act.value}: {f'exit {reason}' if reason else 'held until the return'}"


def _rows(play: Play, sight: Sight) -> Iterable[str]:
    rejected = play.audience.rejected
    for line in sorted(rejected.keys() ^ REJECTED.keys()):
        yield f"line {line}: {rejected.get(line, 'entered, but should not')}"
    for line in sorted(rejected.keys() & REJECTED.keys()):
        if REJECTED[line] not in rejected[line]:
            yield f"line {line}: for another reason: {rejected[line]}"
    if missing := set(play.audience.leads.values()) ^ set(sight.entries):
        yield f"the ledger differs in {len(missing)} entries"


def _exits(act: Act, leads: Mapping[str, str], sight: Sight) -> Iterable[str]:
    expected = exit_of(act)
    for lead in leads.values():
        found = sight.entries.get(lead, {}).get("exit")
        if found != (expected.value if expected else None):
            yield f"{lead}: {found or 'still inside'}"


def _held(play: Play, sight: Sight) -> Iterable[str]:
    held = {one.lead: one for one in sight.report.held}
    for address, lead in play.leads(*AWAY).items():
        back, until = play.back.get(address), held[lead].until if lead in held else None
        if back is None or until is None or until.date() != back:
            yield f"{lead}: held until {until}, but back on {back}"
        elif lead not in sight.live or sight.live[lead].state != "held":
            yield f"{lead}: Temporal does not show it as held"


def _whole_story(play: Play, sight: Sight) -> Iterable[str]:
    mails = [step.id for step in play.automation.steps if step.kind == "send_email"]
    leads = play.leads(Act.SILENT, Act.FILTERED, Act.RECEIPT, Act.SOFT_BOUNCE)
    got = Counter((mail.lead, mail.step) for mail in sight.mails if mail.state in DONE)
    for address, lead in leads.items():
        counts = [got[lead, step] for step in mails]
        again = part_of(address).act is Act.SOFT_BOUNCE  # one of them leaves a second time
        if min(counts) < 1 or sum(counts) != len(mails) + again:
            yield f"{lead}: {dict(zip(mails, counts, strict=True))}"
        record = _record(sight, lead)
        if record is not None and record.get(play.writes.stage_field) != STAGE:
            yield f"{lead}: Salesforce says {record.get(play.writes.stage_field)!r}"


def _tasks(play: Play, sight: Sight) -> Iterable[str]:
    sent = Counter(mail.lead for mail in sight.mails if mail.state == "SENT")
    yield from _differences("Task", sent, sight)


def _events(play: Play, sight: Sight) -> Iterable[str]:
    meetings = Counter(play.leads(Act.BOOKS, Act.BOOKS_BY_SIGNAL).values())
    yield from _differences("Event", meetings, sight)


def _differences(name: str, expected: Counter[str], sight: Sight) -> Iterable[str]:
    """Records of leads in Salesforce against how many each should have."""
    records = sight.sandbox.records.get(name, {}).values()
    found = Counter(f"sf-{record['WhoId']}" for record in records)
    for lead in sorted(found.keys() | {one for one in expected if one.startswith("sf-")}):
        if found[lead] != expected[lead]:
            yield f"{lead}: {found[lead]} {name} records, {expected[lead]} expected"


def _opt_outs(play: Play, sight: Sight) -> Iterable[str]:
    asked = [act for act, reason in STOPS.items() if reason == "unsubscribed"]
    yield from _flag(play.writes.unsubscribe_field, play.leads(*asked), sight)


def _bounces(play: Play, sight: Sight) -> Iterable[str]:
    leads = play.leads(Act.HARD_BOUNCE, Act.UNKNOWN_MAILBOX)
    yield from _flag(play.writes.hard_bounce_field, leads, sight)


def _flag(field: str | None, wanted: Mapping[str, str], sight: Sight) -> Iterable[str]:
    for lead in sight.entries if field else ():
        record = _record(sight, lead)
        if record and bool(record.get(str(field))) != (lead in wanted.values()):
            yield f"{lead}: {field} is {record.get(str(field))}"


def _once(play: Play, sight: Sight) -> Iterable[str]:
    yield from (f"{mail}: {n} times" for mail, n in sight.sandbox.arrived.items() if n > 1)


def _nothing_lost(play: Play, sight: Sight) -> Iterable[str]:
    recorded = {mail.message_id: mail.state for mail in sight.mails}
    for message_id in sight.sandbox.arrived:
        if recorded.get(message_id) not in DONE:
            yield f"{message_id} arrived, but the ledger says {recorded.get(message_id)}"
    for message_id, state in recorded.items():
        if state == "SENT" and message_id not in sight.sandbox.arrived:
            yield f"{message_id} is sent, but did not arrive"


def _stopped(play: Play, sight: Sight) -> Iterable[str]:
    for address, lead in play.leads(*STOPS).items():
        stopped = play.acknowledged.get(address)
        late = [m.step for m in sight.mails if m.lead == lead and stopped and m.intent_at > stopped]
        yield from (f"{lead}: {step} began after the stop" for step in late)


def _told(play: Play, sight: Sight) -> Iterable[str]:
    if sight.notices != len(sight.sandbox.posts):
        yield f"{len(sight.sandbox.posts)} messages in Slack, {sight.notices} in the ledger"
    warm = sum("looked at our prices" in post for post in sight.sandbox.posts)
    if warm < len(play.leads(Act.LOOKS_AT_PRICES)):
        yield f"{warm} messages about leads who looked at the prices"


def _record(sight: Sight, lead: str) -> Mapping[str, object] | None:
    return sight.sandbox.records.get("Lead", {}).get(lead.removeprefix("sf-"))


_PROMISES: dict[str, Judge] = {
    "who is out of office gets no mail until the announced day": _held,
    "who says nothing gets all three mails, then the stage Unresponsive": _whole_story,
    "no mail begins after its lead has stopped it": _stopped,
    "no mail arrives twice": _once,
    "every mail is recorded: sent, or listed as unknown": _nothing_lost,
    "one Task in Salesforce for each mail sent": _tasks,
    "one Event in Salesforce for each meeting": _events,
    "the opt-out field is set for those who opted out, and for nobody else": _opt_outs,
    "the hard bounce field is set for dead addresses, and for nobody else": _bounces,
    "the sales team is told in Slack, once for each reason": _told,
}
