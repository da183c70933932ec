"""Effects in a rehearsal: rendered, judged by the gate's policy, and told instead of sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from pydantic import JsonValue

from activities.http_answers import nothing_read
from activities.vendors.ports import Unclear, VendorFailure
from workers.rehearsal.agenda import Rank, first_try_after
from workers.rehearsal.case import Case
from workers.rehearsal.letters import CannotBeWritten, NoAddress
from workers.rehearsal.payloads import changes_of, line_kind, payload_of
from workers.rehearsal.platforms import REHEARSED, RehearsedPlatforms, system_of
from workers.rehearsal.reviewing import mail_to_review, put_up
from workers.rehearsal.step_kinds import answered, outcome_of
from workers.rehearsal.story import Line, Vendor
from workers.rehearsal.verdicts import give_room_back, verdict_on
from workflows.engine.effects import (
    AskReview,
    Effect,
    HandOverLead,
    HttpCall,
    Notify,
    Outcome,
    SendEmail,
    SendSms,
)
from workflows.engine.events import Event
from workflows.engine.platform_effects import PlatformEffect, Push
from workflows.engine.state import Done, Failed, Perform

if TYPE_CHECKING:
    from workers.rehearsal.engine_mode import EngineMode

Payload = Mapping[str, JsonValue]


class Attempts:
    """Carries out what the engine wants done, at its virtual time."""

    def __init__(self, mode: EngineMode) -> None:
        self._mode = mode
        self._platforms = RehearsedPlatforms(mode.heard)

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
            if not (isinstance(problem, NoAddress) and isinstance(effect, SendEmail)):
                self._fail(case, f"cannot be rendered: {problem}")
                return
            payload = {"problem": str(problem)}
        verdict = verdict_on(self._mode, case, effect, payload)
        if verdict:
            case.written = (effect, case.lead, payload)
            self._tell_verdict(case, effect, verdict)
            self._mode.take(case, Done(serial=serial, outcome=verdict))
            return
        vendor = _vendor_of(effect, payload)
        up_again = self._mode.stage.surroundings.down_until(vendor, now) if vendor else None
        if up_again:
            give_room_back(self._mode, case, effect)
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
        if isinstance(effect, PlatformEffect):
            return self._platforms.asked(case, effect, accounts, now)
        if isinstance(effect, AskReview):
            effect = mail_to_review(case, effect)
        return payload_of(case, effect, accounts, now)

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
        if isinstance(effect, HttpCall):
            self._called(case, effect, payload)
            return
        if isinstance(effect, SendEmail):
            self._sent(case, effect, payload)
        elif isinstance(effect, AskReview):
            put_up(self._mode, case, effect.of, payload, (effect.step, effect.visit))
        elif kind := line_kind(effect):
            self._mode.tell(case, Line(now, kind, effect.step, effect.activity, detail=payload))
        if isinstance(effect, Push):
            self._pushed(case, effect)
        outcome = outcome_of(case, effect, payload)
        self._mode.take(case, Done(serial=serial, outcome=outcome))
        if changed := changes_of(effect, payload):
            self._mode.change(case.lead, changed)

    def _pushed(self, case: Case, effect: Push) -> None:
        self._platforms.pushed(case.lead, effect.system)
        if effect.system == "salesforce":
            self._mode.people.recorded(case.lead, REHEARSED)

    def _called(self, case: Case, effect: HttpCall, payload: Payload) -> None:
        """The script's answer decides what comes of a request; it never changes."""
        accounts = self._mode.stage.connections.of(case.lead.center)
        answer = self._mode.stage.surroundings.answer_to(effect.step)
        looked_at = case.play.automation.fields_looked_at
        try:
            found = answered(effect, accounts, answer)
            values, saved, state = found.values, found.saved, "sent"
            said = Line(self._mode.now, "web", effect.step, "http_call", detail=payload)
            self._mode.tell(case, said)
        except Unclear:
            values, saved, state = nothing_read(effect), {}, "unknown"
        except VendorFailure as problem:
            self._fail(case, str(problem))
            return
        told = {name: value for name, value in values.items() if name in looked_at}
        outcome = Outcome.model_validate({"state": state, "values": told})
        self._mode.take(case, Done(serial=case.serial, outcome=outcome))
        if saved:
            self._mode.change(case.lead, saved)

    def _sent(self, case: Case, effect: SendEmail, payload: Payload) -> None:
        now = self._mode.now
        self._mode.tell(case, Line(now, "mail", effect.step, effect.activity, detail=payload))
        case.first_subject = case.first_subject or str(payload["subject"])
        case.last_mail = effect.step
        if case.wave:
            self._mode.launches[case.play.automation.id].note_mail(case)
        accounts = self._mode.stage.connections.of(case.lead.center)
        mailbox = accounts.mailboxes[case.sender]
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
    if isinstance(effect, HttpCall):
        return "http"
    if isinstance(effect, PlatformEffect):
        return system_of(effect)
    if isinstance(effect, HandOverLead):
        return "smartlead"
    return "salesforce" if "object" in payload else None
