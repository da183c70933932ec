"""Who may enter, who is in which lane, who must not be contacted: the ledger's rules in memory.

Lookups follow ``activities/ledger/admissions.py``, one lead after the other, without transactions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import JsonValue

from activities.ledger.leads import Lead
from activities.ledger.reachable import NO_NUMBER, first_number, sends_texts_alone
from activities.ledger.reaching import PERSON_WIDE, TOLD_TO_NOBODY
from activities.ledger.recipients import (
    begins_with_mail,
    no_address,
    recipient_fields,
    recipient_of,
)
from workers.rehearsal.case import Case, Play
from workers.rehearsal.limits import Agreed
from workflows.engine.events import Event
from workflows.engine.triggers.base import Values

Lane = tuple[str, str, str]


class People:
    """Every lead of a rehearsal and what has become of it."""

    def __init__(self) -> None:
        self._cases: dict[str, list[Case]] = defaultdict(list)
        self._holders: dict[Lane, Case] = {}
        self._queues: dict[Lane, list[Case]] = defaultdict(list)
        self._suppressed: dict[str, str] = {}
        self.agreed = Agreed()
        self._no_texts: dict[str, str] = {}

    def suppress(self, person: str, reason: str) -> None:
        """Nobody may write to this person any more; the first reason stays."""
        if self._suppressed.get(person, "bounced") == "bounced":
            self._suppressed[person] = reason

    def suppress_texts(self, person: str, reason: str) -> None:
        """Nobody may send this person text messages any more."""
        self._no_texts.setdefault(person, reason)

    def suppressed(self, lead: Lead, *, of_mail_alone: bool = True) -> str | None:
        """Why the lead must not be written to; None if it may be. A bounce is about mail alone."""
        reason = self._suppressed.get(lead.person)
        return None if reason == "bounced" and not of_mail_alone else reason

    def suppressed_texts(self, lead: Lead) -> str | None:
        """Why the lead must not be sent text messages, though perhaps mails."""
        return self._no_texts.get(lead.person)

    def objection(self, play: Play, lead: Lead, now: datetime) -> str:
        """Why a lead may not enter; empty if it may."""
        automation, fields = play.automation, Values(lead.merge_fields)
        if automation.audience and not automation.audience.holds(fields):
            return "not in the audience of the automation"
        if meets_exit_criteria(play, lead):
            return "meets the exit criteria of the campaign already"
        unreachable = self._objection_to_reach(play, lead)
        if unreachable:
            return unreachable
        for said in lead.consents:
            self.agreed.note(lead.person, said, now)
        for channel in automation.channels:
            if lack := self.agreed.lack(lead.person, automation.consents_needed, channel):
                return lack
        needs = automation.consents_needed if automation.calls_reach_leads else ()
        if lack := self.agreed.lack_somewhere(lead.person, needs):
            return lack
        return self._objection_to_re_entry(play, lead, now)

    def _objection_to_reach(self, play: Play, lead: Lead) -> str:
        automation, suppressed = play.automation, None
        asked = recipient_fields(automation)
        if asked and not any(recipient_of(lead, field) for field in asked):
            return no_address(asked) if begins_with_mail(automation) else ""
        if asked:
            suppressed = self.suppressed(lead)
        elif sends_texts_alone(automation):
            everywhere = self.suppressed(lead, of_mail_alone=False)
            suppressed = everywhere or self.suppressed_texts(lead)
            if not suppressed and not first_number(automation, lead, play.accounts):
                return NO_NUMBER
        return f"suppressed: {suppressed}" if suppressed else ""

    def _objection_to_re_entry(self, play: Play, lead: Lead, now: datetime) -> str:
        earlier = [c for c in self._cases[lead.person] if c.play is play]
        if not earlier:
            return ""
        if any(case.admission != "CLOSED" for case in earlier):
            return "already enrolled"
        campaign = play.automation.campaign
        if campaign is None or campaign.re_entry.rule == "once":
            return "enrolled before, and the re-entry rule is 'once'"
        closed, wait = earlier[-1].closed_at, campaign.re_entry.wait
        too_soon = wait is not None and closed is not None and now < closed + wait
        return "enrolled before: may not enter again yet" if too_soon else ""

    def holder(self, lane: Lane) -> Case | None:
        """Who has the lane."""
        return self._holders.get(lane)

    def enter(self, case: Case) -> None:
        """The case begins and has its lane."""
        case.admission = "RUNNING"
        self._holders[case.lane] = case
        if case not in self._cases[case.lead.person]:
            self._cases[case.lead.person].append(case)

    def queue(self, case: Case) -> None:
        """The case waits for its lane."""
        self._cases[case.lead.person].append(case)
        self._queues[case.lane].append(case)
        self._queues[case.lane].sort(key=lambda waiting: -waiting.play.priority)

    def leave(self, case: Case) -> Case | None:
        """The case has ended; the next in its lane, if one may enter now."""
        case.admission = "CLOSED"
        if self._holders.get(case.lane) is not case:
            return None
        del self._holders[case.lane]
        waiting = self._queues.get(case.lane)
        return waiting.pop(0) if waiting else None

    def reached_by(self, lead: Lead, event: Event) -> list[Case]:
        """The open cases that an event of a lead is about."""
        if event.kind in TOLD_TO_NOBODY:
            return []
        wide = event.kind in PERSON_WIDE and not event.is_soft_bounce
        cases = self._cases[lead.person]
        return [c for c in cases if c.admission != "CLOSED" and (wide or c.lead.lead == lead.lead)]

    def case_of(self, lead: Lead, reached: Sequence[Case]) -> Case | None:
        """The lead's own case that a fact is shown in: one that it reaches, else the last one."""
        own = [case for case in self._cases[lead.person] if case.lead.lead == lead.lead]
        live = [case for case in own if case in reached]
        return live[0] if live else own[-1] if own else None

    def change(self, lead: Lead, fields: Mapping[str, JsonValue]) -> None:
        """Set fields of a lead, in every case of it."""
        for case in self._cases[lead.person]:
            if case.lead.lead == lead.lead:
                case.lead = replace(case.lead, fields={**case.lead.fields, **fields})

    def recorded(self, lead: Lead, record: str) -> None:
        """Salesforce has a record of a lead from now on, in every case of it."""
        for case in self._cases[lead.person]:
            if case.lead.lead == lead.lead:
                case.lead = replace(case.lead, record=record)

    def cases(self) -> Iterator[Case]:
        """Every case there was."""
        for cases in self._cases.values():
            yield from cases


def meets_exit_criteria(play: Play, lead: Lead) -> bool:
    """Whether the fields of the lead end the campaign for it."""
    when = play.automation.campaign.exits.when if play.automation.campaign else None
    return when is not None and when.holds(Values(lead.merge_fields))
