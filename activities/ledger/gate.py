"""The gate's policy: may this begin now? Pure, over what the ledger says and the ledger's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from activities.ledger.high_water import BEHIND
from activities.ledger.windows import next_opening, why_shut
from workflows.engine.campaign import SendWindow
from workflows.engine.effects import Outcome
from workflows.engine.exits import ExitReason

SUPPRESSED_EXITS = {
    "bounced": ExitReason.EMAIL_BOUNCED,
    "declined": ExitReason.REPLY_RECEIVED,
    "erased": ExitReason.LEAD_GONE,
}


REVIEW_WANTED = "this mail waits for its review (dripstone review)"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the policy looks at, read in the transaction that would write the intent.

    ``admission`` is the state of the enrollment's row, None if there is no such row. ``suppressed``
    holds for the channel in question, ``kept_out`` for this automation alone, in every channel;
    ``no_texts`` says why a text message, but not a mail, cannot
    be sent to the lead. ``hold`` is what a mail is held for until somebody removes it; empty if for
    nothing. ``review`` is what a mail that must be approved lacks; empty if nothing.
    ``no_consent``, ``ineligible`` and ``halted`` say why not, or are empty. ``unheard`` says why an
    answer to the message could not be heard. ``is_behind``: the ledger is older than the world, so
    that none of this can be relied upon. ``due`` is when the message should have left.
    """

    now: datetime
    admission: str | None
    stop_reason: str | None = None
    exit: str | None = None
    automation_state: str = "enabled"
    suppressed: str | None = None
    kept_out: str = ""
    has_address: bool = True
    no_texts: str | None = None
    not_after: datetime | None = None
    review: Literal["", "wanted", "rejected"] = ""
    no_consent: str = ""
    ineligible: str = ""
    sends: int = 0
    max_sends: int | None = None
    due: datetime | None = None
    max_lateness: timedelta | None = None
    halted: str = ""
    window: SendWindow | None = None
    zone: str = "UTC"
    hold: str = ""
    unheard: str = ""
    is_behind: bool = False


def judge_step(facts: Facts) -> Outcome | None:
    """For any effect of a step: None to go on, else why not. Stops come before holds."""
    if facts.is_behind:
        return Outcome(state="held", cause=BEHIND)
    if facts.admission is None:
        return Outcome(state="refused", cause="the ledger has no such enrollment")
    if facts.admission == "SUPERSEDED":
        return _refused(ExitReason.JOINED_OTHER_CAMPAIGN)
    if facts.exit or facts.admission == "CLOSED":
        return _refused(ExitReason(facts.exit or ExitReason.TERMINATED))
    if facts.stop_reason:
        return _refused(ExitReason(facts.stop_reason))
    if facts.not_after and facts.now >= facts.not_after:
        return _refused(ExitReason.ENGAGEMENT_WINDOW_ENDED)
    if facts.automation_state != "enabled":
        return Outcome(state="held", cause=f"the automation is {facts.automation_state}")
    return None


def judge_mail(facts: Facts) -> Outcome | None:
    """For a mail: as for any effect, and suppression, address, consent, and the rest below.

    What ends the enrollment comes first, then what needs a person, then what only holds.
    """
    verdict = judge_step(facts)
    if verdict and (verdict.state == "refused" or facts.is_behind):
        return verdict
    if stop := _stop_of_lead(facts):
        return stop
    if not facts.has_address:
        return Outcome(state="refused", cause="the lead has no e-mail address: add one, then retry")
    refusal = _refusal_of_message(facts)
    if refusal or verdict:
        return refusal or verdict
    if hold := facts.hold or facts.halted or facts.unheard:
        return Outcome(state="held", cause=hold)
    if facts.review:
        return _not_approved(facts.review)
    return _outside_window(facts)


def judge_text(facts: Facts) -> Outcome | None:
    """For a text message: as for a mail, but who cannot get one is passed over, not parked."""
    verdict = judge_step(facts)
    if verdict and (verdict.state == "refused" or facts.is_behind):
        return verdict
    if stop := _stop_of_lead(facts):
        return stop
    refusal = _refusal_of_message(facts)
    if refusal or verdict:
        return refusal or verdict
    if facts.no_texts:
        return Outcome(state="skipped", cause=facts.no_texts)
    if hold := facts.halted or facts.unheard:
        return Outcome(state="held", cause=hold)
    return _outside_window(facts)


def _stop_of_lead(facts: Facts) -> Outcome | None:
    """Whom nothing may reach by this channel, or out of this automation."""
    if why := facts.suppressed:
        reason = SUPPRESSED_EXITS.get(why, ExitReason.UNSUBSCRIBED)
        return Outcome(state="refused", cause=f"suppressed: {why}", exit=reason)
    if facts.kept_out:
        why = f"suppressed in this automation: {facts.kept_out}"
        return Outcome(state="refused", cause=why, exit=ExitReason.MANUALLY_REMOVED)
    return None


def _outside_window(facts: Facts) -> Outcome | None:
    if facts.window is None:
        return None
    opens = next_opening(facts.window, facts.zone, facts.now)
    if opens is None:
        return None
    why = why_shut(facts.window, facts.zone, facts.now)
    return Outcome(state="held", cause=why, until=opens)


def _not_approved(review: Literal["wanted", "rejected"]) -> Outcome:
    if review == "wanted":
        return Outcome(state="held", cause=REVIEW_WANTED)
    cause = "this very mail was rejected in its review: skip the step, or mend it and retry"
    return Outcome(state="refused", cause=cause)


def _refusal_of_message(facts: Facts) -> Outcome | None:
    """Consent, eligibility, the most a lead may get, and lateness."""
    if facts.ineligible:
        reason = ExitReason.CUSTOM_EXIT_CRITERIA_MET
        return Outcome(state="refused", cause=facts.ineligible, exit=reason)
    if facts.no_consent:
        return Outcome(state="refused", cause=facts.no_consent, exit=ExitReason.NO_CONSENT)
    if facts.max_sends is not None and facts.sends >= facts.max_sends:
        cause = f"has got all {facts.max_sends} messages that max_sends allows"
        return Outcome(state="refused", cause=cause, exit=ExitReason.COMPLETED)
    if facts.due and facts.max_lateness and facts.now - facts.due > facts.max_lateness:
        was_due = facts.due.isoformat(timespec="minutes")
        late = (
            f"was due at {was_due}, later than max_lateness allows: retry sends it, skip does not"
        )
        return Outcome(state="refused", cause=late)
    return None


def _refused(reason: ExitReason) -> Outcome:
    return Outcome(state="refused", cause=reason.value, exit=reason)
