"""Doing an effect once: claim it in the ledger, ask the vendor, settle. For every effect alike.

The claim is one transaction that judges, and only then writes INTENT. What a crash leaves behind
is decided by the row: before the hand-over nothing was sent and the stored payload is tried
again; after it, the vendor's key, its lookup, or neither decides (``vendors/capabilities.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.deed import Deed as Deed
from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.effects import (
    TERMINAL,
    EffectRow,
    Settlement,
    find_effect,
    give_back,
    hand_over,
    settle,
    write_intent,
)
from activities.ledger.leads import is_sample
from activities.looking_up import found_earlier, give_up_for_now, settle_found
from activities.vendors.ports import Never, NotYet, Receipt, Unclear, VendorFailure
from workflows.engine.effects import Outcome

Before = Literal["", "repeatable"]
"""What earlier attempts left: nothing that was done, or something that may have been."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The intent is written and ours: its row, and what was before."""

    row: EffectRow
    before: Before


COME_THROUGH = "an earlier try may have come through: see dripstone unknowns"


async def do_once(ledger: Ledger, deed: Deed) -> Outcome:
    """Carry out a deed, or answer what became of it before.

    Raises:
        ApplicationError: retryable if surely not done and worth another try, else of type
            ``Never``: a person must mend something.
    """
    found = await found_earlier(ledger, deed)
    if found:
        writebacks = await settle_found(ledger, deed, found)
        return Outcome(state="sent", cause="found at the vendor", writebacks=writebacks)
    claimed = await _claim(ledger, deed)
    if isinstance(claimed, Outcome):
        return claimed
    row, before = claimed.row, claimed.before
    try:
        receipt = await _receipt(ledger, deed, row)
    except NotYet as failure:
        # What we refused ourselves never left; what the vendor did, nobody knows if it has a key.
        own = failure.vendor == "dripstone"
        await give_back(ledger, row.key, deed.owner, before if own else deed.phase)
        raise as_application_error(failure) from failure
    except Unclear as failure:
        return await _unclear(ledger, deed, failure)
    except Never as failure:
        return await _never(ledger, deed, failure, before)
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


async def _claim(ledger: Ledger, deed: Deed) -> Outcome | Claimed:
    """Make it ours, or say why not: the answer, if that is known already."""
    locks = (*deed.locks, *deed.claim_locks)
    async with ledger.transaction(*locks, shared=deed.shared) as tx:
        row = await find_effect(tx, deed.intent.key)
        if row and row.state in TERMINAL:
            return await _stored_outcome(tx, deed, row)
        now = await ledger.now(tx)
        if row and row.lease_until and row.lease_until > now and row.lease_owner:
            wait = row.lease_until - now + timedelta(milliseconds=100)
            raise _busy(deed, wait)
        if row and deed.was_lost(row, now):
            why = _why_unknown(row)
            await settle(ledger, tx, row.key, Settlement("UNKNOWN", why))
            return Outcome(state="unknown", cause=why)
        verdict = await deed.judge(tx)
        if verdict is None:
            intent = replace(deed.intent, phase=deed.phase)
            await write_intent(ledger, tx, intent, deed.owner)
            written = await find_effect(tx, intent.key)
            assert written is not None
            return Claimed(written, "repeatable" if row and row.phase else "")
        if verdict.state in ("refused", "skipped") and row:
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
    if deed.repeatable and not deed.last_try:
        await give_back(ledger, deed.intent.key, deed.owner, deed.phase)
        again = NotYet(failure.vendor, failure.code, "perhaps done; the call is repeatable")
        raise as_application_error(again) from failure
    if deed.capability.lookup and deed.look_up:
        raise await give_up_for_now(ledger, deed) from failure
    await _settle(ledger, deed.intent.key, Settlement("UNKNOWN", str(failure)))
    return Outcome(state="unknown", cause=str(failure)[:200])


async def _never(ledger: Ledger, deed: Deed, failure: Never, before: Before) -> Outcome:
    """Refused for good: this attempt did nothing. What an earlier one did, nobody knows."""
    said, state = str(failure), "NOT_SENT"
    if before:
        said, state = f"{said[:400]}; {COME_THROUGH}", "UNKNOWN"
    async with ledger.transaction(*deed.locks) as tx:
        await settle(ledger, tx, deed.intent.key, Settlement(state, said))
        outcome = await deed.refused(tx, failure)
    if outcome is None:
        told = Never(failure.vendor, failure.code, said.partition(": ")[2].partition(": ")[2])
        raise as_application_error(told if before else failure) from failure
    return outcome


def _why_unknown(row: EffectRow) -> str:
    if row.phase == "repeatable":
        return "perhaps done; the vendor has forgotten our key since"
    return "its answer was lost" if row.lease_owner is None else "the worker died in the call"


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
