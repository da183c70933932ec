"""Effects in a rehearsal: rendered, judged by the gate's policy, and told instead of sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from pydantic import JsonValue

from activities.ledger.facts import object_of
from activities.ledger.gate import Facts, judge_mail, judge_step, judge_text
from workers.rehearsal.agenda import Rank, first_try_after
from workers.rehearsal.case import Case
from workers.rehearsal.letters import CannotBeWritten, mail_of, notice_of, text_of
from workers.rehearsal.step_kinds import looked_up, outcome_of, written
from workers.rehearsal.story import Line, Vendor
from workflows.engine.effects import (
    AddEvent,
    AddNote,
    AddTask,
    Assign,
    Effect,
    Notify,
    Outcome,
    PlanWait,
    SendEmail,
    SendSms,
    SetField,
    UpdateStage,
)
from workflows.engine.events import Event
from workflows.engine.state import Done, Failed, Perform

if TYPE_CHECKING:
    from workers.rehearsal.engine_mode import EngineMode

Payload = Mapping[str, JsonValue]


class Attempts:
    """Carries out what the engine wants done, at its virtual time."""

    def __init__(self, mode: EngineMode) -> None:
        self._mode = mode

    def plan(self, case: Case, at: datetime) -> None:
        """Try what is wanted at ``at``, if it is still wanted then."""
        self._mode.agenda.add(at, Rank.OWN, partial(self._try, case, case.serial))

    def _try(self, case: Case, serial: int) -> None:
        wanted, now = case.state.wanted, self._mode.now
        if not isinstance(wanted, Perform) or wanted.serial != serial:
            return
        case.tried_since = case.tried_since or now
        effect = wanted.effect
        try:
            payload = self._message(case, effect)
        except CannotBeWritten as problem:
            self._fail(case, f"cannot be rendered: {problem}")
            return
        verdict = self._verdict(case, effect, payload)
        if verdict:
            case.written = (effect, case.lead, payload)
            self._tell_verdict(case, effect, verdict)
            self._mode.take(case, Done(serial=serial, outcome=verdict))
            return
        vendor = _vendor_of(effect, payload)
        up_again = self._mode.stage.surroundings.down_until(vendor, now) if vendor else None
        if up_again:
            self._try_later(case, effect, str(vendor), up_again)
            return
        case.written = None
        self._done(case, effect, payload)

    def _message(self, case: Case, effect: Effect) -> Payload:
        known = case.written
        if known and known[0] is effect and known[1] is case.lead:
            return known[2]
        return self._written(case, effect)

    def _written(self, case: Case, effect: Effect) -> Payload:
        accounts, now = self._mode.stage.connections.of(case.lead.center), self._mode.now
        if isinstance(effect, SendEmail):
            return mail_of(case, effect, accounts)
        if isinstance(effect, SendSms):
            return text_of(case, effect, accounts)
        if isinstance(effect, Notify):
            return notice_of(case, effect)
        if isinstance(effect, PlanWait):
            return looked_up(case, effect, now)
        if isinstance(effect, SetField | Assign | AddTask | AddEvent | AddNote):
            return written(case, effect, accounts, now)
        assert isinstance(effect, UpdateStage)
        payload: dict[str, JsonValue] = {"stage": effect.stage}
        record = case.lead.salesforce_id
        writes = accounts.salesforce
        if record and writes:
            fields: dict[str, JsonValue] = {writes.stage_field: effect.stage}
            payload |= {"object": object_of(record), "id": record, "fields": fields}
        return payload

    def _verdict(self, case: Case, effect: Effect, payload: Payload) -> Outcome | None:
        campaign, people = case.play.automation.campaign, self._mode.people
        is_text = isinstance(effect, SendSms)
        here = people.suppressed_texts(case.lead) if is_text else None
        facts = Facts(
            now=self._mode.now,
            admission=case.admission,
            stop_reason=case.stop_reason,
            not_after=effect.not_after if isinstance(effect, SendEmail | SendSms) else None,
            suppressed=people.suppressed(case.lead, of_mail_alone=not is_text),
            has_address=bool(case.lead.email),
            no_texts=f"suppressed: {here}" if here else str(payload.get("problem") or "") or None,
            window=campaign.send_window if campaign else None,
            zone=case.zone,
        )
        if is_text:
            return judge_text(facts)
        return judge_mail(facts) if isinstance(effect, SendEmail) else judge_step(facts)

    def _tell_verdict(self, case: Case, effect: Effect, verdict: Outcome) -> None:
        until = f", until {verdict.until.isoformat()}" if verdict.until else ""
        what = f"{effect.activity}: {verdict.state}"
        line = Line(self._mode.now, "gate", effect.step, what, f"{verdict.cause}{until}")
        self._mode.tell(case, line)

    def _try_later(self, case: Case, effect: Effect, vendor: str, up_again: datetime) -> None:
        now = self._mode.now
        again = first_try_after(case.tried_since or now, now, up_again)
        why = f"tried until it is up again: {again.isoformat()}" if again else "given up"
        line = Line(now, "outage", effect.step, f"{effect.activity}: {vendor} is down", why)
        self._mode.tell(case, line)
        if again:
            self.plan(case, again)
        else:
            self._fail(case, f"retries used up: {vendor} is down")

    def _fail(self, case: Case, reason: str) -> None:
        assert case.state.wanted
        self._mode.take(case, Failed(serial=case.state.wanted.serial, reason=reason[:300]))

    def _done(self, case: Case, effect: Effect, payload: Payload) -> None:
        serial, now = case.serial, self._mode.now
        if isinstance(effect, SendEmail):
            self._sent(case, effect, payload)
        elif isinstance(effect, SendSms):
            self._mode.tell(case, Line(now, "sms", effect.step, effect.activity, detail=payload))
        elif isinstance(effect, Notify):
            self._mode.tell(case, Line(now, "chat", effect.step, "notify", detail=payload))
        elif not isinstance(effect, PlanWait):
            self._mode.tell(case, Line(now, "crm", effect.step, effect.activity, detail=payload))
        outcome = outcome_of(case, effect, payload)
        self._mode.take(case, Done(serial=serial, outcome=outcome))
        if isinstance(effect, UpdateStage):
            self._mode.change(case.lead, {"stage": effect.stage})
        if isinstance(effect, SetField):
            self._mode.change(case.lead, {effect.field: payload["value"]})

    def _sent(self, case: Case, effect: SendEmail, payload: Payload) -> None:
        now = self._mode.now
        self._mode.tell(case, Line(now, "mail", effect.step, effect.activity, detail=payload))
        case.first_subject = case.first_subject or str(payload["subject"])
        case.last_mail = effect.step
        accounts = self._mode.stage.connections.of(case.lead.center)
        campaign = case.play.automation.campaign
        mailbox = accounts.mailboxes[campaign.sender if campaign else "default"]
        data = {"subject": payload["subject"], "text": payload["text"]}
        data |= {"owner": mailbox.salesforce_user, "step": effect.step}
        event = Event(id=f"{effect.key}/sent", kind="email_sent", at=now, data=data)
        self._mode.write_back(case, case.lead, event)
        self._mode.plan(case.lead, self._mode.stage.surroundings.after_mail(case, now))


_THROUGH: Mapping[str, Vendor | None] = {
    "slack": "slack",
    "teams": "teams",
    "email": "smtp",
    "app": None,
}


def _vendor_of(effect: Effect, payload: Payload) -> Vendor | None:
    """Who would be called; nobody for the stage of a lead that is in no CRM."""
    if isinstance(effect, SendEmail):
        return "smtp"
    if isinstance(effect, SendSms):
        return "twilio"
    if isinstance(effect, Notify):
        return _THROUGH[effect.via]
    return "salesforce" if "object" in payload else None
