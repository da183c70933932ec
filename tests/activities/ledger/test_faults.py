"""Many at once, a full disk, a place that cannot be written: fail closed, and say why."""

from __future__ import annotations

import asyncio
import resource
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from activities.dispatch import enroll, take_in
from activities.ledger import Ledger, LedgerUnavailable
from activities.ledger.admissions import Request, admit
from activities.ledger.inbox import Incoming
from activities.ledger.leads import locks_of_admission, person_of
from activities.ledger.leasing import give_up_lease, take_lease
from activities.ledger.tables import admissions, inbox, suppressions
from activities.once import do_once
from tests.activities.ledger.scenes import ACCOUNTS, AT, a_lead, enter, has_to_wait, make, rows
from tests.activities.ledger.test_effects import Vendor, deed
from tests.migrated import migrated_ledger
from workflows.engine.events import Event

AT_ONCE = 20


async def test_of_twenty_admissions_of_one_person_at_once_exactly_one_succeeds(
    ledger: Ledger,
) -> None:
    for number in range(AT_ONCE):
        await make(ledger, f"campaign{number}")
    asked = []
    for number in range(AT_ONCE):
        lead = a_lead(ledger, number, "Ada.Fox@gmail.com" if number % 2 else "adafox@gmail.com")
        request = Request(f"campaign{number}", lead, f"cause {number}")
        asked.append(enroll(ledger, None, request, ACCOUNTS))
    answers = await asyncio.gather(*asked)
    assert sum(not answer.refused for answer in answers) == 1
    assert len(await rows(ledger, admissions)) == 1


async def test_of_twenty_attempts_at_one_effect_exactly_one_asks_the_vendor(
    ledger: Ledger,
) -> None:
    vendor = Vendor()
    tried = [do_once(ledger, deed(vendor)) for _ in range(AT_ONCE)]
    await asyncio.gather(*tried, return_exceptions=True)
    assert len(vendor.asked) == 1


async def test_an_event_that_comes_twenty_times_at_once_is_new_once(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    incoming = Incoming(Event(id="e", kind="reply", at=AT), "default", "test", lead.lead)
    received = await asyncio.gather(*[take_in(ledger, incoming, ACCOUNTS) for _ in range(AT_ONCE)])
    assert sum(one.is_new for one in received) == 1


async def test_a_stop_waits_for_a_send_that_is_being_judged(ledger: Ledger) -> None:
    """Acknowledged after it, or before it, but never in between unseen."""
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    incoming = Incoming(Event(id="e", kind="unsubscribe", at=AT), "default", "test", lead.lead)
    async with ledger.transaction(f"person:{lead.person}"):
        stop = asyncio.create_task(take_in(ledger, incoming, ACCOUNTS))
        await has_to_wait(ledger, stop)
    assert (await stop).is_new


async def test_an_opt_out_that_comes_while_its_lead_is_first_admitted_reaches_it(
    ledger: Ledger,
) -> None:
    """Told by the record's id alone, of which nobody knew yet whose it is."""
    await make(ledger)
    lead = a_lead(ledger)
    whose = person_of(ledger, "default", None, lead.lead)
    event = Event(id="e", kind="unsubscribe", at=AT)
    incoming = Incoming(event, "default", "test", lead.lead, whose)
    async with ledger.transaction(*locks_of_admission(lead)) as tx:
        answer = await admit(ledger, tx, Request("spring", lead, "cause"), ACCOUNTS)
        assert answer.start
        told = asyncio.create_task(take_in(ledger, incoming, ACCOUNTS))
        await has_to_wait(ledger, told)
    received = await told
    assert len(received.targets) == 1
    assert received.writebacks == ("e/mark_unsubscribed", "e/note_opt_out")


async def test_a_lease_has_one_holder_and_passes_on_when_it_ends(ledger: Ledger) -> None:
    long, over = timedelta(minutes=1), timedelta(seconds=-1)
    async with ledger.transaction() as tx:
        assert await take_lease(ledger, tx, "repair", "one", long)
        assert await take_lease(ledger, tx, "repair", "one", long)
        assert not await take_lease(ledger, tx, "repair", "two", long)
        await give_up_lease(tx, "repair", "two")
        assert not await take_lease(ledger, tx, "repair", "two", long)
        assert await take_lease(ledger, tx, "repair", "one", over)
        assert await take_lease(ledger, tx, "repair", "two", long)


async def test_on_a_full_disk_nothing_is_half_written_and_the_message_says_what_to_do(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.db"
    migrated_ledger(path.parent)
    ledger = await Ledger.open(f"sqlite:///{path}")
    await make(ledger)
    lead = a_lead(ledger)
    await enter(ledger, lead)
    text = "t" * (2 * path.stat().st_size)  # more than the limit below leaves room for
    event = Event(id="e", kind="unsubscribe", at=AT, data={"text": text})
    incoming = Incoming(event, "default", "test", lead.lead)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 4096 * 4096, before[1]))
        with pytest.raises(LedgerUnavailable, match="disk has room") as raised:
            await take_in(ledger, incoming, ACCOUNTS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert text[:50] not in str(raised.value) + str(raised.value.__cause__)
    assert await rows(ledger, suppressions) == []
    assert (await take_in(ledger, incoming, ACCOUNTS)).is_new
    assert len(await rows(ledger, suppressions)) == 2  # the person and the record
    kinds = [row["kind"] for row in await rows(ledger, inbox)]
    assert kinds.count("unsubscribe") == 1
    await ledger.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////proc/no/such/ledger.db", "can be written"),
        ("sqlite:////proc/ledger.db", "can be written"),
        ("postgresql://nobody@127.0.0.1:1/nothing", "database is up"),
        ("mysql://localhost/x", "use sqlite:///file.db or postgresql://"),
        ("nonsense", "no database address"),
    ],
)
async def test_a_ledger_that_cannot_be_opened_says_why_and_how_to_mend_it(
    url: str, says: str
) -> None:
    with pytest.raises(LedgerUnavailable, match=says):
        await Ledger.open(url)
    # The thread of a SQLite connection that failed ends by itself, and needs this loop for it.
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 5)


async def test_the_password_of_the_database_is_in_no_message() -> None:
    with pytest.raises(LedgerUnavailable) as raised:
        await Ledger.open("postgresql://user:s3cret@127.0.0.1:1/nothing")
    assert "s3cret" not in str(raised.value) + str(raised.value.__cause__)
