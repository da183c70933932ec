"""After a lost answer: the vendor is asked whether it was done, before anything is done again."""

from __future__ import annotations

from datetime import datetime, timedelta

from activities.deed import Deed
from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.effects import (
    EffectRow,
    Settlement,
    find_effect,
    forget_try,
    leave_for_lookup,
    settle,
)
from activities.vendors.capabilities import Lookup
from activities.vendors.ports import NotYet, Receipt, VendorFailure

PATIENCE = timedelta(hours=1)
"""For so long a vendor that does not answer is asked again; then the call stays unknown."""


async def found_earlier(ledger: Ledger, deed: Deed) -> Receipt | None:
    """The receipt of an earlier attempt whose answer was lost, if the vendor can be asked for it.

    None: there is nothing to ask about, or it was not found. What was not found and so surely was
    not done is given back to be done; everything else is for the claim to settle.

    Raises:
        ApplicationError: retryable: it is too early to ask, or the vendor does not answer.
    """
    lookup = deed.capability.lookup
    if lookup is None or deed.look_up is None:
        return None
    async with ledger.reading() as tx:
        row, now = await find_effect(tx, deed.intent.key), await ledger.now(tx)
    ready = _ready(deed, lookup, row, now)
    if row is None or ready is None:
        return None
    if now < ready:
        raise _later("too early to look it up", ready - now + timedelta(milliseconds=100))
    try:
        found = await deed.look_up(row)
    except VendorFailure as failure:
        if not isinstance(failure, NotYet) or now - ready > PATIENCE:
            return None
        raise as_application_error(failure) from failure
    if found is None and lookup.decides:
        await forget_try(ledger, row)
    return found


def _ready(deed: Deed, lookup: Lookup, row: EffectRow | None, now: datetime) -> datetime | None:
    """From when on the vendor can be asked; None if there is nothing to ask, or not by us."""
    if row is None or row.state != "INTENT" or not deed.was_lost(row, now):
        return None
    if row.lease_until is None or (row.lease_owner and row.lease_until > now):
        return None  # an attempt lives
    # Who gave up in good order has put the lease where the answer can be trusted.
    return row.lease_until + (lookup.settle if row.lease_owner else timedelta(0))


async def give_up_for_now(ledger: Ledger, deed: Deed) -> Exception:
    """The answer was lost: leave the effect until it can be looked up, and say when that is."""
    lookup = deed.capability.lookup
    assert lookup
    await leave_for_lookup(ledger, deed.intent.key, deed.owner, lookup.settle)
    return _later("its answer was lost", lookup.settle + timedelta(milliseconds=100))


async def settle_found(ledger: Ledger, deed: Deed, receipt: Receipt) -> tuple[str, ...]:
    """Write SENT and what follows from it; the write-backs."""
    async with ledger.transaction(*deed.locks) as tx:
        row = await find_effect(tx, deed.intent.key)
        if row is None or row.state != "INTENT":
            return ()
        await settle(ledger, tx, row.key, Settlement("SENT", receipt.note, receipt.reference))
        return await deed.afterwards(tx, row)


def _later(why: str, wait: timedelta) -> Exception:
    return as_application_error(NotYet("dripstone", "looked_up_later", why, wait))
