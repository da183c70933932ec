"""What becomes of a call whose answer was lost: by key, by lookup, or unknown; never blindly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError

from activities.errors import known_vendors
from activities.ledger import Ledger
from activities.ledger.tables import effects
from activities.once import do_once
from activities.vendors.capabilities import CAPABILITIES, Capability, Key, Lookup
from activities.vendors.ports import Never, NotYet, Receipt, Unclear
from tests.activities.ledger.test_effects import Vendor, deed, die, state_of

HOUR = timedelta(hours=1)
SETTLE = timedelta(minutes=5)
FAILED = Never("salesforce", "INVALID_FIELD", "no such field")


def keyed(lifetime: timedelta | None = None) -> Capability:
    return Capability("a test", key=Key(lifetime))


def looked_up(settle: timedelta = SETTLE, *, decides: bool = True) -> Capability:
    return Capability("a test", lookup=Lookup(settle, decides))


@dataclass
class Searchable(Vendor):
    """Carries out what it is asked, loses its answers, and lists what it did once that shows."""

    done: int = 0
    shows: bool = False
    broken: list[Exception] = field(default_factory=list)

    async def ask(self, row: Any, hand_over: Callable[[], Awaitable[None]]) -> Receipt:
        await hand_over()
        self.asked.append(row)
        self.done += not (self.failures and isinstance(self.failures[0], NotYet))
        if self.failures:
            raise self.failures.pop(0)
        return Receipt("ref-2")

    async def find(self, _row: Any) -> Receipt | None:
        if self.broken:
            raise self.broken.pop(0)
        return Receipt("ref-1") if self.done and self.shows else None


async def settled(ledger: Ledger, ago: timedelta = timedelta(seconds=1)) -> None:
    """The time passes for which a lookup waits."""
    async with ledger.transaction() as tx:
        past = await ledger.now(tx) - ago
        await tx.execute(update(effects).values(lease_until=past))


@pytest.mark.parametrize(
    ("earlier", "state", "says"),
    [
        ([], "NOT_SENT", "no such field"),
        ([Unclear("salesforce", "cut", "lost")], "UNKNOWN", "an earlier try may have come through"),
        ([NotYet("salesforce", "timeout", "lost")], "UNKNOWN", "may have come through"),
        ([NotYet("dripstone", "leased", "not ours")], "NOT_SENT", "no such field"),
    ],
)
async def test_a_refusal_after_a_try_that_may_have_come_through_does_not_make_it_undone(
    ledger: Ledger, earlier: list[Exception], state: str, says: str
) -> None:
    """Told NOT_SENT, an operator would retry, under another key, what is there already."""
    vendor = Vendor(failures=[*earlier, FAILED])
    for _ in earlier:
        with pytest.raises(ApplicationError):
            await do_once(ledger, deed(vendor, capability=keyed()))
    with pytest.raises(ApplicationError, match=says) as parked:
        await do_once(ledger, deed(vendor, capability=keyed()))
    assert (parked.value.type, parked.value.non_retryable) == ("Never", True)
    assert (await state_of(ledger))[0] == state


@pytest.mark.parametrize(
    ("lifetime", "ago", "answers", "asked"),
    [
        (None, 100 * HOUR, "sent", 2),
        (24 * HOUR, 23 * HOUR, "sent", 2),
        (24 * HOUR, 24 * HOUR - timedelta(seconds=30), "unknown", 1),
        (24 * HOUR, 25 * HOUR, "unknown", 1),
    ],
)
async def test_a_call_is_made_again_only_while_the_vendor_remembers_its_key(
    ledger: Ledger, lifetime: timedelta | None, ago: timedelta, answers: str, asked: int
) -> None:
    vendor = Vendor()
    await die(ledger, vendor, capability=keyed(lifetime))
    async with ledger.transaction() as tx:
        await tx.execute(update(effects).values(intent_at=await ledger.now(tx) - ago))
    outcome = await do_once(ledger, deed(vendor, capability=keyed(lifetime)))
    assert (outcome.state, len(vendor.asked)) == (answers, asked)


async def test_a_key_that_the_connection_has_no_more_is_not_repeated_without(
    ledger: Ledger,
) -> None:
    vendor = Vendor()
    await die(ledger, vendor, capability=keyed())
    assert (await do_once(ledger, deed(vendor))).state == "unknown"
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize(
    ("shows", "decides", "answers"),
    [
        (True, True, ("sent", "SENT")),
        (True, False, ("sent", "SENT")),
        (False, False, ("unknown", "UNKNOWN")),
    ],
)
async def test_a_lost_answer_is_looked_up_once_it_has_settled(
    ledger: Ledger, dies: bool, shows: bool, decides: bool, answers: tuple[str, str]
) -> None:
    vendor = Searchable()
    how: dict[str, Any] = {"capability": looked_up(decides=decides), "look_up": vendor.find}
    if dies:
        await die(ledger, vendor, **how)
    else:
        vendor.failures = [Unclear("twilio", "timeout", "lost")]
        with pytest.raises(ApplicationError) as lost:
            await do_once(ledger, deed(vendor, **how))
        assert lost.value.next_retry_delay
        assert lost.value.next_retry_delay >= SETTLE
    with pytest.raises(ApplicationError, match="too early"):
        await do_once(ledger, deed(vendor, **how))
    vendor.shows = shows
    await settled(ledger, SETTLE)
    outcome = await do_once(ledger, deed(vendor, **how))
    assert (outcome.state, (await state_of(ledger))[0]) == answers
    assert (vendor.done, len(vendor.asked)) == (1, 1)


async def test_what_the_vendor_surely_did_not_do_is_done(ledger: Ledger) -> None:
    vendor = Searchable(failures=[Unclear("slack", "timeout", "lost")])
    how: dict[str, Any] = {"capability": looked_up(), "look_up": vendor.find}
    with pytest.raises(ApplicationError):
        await do_once(ledger, deed(vendor, **how))
    vendor.done, vendor.shows = 0, True
    await settled(ledger)
    assert (await do_once(ledger, deed(vendor, **how))).state == "sent"
    assert (vendor.done, len(vendor.asked)) == (1, 2)


async def test_a_lookup_that_does_not_wait_doubles_what_is_only_late(ledger: Ledger) -> None:
    """The negative control: without the settle time, "not found" is no answer."""
    vendor = Searchable(failures=[Unclear("slack", "timeout", "lost")])
    how: dict[str, Any] = {"capability": looked_up(timedelta(0)), "look_up": vendor.find}
    with pytest.raises(ApplicationError):
        await do_once(ledger, deed(vendor, **how))
    assert (await do_once(ledger, deed(vendor, **how))).state == "sent"
    assert vendor.done == 2


@pytest.mark.parametrize(
    ("problem", "since", "answers"),
    [
        (NotYet("slack", "ratelimited", "wait"), timedelta(minutes=1), "later"),
        (NotYet("slack", "ratelimited", "wait"), 2 * HOUR, "unknown"),
        (Never("slack", "missing_scope", "no"), timedelta(minutes=1), "unknown"),
    ],
)
async def test_a_vendor_that_cannot_be_asked_leaves_it_unknown_at_last(
    ledger: Ledger, problem: Exception, since: timedelta, answers: str
) -> None:
    vendor = Searchable(failures=[Unclear("slack", "timeout", "lost")], broken=[problem])
    how: dict[str, Any] = {"capability": looked_up(), "look_up": vendor.find}
    with pytest.raises(ApplicationError):
        await do_once(ledger, deed(vendor, **how))
    await settled(ledger, since)
    state = "later"
    with suppress(ApplicationError):
        state = (await do_once(ledger, deed(vendor, **how))).state
    assert (state, vendor.done) == (answers, 1)


async def test_the_last_try_of_a_call_with_a_key_ends_unknown(ledger: Ledger) -> None:
    vendor = Vendor(failures=[Unclear("http", "timeout", "lost")])
    last = replace(deed(vendor, capability=keyed()), last_try=True)
    assert (await do_once(ledger, last)).state == "unknown"


def test_every_vendor_says_what_settles_a_lost_answer_and_where_that_is_written() -> None:
    elsewhere = {"http"}  # each connection says it of itself
    assert set(known_vendors()) - elsewhere <= set(CAPABILITIES)
    assert all(one.source for one in CAPABILITIES.values())
