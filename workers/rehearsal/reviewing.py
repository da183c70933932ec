"""Reviews in a rehearsal: mails are put up for review, and decided as the surroundings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import JsonValue
from temporalio.client import Client

from activities.dispatch import deliver
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.deciding import Decision, settle_review
from activities.ledger.leads import Lead
from activities.ledger.reviews import waiting_reviews
from workers.rehearsal.case import Case, UpForReview
from workers.rehearsal.story import Answer, Happening
from workflows.engine.effects import AskReview, Effect, SendEmail
from workflows.engine.events import REVIEW_DECIDED, Event

if TYPE_CHECKING:
    from workers.rehearsal.engine_mode import EngineMode

REVIEWER = "rehearsal"
MOST = 1000

Mail = Mapping[str, JsonValue]


def mail_to_review(case: Case, effect: AskReview) -> SendEmail:
    """The effect that would send the mail."""
    step = case.play.automation.step(effect.of)
    assert step is not None
    assert step.kind == "send_email"
    return step.mail_to_review(effect)


def put_up(mode: EngineMode, case: Case, step: str, mail: Mail, asked_by: tuple[str, int]) -> None:
    """Put a mail up for review, and plan what becomes of it."""
    case.reviews[step] = UpForReview(_words(mail), asked_by)
    for one in mode.stage.surroundings.after_review(case, step, mode.now):
        decided = decision_of(step, one)
        asked: dict[str, JsonValue] = {"step": asked_by[0], "visit": asked_by[1]}
        mode.plan(case.lead, [replace(decided, data={**decided.data, **asked})])


def note_decision(case: Case, event: Event) -> None:
    """The mail that was put up is decided, if it is this one."""
    review = case.reviews.get(str(event.data.get("of")))
    asked_by = (event.data.get("step"), event.data.get("visit"))
    if event.kind == REVIEW_DECIDED and review and review.asked_by == asked_by:
        review.verdict = str(event.data.get("verdict"))


def lacks_review(
    mode: EngineMode, case: Case, effect: Effect, mail: Mail
) -> Literal["", "wanted", "rejected"]:
    """What the gate would miss; a mail that nobody has seen as it is now is put up."""
    if not isinstance(effect, SendEmail) or not case.play.automation.is_reviewed(effect.step):
        return ""
    review = case.reviews.get(effect.step)
    if review is None or review.words != _words(mail):
        put_up(mode, case, effect.step, mail, ("", case.serial))
        return "wanted"
    if review.verdict == "approved":
        return ""
    return "rejected" if review.verdict == "rejected" else "wanted"


def _words(mail: Mail) -> tuple[JsonValue, ...]:
    return tuple(mail.get(name) for name in ("from", "to", "subject", "text", "html"))


def decision_of(step: str, answer: Answer) -> Happening:
    """A decision as something that is to happen on the server."""
    verdict = "approved" if answer.approved else "rejected"
    return Happening(answer.at, REVIEW_DECIDED, {"of": step, "verdict": verdict})


async def decide_review(
    ledger: Ledger, client: Client, connections: Connections, lead: Lead, happening: Happening
) -> None:
    """Decide in the ledger what waits for the lead, and tell the enrollment."""
    async with ledger.transaction(f"person:{lead.person}") as tx:
        waiting = await waiting_reviews(tx, lead.center, MOST)
        mine = [
            one for one in waiting if (one.lead, one.step) == (lead.lead, happening.data.get("of"))
        ]
        events = []
        for one in mine:
            decision = Decision(one.id, happening.data["verdict"] == "approved", REVIEWER)
            events.append(await settle_review(ledger, tx, one, decision, connections))
    for decided in events:
        await deliver(ledger, client, decided.event)
