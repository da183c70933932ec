"""Doing an effect once: claim it in the ledger, ask the vendor, settle. For every effect alike.

The claim is one transaction that judges, and only then writes INTENT. What a crash leaves behind
is decided by the row: before the hand-over nothing was sent and the stored payload is tried
again; after it the effect is UNKNOWN, unless the call can be repeated safely.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.effects import (
    TERMINAL,
    EffectRow,
    Intent,
    Settlement,
    find_effect,
    give_back,
    hand_over,
    settle,
    write_intent,
)
from activities.ledger.leads import is_sample
from activities.vendors.ports import HandOver, Never, NotYet, Receipt, Unclear, VendorFailure
from workflows.engine.effects import Outcome

Judge = Callable[[AsyncConnection], Awaitable[Outcome | None]]
Ask = Callable[[EffectRow, HandOver], Awaitable[Receipt]]
Afterwards = Callable[[AsyncConnection, EffectRow], Awaitable[tuple[str, ...]]]
Refused = Callable[[AsyncConnection, Never], Awaitable[Outcome | None]]


async def _nothing(_tx: AsyncConnection, _row: EffectRow) -> tuple[str, ...]:
    return ()


async def _no_answer(_tx: AsyncConnection, _failure: Never) -> Outcome | None:
    return None


@dataclass(frozen=True, slots=True)
class Deed:
    """One effect to be done once.

    ``judge`` says in the claiming transaction why not to begin (None: go); ``ask`` calls the
    vendor; ``afterwards`` writes what follows, together with SENT, and returns write-backs.
    ``refused`` may turn a permanent refusal into an outcome, together with NOT_SENT.
    ``repeatable`` calls may be made again after an unclear end, because the vendor knows our key.
    ``for_samples``: it may be done for sample leads; all else is only written down for them.
    ``locks`` are the persons and, shared, the automations that the judgement is about;
    ``claim_locks`` is what only the claim needs for itself.
    ``tells_how``: the timeline shows the receipt's note, such as created or updated.
    """

    intent: Intent
    judge: Judge
    ask: Ask
    afterwards: Afterwards = _nothing
    refused: Refused = _no_answer
    repeatable: bool = False
    tells_how: bool = False
    for_samples: bool = False
    locks: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    claim_locks: tuple[str, ...] = ()
    owner: str = field(default_factory=lambda: uuid4().hex)

    @property
    def phase(self) -> str:
        """A repeatable call may have been done by any attempt that began."""
        return "repeatable" if self.repeatable else ""


async def do_once(ledger: Ledger, deed: Deed) -> Outcome:
    """Carry out a deed, or answer what became of it before.

    Raises:
        ApplicationError: retryable if surely not done and worth another try, else of type
            ``Never``: a person must mend something.
    """
    outcome = await _claim(ledger, deed)
    if outcome is not None:
        return outcome
    async with ledger.reading() as tx:
        row = await find_effect(tx, deed.intent.key)
    assert row is not None
    try:
        receipt = await _receipt(ledger, deed, row)
    except NotYet as failure:
        await give_back(ledger, row.key, deed.owner, deed.phase)
        raise as_application_error(failure) from failure
    except Unclear as failure:
        return await _unclear(ledger, deed, failure)
    except Never as failure:
        return await _never(ledger, deed, failure)
    async with ledger.transaction(*deed.locks) as tx:
        final = Settlement("SENT", receipt.note, receipt.reference)
        await settle(ledger, tx, row.key, final)
        writebacks = await deed.afterwards(tx, replace(row, vendor_ref=receipt.reference))
    how = receipt.note if deed.tells_how else ""
    return Outcome(state="sent", cause=how, writebacks=writebacks)


async def _receipt(ledger: Ledger, deed: Deed, row: EffectRow) -> Receipt:
    """Ask the vendor; not for a sample lead, whose effects are to be looked at in the ledger."""
    if is_sample(row.lead) and not deed.for_samples:
        return Receipt("sample: written down only")
    return await deed.ask(row, lambda: _pass_the_point(ledger, deed))


async def _claim(ledger: Ledger, deed: Deed) -> Outcome | None:
    """None: the intent is written and ours. Else the answer."""
    locks = (*deed.locks, *deed.claim_locks)
    async with ledger.transaction(*locks, shared=deed.shared) as tx:
        row = await find_effect(tx, deed.intent.key)
        if row and row.state in TERMINAL:
            return await _stored_outcome(tx, deed, row)
        now = await ledger.now(tx)
        if row and row.lease_until and row.lease_until > now and row.lease_owner:
            wait = row.lease_until - now + timedelta(milliseconds=100)
            raise _busy(deed, wait)
        if row and row.phase == "handed_over":
            await settle(ledger, tx, row.key, Settlement("UNKNOWN", "the worker died in the call"))
            return Outcome(state="unknown", cause="the worker died in the call")
        verdict = await deed.judge(tx)
        if verdict is None:
            intent = replace(deed.intent, phase=deed.phase)
            await write_intent(ledger, tx, intent, deed.owner)
        elif verdict.state in ("refused", "skipped") and row:
            state = "UNKNOWN" if row.phase else "NOT_SENT"
            await settle(ledger, tx, row.key, Settlement(state, verdict.cause))
        return verdict


async def _stored_outcome(tx: AsyncConnection, deed: Deed, row: EffectRow) -> Outcome:
    """What a finished effect answers, however often it is asked for again."""
    if row.state == "SENT":
        return Outcome(state="sent", cause="was sent before")
    if row.state == "UNKNOWN":
        return Outcome(state="unknown", cause=row.reason)
    verdict = await deed.judge(tx)
    if verdict and (verdict.exit or verdict.state == "skipped"):
        return verdict
    return Outcome(state="refused", cause=row.reason or "was not sent")


async def _pass_the_point(ledger: Ledger, deed: Deed) -> None:
    if not await hand_over(ledger, deed.intent.key, deed.owner):
        raise NotYet("dripstone", "lease_lost", "this attempt was too slow; another one has it")


async def _unclear(ledger: Ledger, deed: Deed, failure: VendorFailure) -> Outcome:
    if deed.repeatable:
        await give_back(ledger, deed.intent.key, deed.owner, deed.phase)
        again = NotYet(failure.vendor, failure.code, "perhaps done; the call is repeatable")
        raise as_application_error(again) from failure
    await _settle(ledger, deed.intent.key, Settlement("UNKNOWN", str(failure)))
    return Outcome(state="unknown", cause=str(failure)[:200])


async def _never(ledger: Ledger, deed: Deed, failure: Never) -> Outcome:
    async with ledger.transaction(*deed.locks) as tx:
        await settle(ledger, tx, deed.intent.key, Settlement("NOT_SENT", str(failure)))
        outcome = await deed.refused(tx, failure)
    if outcome is None:
        raise as_application_error(failure) from failure
    return outcome


async def _settle(ledger: Ledger, key: str, final: Settlement) -> None:
    async with ledger.transaction() as tx:
        await settle(ledger, tx, key, final)


def _busy(deed: Deed, wait: timedelta) -> Exception:
    failure = NotYet("dripstone", "leased", f"another attempt has {deed.intent.activity}", wait)
    return as_application_error(failure)


def about_step(effect: Any, person: str | None) -> dict[str, Any]:
    """The columns that say which visit of which step an intent is for."""
    return {
        "enrollment": effect.enrollment,
        "entry": effect.entry,
        "step": effect.step,
        "visit": effect.visit,
        "lead": effect.enrollment.rsplit(":", 1)[-1],
        "person": person,
    }
