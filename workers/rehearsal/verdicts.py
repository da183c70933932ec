"""What the gate says of an effect in a rehearsal, by the policy that it follows in earnest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from activities.ledger.companies import company_domain
from activities.ledger.eligibility import objection_to_audience
from activities.ledger.gate import Facts, judge_mail, judge_step, judge_text
from activities.ledger.pacing import Pace
from activities.sending import NO_MAILBOX, Message, Sending, pace_of
from workers.rehearsal.case import Case
from workers.rehearsal.reviewing import lacks_review
from workflows.engine.caps import Caps
from workflows.engine.effects import (
    AskReview,
    Effect,
    HandOverLead,
    HttpCall,
    Outcome,
    SendEmail,
    SendSms,
)

if TYPE_CHECKING:
    from workers.rehearsal.engine_mode import EngineMode

Payload = Mapping[str, JsonValue]


def verdict_on(mode: EngineMode, case: Case, effect: Effect, payload: Payload) -> Outcome | None:
    """What the gate says of an effect now; None lets it pass, and takes its slot."""
    facts = Facts(
        now=mode.now,
        admission=case.admission,
        stop_reason=case.stop_reason,
        not_after=getattr(effect, "not_after", None),
        suppressed=mode.people.suppressed(case.lead, of_mail_alone=not isinstance(effect, SendSms)),
        zone=case.zone,
        ineligible=_no_longer_eligible(case),
        halted=mode.why_halted(case),
    )
    if isinstance(effect, SendEmail):
        return _on_mail(mode, case, effect, payload, facts)
    if isinstance(effect, SendSms):
        return _on_text(mode, case, effect, payload, facts)
    if isinstance(effect, HttpCall) and effect.reaches_lead:
        return _on_call(mode, case, effect, facts)
    return judge_mail(facts) if isinstance(effect, AskReview | HandOverLead) else judge_step(facts)


def _no_longer_eligible(case: Case) -> str:
    """As in the ledger; exit criteria end a case here as soon as it meets them."""
    campaign = case.play.automation.campaign
    if campaign is None or campaign.waves is None or case.state.sends:
        return ""
    against = objection_to_audience(case.play.automation, case.lead)
    return f"{against} any more" if against else ""


def _on_text(
    mode: EngineMode, case: Case, effect: SendSms, payload: Payload, facts: Facts
) -> Outcome | None:
    people, automation = mode.people, case.play.automation
    here = people.suppressed_texts(case.lead)
    facts = replace(
        _of_message(case, effect, facts),
        no_texts=f"suppressed: {here}" if here else str(payload.get("problem") or "") or None,
        no_consent=people.agreed.lack(case.lead.person, automation.consents_needed, "sms"),
    )
    return judge_text(facts) or _wait_for_room(mode, case, effect)


def _on_mail(
    mode: EngineMode, case: Case, effect: SendEmail, payload: Payload, facts: Facts
) -> Outcome | None:
    if "problem" in payload:
        passed_over = Outcome(state="skipped", cause=str(payload["problem"]))
        return judge_step(replace(facts, not_after=None)) or passed_over
    needs = case.play.automation.consents_needed
    facts = replace(
        _of_message(case, effect, facts),
        review=lacks_review(mode, case, effect, payload),
        no_consent=mode.people.agreed.lack(case.lead.person, needs, "email"),
    )
    return judge_mail(facts) or _wait_for_room(mode, case, effect)


def _on_call(mode: EngineMode, case: Case, effect: HttpCall, facts: Facts) -> Outcome | None:
    """On which channel nobody knows: whatever stands against any stands against it."""
    people, needs = mode.people, case.play.automation.consents_needed
    facts = replace(
        facts,
        suppressed=facts.suppressed or people.suppressed_texts(case.lead),
        no_consent=people.agreed.lack_somewhere(case.lead.person, needs),
    )
    return judge_mail(facts) or _wait_for_room(mode, case, effect)


def _of_message(case: Case, effect: SendEmail | SendSms, facts: Facts) -> Facts:
    """What is asked of messages of every channel; the window is one of the limits of the pace."""
    caps = _caps(case)
    return replace(
        facts,
        sends=case.state.sends,
        max_sends=caps.max_sends,
        due=effect.due,
        max_lateness=caps.max_lateness,
    )


def _wait_for_room(mode: EngineMode, case: Case, effect: Message) -> Outcome | None:
    room = mode.limits.take_slot(_pace(mode, case, effect), mode.now)
    return Outcome(state="held", cause=room.cause, until=room.at) if room else None


def give_room_back(mode: EngineMode, case: Case, effect: Effect) -> None:
    """A message that was let go has not left: what it took is free for its next try."""
    if isinstance(effect, SendEmail | SendSms):
        mode.limits.uncount(_pace(mode, case, effect), mode.now)


def _caps(case: Case) -> Caps:
    campaign = case.play.automation.campaign
    return campaign.caps if campaign else Caps()


def _pace(mode: EngineMode, case: Case, effect: Message) -> Pace:
    caps, accounts = _caps(case), mode.stage.connections.of(case.lead.center)
    by_company = caps.per_company_per_day or accounts.caps.per_company_per_day
    return pace_of(
        Sending(
            effect=effect,
            lead=case.lead,
            automation=case.play.automation,
            accounts=accounts,
            caps=caps,
            mailbox=case.sender if isinstance(effect, SendEmail) else NO_MAILBOX,
            company=company_domain(case.lead) if by_company else None,
            zone=case.zone,
        )
    )
