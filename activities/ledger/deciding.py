"""Deciding a review: who may, and what follows in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.ledger.connections import Connections, ReviewRules
from activities.ledger.entries import find_entry
from activities.ledger.inbox import OPEN, Incoming, receive
from activities.ledger.reviews import (
    APPROVED,
    REJECTED,
    WAITING,
    LogLine,
    Review,
    change_review,
    find_review,
    log,
)
from activities.ledger.store import Ledger
from workflows.engine.events import REVIEW_DECIDED, Event


@dataclass(frozen=True, slots=True)
class Edited:
    """Another text for the reviewed mail: ``mail`` as the review has it, and its hash."""

    mail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody wants to decide. ``edit`` goes with an approval."""

    review: str
    approve: bool
    by: str
    reason: str = ""
    edit: Edited | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of it: refused, or done; ``event`` is to be delivered.

    ``needs_another``: the edit is kept, but who wrote it may not approve it.
    """

    refused: str = ""
    event: str = ""
    is_new: bool = True
    needs_another: bool = False


async def decide(ledger: Ledger, decision: Decision, connections: Connections) -> Decided:
    """Decide a review, once. What is not allowed is refused, and the attempt is kept in the log."""
    async with ledger.reading() as tx:
        known = await find_review(tx, decision.review)
    if known is None:
        return Decided(refused="there is no such review: dripstone review lists those that wait")
    async with ledger.transaction(f"person:{known.person}") as tx:
        review = await find_review(tx, decision.review)
        assert review is not None
        rules = connections.of(review.center).review
        if why := objection(review, decision, rules):
            await log(ledger, tx, review, LogLine("refused", decision.by, why))
            return Decided(refused=why)
        if review.state != WAITING:
            return _decided_before(review, decision)
        if why := await _is_over(tx, review):
            return Decided(refused=why)
        return await _carry_out(ledger, tx, review, decision, connections)


def objection(review: Review, decision: Decision, rules: ReviewRules | None) -> str:
    """Why somebody may not decide that; empty if they may."""
    name = _plain(decision.by)
    if rules is None or name not in {_plain(one) for one in rules.people}:
        return (
            f"{decision.by!r} may not decide reviews of center {review.center!r}: the connections "
            "file says who may (review: approvers)"
        )
    authors = {_plain(one) for one in (review.author, review.edited_by) if one}
    if decision.approve and not rules.author_may_approve and name in authors:
        return f"{decision.by!r} wrote it, and here somebody else must approve it"
    return ""


def _plain(name: str) -> str:
    return name.strip().casefold()


def _decided_before(review: Review, decision: Decision) -> Decided:
    state = APPROVED if decision.approve else REJECTED
    if review.state == state and decision.edit is None:
        return Decided(is_new=False, event=_event_id(review))
    by = f" by {review.decided_by}" if review.decided_by else ""
    return Decided(refused=f"{review.id} is {review.state.lower()} already{by}")


async def _is_over(tx: AsyncConnection, review: Review) -> str:
    entry = await find_entry(tx, review.enrollment, review.entry)
    if entry is None or entry["state"] not in OPEN or entry["stop_reason"]:
        why = entry and (entry["exit"] or entry["stop_reason"])
        return f"the lead has left ({why or 'it is gone'}): nothing of this is sent any more"
    return ""


async def _carry_out(
    ledger: Ledger,
    tx: AsyncConnection,
    review: Review,
    decision: Decision,
    connections: Connections,
) -> Decided:
    rules = connections.of(review.center).review
    edited: dict[str, Any] = {}
    if decision.edit:
        edited = {"mail": dict(decision.edit.mail), "mail_hash": decision.edit.hash}
        edited["edited_by"] = decision.by
        await change_review(tx, review, **edited)
        await log(ledger, tx, review, LogLine("edited", decision.by, decision.reason))
    if edited and rules and not rules.author_may_approve:
        return Decided(needs_another=True)
    return await settle_review(ledger, tx, review, decision, connections)


async def settle_review(
    ledger: Ledger,
    tx: AsyncConnection,
    review: Review,
    decision: Decision,
    connections: Connections,
) -> Decided:
    """Write a decision down with the event that tells the enrollment. Who may has been judged."""
    state = APPROVED if decision.approve else REJECTED
    now = await ledger.now(tx)
    told = {"decided_at": now, "decided_by": decision.by, "reason": decision.reason}
    await change_review(tx, review, state=state, **told)
    await log(ledger, tx, review, LogLine(state.lower(), decision.by, decision.reason))
    event = Event(
        id=_event_id(review),
        kind=REVIEW_DECIDED,
        at=now,
        data={"step": review.asked_by or "", "visit": review.visit, "verdict": state.lower()},
    )
    incoming = Incoming(event, review.center, "review", review.lead, enrollment=review.enrollment)
    await receive(ledger, tx, incoming, connections)
    return Decided(event=event.id)


def _event_id(review: Review) -> str:
    return f"{review.id}/decided"
