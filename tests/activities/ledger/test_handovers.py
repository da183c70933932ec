"""Handovers in the ledger: what another tool must do follows from every kind of stop at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from activities.ledger import Ledger
from activities.ledger.halts import halt
from activities.ledger.handovers import (
    ACTIVE,
    ENDED,
    PAUSED,
    Handover,
    change_handover,
    confirm,
    find_handover,
    find_reported,
    give_up,
    note_sent,
    open_handover,
    take,
    unconfirmed,
    unmet,
    want,
)
from activities.ledger.leads import Lead
from activities.ledger.lifecycle import switch_center
from activities.ledger.publishing import set_state
from activities.ledger.suppressions import suppress_domain
from tests.activities.ledger.scenes import AT, a_lead, enter, happens, leave, make
from workflows.engine.exits import ExitReason

KEY = "enrollment:spring:x/1/hand/1"
WHY = ("Ada", "wrong text")
Stop = Callable[[Ledger, Lead, str], Awaitable[object]]


def key_of(number: int) -> str:
    return KEY if number == 1 else f"{KEY}{number}"


async def lend(ledger: Ledger, number: int = 1) -> tuple[Lead, str]:
    """A lead that is handed over and mailed there; the lead and its enrollment."""
    if number == 1:
        await make(ledger, campaign={"exits": {"on": ["reply"]}})
    lead = a_lead(ledger, number)
    enrollment = await enter(ledger, lead)
    row: dict[str, Any] = {
        **{"center": "default", "key": key_of(number)},
        **{"enrollment": enrollment, "entry": 1, "step": "hand", "visit": 1},
        **{"automation": "spring", "lead": lead.lead, "person": lead.person},
        **{"domain": "example.com", "token": f"token-{number}", "campaign": 7, "mails": 3},
    }
    async with ledger.transaction() as tx:
        await open_handover(ledger, tx, row)
        await change_handover(tx, row["key"], state=ACTIVE, vendor_lead="101")
    return lead, enrollment


async def target(ledger: Ledger, key: str = KEY) -> str:
    async with ledger.reading() as tx:
        found = await find_handover(tx, key)
    assert found is not None
    return found.target


async def due(ledger: Ledger) -> list[str]:
    async with ledger.reading() as tx:
        return [one.key for one in await unmet(ledger, tx, 50)]


async def to_be_confirmed(ledger: Ledger, center: str | None = None) -> list[Handover]:
    async with ledger.reading() as tx:
        return await unconfirmed(tx, center, 50)


async def domain_is_suppressed(ledger: Ledger, _lead: Lead, _enrollment: str) -> None:
    async with ledger.transaction() as tx:
        await suppress_domain(tx, "default", "example.com", ("by an operator", "test", AT))


async def wants(ledger: Ledger, what: str, serial: int = 1, key: str = KEY) -> None:
    async with ledger.transaction() as tx:
        await want(ledger, tx, key, what, serial)


async def wish(ledger: Ledger, lead: Lead, what: str) -> None:
    await wants(ledger, what, key=key_of(int(lead.lead[-3:])))


STOPS: dict[str, tuple[Stop, str]] = {
    "nothing": (lambda ledger, lead, _: happens(ledger, lead, "clicked"), "go"),
    "a reply": (lambda ledger, lead, _: happens(ledger, lead, "reply"), "end"),
    "an opt-out that is no exit": (
        lambda ledger, lead, _: happens(ledger, lead, "unsubscribe"),
        "end",
    ),
    "a hard bounce": (lambda ledger, lead, _: happens(ledger, lead, "bounce", type="hard"), "end"),
    "a soft bounce": (lambda ledger, lead, _: happens(ledger, lead, "bounce", type="soft"), "go"),
    "turned off": (lambda ledger, lead, _: happens(ledger, lead, "turned_off"), "end"),
    "removed": (lambda ledger, lead, _: happens(ledger, lead, "remove"), "end"),
    "superseded": (lambda ledger, lead, _: happens(ledger, lead, "superseded"), "end"),
    "the window is over": (
        lambda ledger, _, name: leave(ledger, name, ExitReason.ENGAGEMENT_WINDOW_ENDED),
        "end",
    ),
    "its workflow is gone": (
        lambda ledger, _, name: leave(ledger, name, ExitReason.TERMINATED),
        "end",
    ),
    "paused by a person": (lambda ledger, lead, _: wish(ledger, lead, "pause"), "pause"),
    "its step is over": (lambda ledger, lead, _: wish(ledger, lead, "end"), "end"),
}


SHARED: dict[str, tuple[Stop, str]] = {
    "its domain is suppressed": (domain_is_suppressed, "end"),
    "disabled": (lambda ledger, _, __: set_state(ledger, "spring", "disabled", "test"), "pause"),
    "its center is disabled": (
        lambda ledger, _, __: switch_center(ledger, "default", "disabled", "test"),
        "pause",
    ),
    "halted": (lambda ledger, _, __: halt(ledger, "default", "spring", WHY), "pause"),
    "its center is halted": (lambda ledger, _, __: halt(ledger, "default", None, WHY), "pause"),
}


async def test_whatever_stops_a_lead_stops_it_there_too(ledger: Ledger) -> None:
    found = {}
    for number, (name, (happening, _)) in enumerate(STOPS.items(), start=1):
        lead, enrollment = await lend(ledger, number)
        await happening(ledger, lead, enrollment)
        found[name] = await target(ledger, key_of(number))
    assert found == {name: wanted for name, (_, wanted) in STOPS.items()}
    stopped = {key_of(n) for n, (_, wanted) in enumerate(STOPS.values(), 1) if wanted != "go"}
    assert set(await due(ledger)) == stopped
    assert {one.key for one in await to_be_confirmed(ledger)} == stopped
    assert await to_be_confirmed(ledger, "elsewhere") == []


@pytest.mark.parametrize("stop", SHARED)
async def test_what_stops_all_at_once_stops_them_there(ledger: Ledger, stop: str) -> None:
    lead, enrollment = await lend(ledger)
    happening, wanted = SHARED[stop]
    await happening(ledger, lead, enrollment)
    assert (await target(ledger), await due(ledger)) == (wanted, [KEY])


async def test_the_last_word_of_a_journey_counts_and_an_end_is_for_good(ledger: Ledger) -> None:
    await lend(ledger)
    for what, serial, then in (
        ("pause", 5, "pause"),
        ("go", 4, "pause"),
        ("go", 6, "go"),
        ("end", 7, "end"),
        ("go", 8, "end"),
    ):
        await wants(ledger, what, serial)
        assert await target(ledger) == then


async def test_a_stop_is_told_until_it_is_confirmed_and_then_never_again(ledger: Ledger) -> None:
    lead, _ = await lend(ledger)
    await happens(ledger, lead, "reply")
    async with ledger.transaction() as tx:
        first = await take(ledger, tx, KEY, "one")
        assert first is not None
        assert await take(ledger, tx, KEY, "another") is None
        await give_up(ledger, tx, first, "smartlead: http_503", None)
    assert await due(ledger) == []
    (open_stop,) = await to_be_confirmed(ledger)
    assert (open_stop.problem, open_stop.attempts) == ("smartlead: http_503", 1)
    assert open_stop.next_at - open_stop.asked_at > timedelta(seconds=5)
    async with ledger.transaction() as tx:
        again = await take(ledger, tx, KEY, "another")
        assert again is not None
        await confirm(ledger, tx, again, ENDED, "paused")
        await give_up(ledger, tx, again, "too late", None)
    assert (await due(ledger), await to_be_confirmed(ledger)) == ([], [])
    async with ledger.reading() as tx:
        ended = await find_handover(tx, KEY)
    assert ended is not None
    assert (ended.state, ended.ended_how, ended.problem) == (ENDED, "paused", "")


async def test_a_lead_goes_on_there_when_what_paused_it_is_over(ledger: Ledger) -> None:
    await lend(ledger)
    await wants(ledger, "pause", 1)
    async with ledger.transaction() as tx:
        taken = await take(ledger, tx, KEY, "one")
        assert taken is not None
        await confirm(ledger, tx, taken, PAUSED)
    assert await due(ledger) == []
    await wants(ledger, "go", 2)
    assert await due(ledger) == [KEY]


async def test_a_report_belongs_to_our_key_or_to_the_vendors_own_id(ledger: Ledger) -> None:
    await lend(ledger)
    async with ledger.transaction() as tx:
        for found in (
            await find_reported(tx, 7, "token-1", ""),
            await find_reported(tx, 7, "", "101"),
        ):
            assert found is not None
            assert found.key == KEY
        strangers = [("", ""), ("token-2", "101"), ("", "102")]
        assert [await find_reported(tx, 7, *one) for one in strangers] == [None] * 3
        assert await find_reported(tx, 8, "token-1", "101") is None
        for number in (2, 1):
            await note_sent(tx, KEY, number)
        sent = await find_handover(tx, KEY)
    assert sent is not None
    assert sent.sent == 2
