"""Selecting an audience, and releasing it wave after wave, each lead once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from activities.dispatch import enroll
from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.halts import halt, lift
from activities.ledger.launching import Asked, next_to_ask, note_asked
from activities.ledger.leads import new_lead
from activities.ledger.publishing import set_state
from activities.ledger.selecting import selected
from activities.ledger.tables import admissions, consents, leads, lifecycle_log, waves
from activities.ledger.waves import cause_of
from tests.activities.ledger.launches import (
    OFTEN,
    ask_in,
    counts,
    figures,
    launch,
    launch_again,
    release_one,
    some_leads,
)
from tests.activities.ledger.scenes import ACCOUNTS, AT, a_lead, enter, happens, make, rows

NOBODY: dict[str, int] = {}


async def spaced(ledger: Ledger) -> None:
    """The spacing between waves is over."""
    async with ledger.transaction() as tx:
        await tx.execute(update(waves).values(changed_at=AT, released_at=AT))


async def test_waves_follow_one_another_until_everybody_has_entered_once(ledger: Ledger) -> None:
    everybody = some_leads(ledger, 7)
    version = await launch(ledger, everybody)
    for entered, wave in ((2, 2), (5, 3), (7, 2)):
        assert await release_one(ledger, version) == ""
        if entered < 7:  # none follows before it is inside
            assert "is entering" in await release_one(ledger, version)
        assert await ask_in(ledger, version) == [""] * wave
        assert (await counts(ledger))["entered"] == entered
        if entered < 7:
            assert "is due at" in await release_one(ledger, version)
        await spaced(ledger)
    assert await release_one(ledger, version) == "every wave is released"
    entries = sorted(await rows(ledger, admissions), key=lambda row: row["admitted_at"])
    assert [row["lead"] for row in entries] == [lead.lead for lead in everybody]
    assert [(wave.size, wave.entered) for wave in await figures(ledger)] == [(2, 2), (3, 3), (2, 2)]
    log = [row["act"] for row in await rows(ledger, lifecycle_log)]
    assert log[-4:] == ["launched"] + ["wave released"] * 3


async def test_launching_the_same_leads_again_neither_loses_nor_doubles_any(ledger: Ledger) -> None:
    some = some_leads(ledger, 4)
    version = await launch(ledger, some[:3])
    await release_one(ledger, version)
    await ask_in(ledger, version, most=1)
    again = await launch_again(ledger, [*reversed(some), some[0]])
    assert [one.fate for one in again] == ["selected", "known", "known", "known", "known"]
    assert await counts(ledger) == {"entered": 1, "released": 1, "waiting": 2}
    await ask_in(ledger, version)
    assert len(await rows(ledger, admissions)) == 2


async def test_each_lead_keeps_what_was_found_of_it_on_that_day(ledger: Ledger) -> None:
    audience = {"all": [{"field": "size", "op": "at_least", "value": 10}, {"not": CUSTOMER}]}
    right, small = a_lead(ledger, 1, size=12), a_lead(ledger, 2, size=3, stage="Customer")
    gone = a_lead(ledger, 3, size=50)
    await make(ledger, "other")
    await happens(ledger, (await _entered(ledger, gone)), "unsubscribe")
    await launch(ledger, [right, small, gone], audience=audience)
    judged = {lead.lead: await found_of(ledger, lead.lead) for lead in (right, small, gone)}
    assert all(one["met"] for one in judged[right.lead].values())
    assert judged[right.lead][AT_LEAST]["looked_at"] == {"size": 12}
    against = {name for name, one in judged[small.lead].items() if not one["met"]}
    assert against == {AT_LEAST, NO_CUSTOMER}  # all that is against it, not the first alone
    (why,) = (one["objection"] for one in judged[gone.lead].values() if not one["met"])
    assert why == "suppressed: unsubscribed"
    assert await counts(ledger) == {"waiting": 1, "excluded": 2}
    # What changes later changes nothing in the proof; the lead is judged anew when it enters.
    await happens(ledger, right, "lead_changed", size=1)
    assert (await found_of(ledger, right.lead))[AT_LEAST]["looked_at"] == {"size": 12}


CUSTOMER = {"field": "stage", "op": "equals", "value": "Customer"}
AT_LEAST = 'audience: {"field": "size", "op": "at_least", "value": 10}'
NO_CUSTOMER = 'audience: {"not": {"field": "stage", "op": "equals", "value": "Customer"}}'


async def found_of(ledger: Ledger, lead: str) -> dict[str, Any]:
    async with ledger.reading() as tx:
        row = await selected(tx, "spring", lead)
    assert row
    return {one["criterion"]: one for one in row["criteria"]["judged"]}


async def _entered(ledger: Ledger, lead: Any) -> Any:
    await enter(ledger, lead, "other")
    return lead


async def test_who_is_ineligible_by_the_release_does_not_enter(ledger: Ledger) -> None:
    some = [a_lead(ledger, 1, stage="New"), a_lead(ledger, 2, stage="New")]
    version = await launch(ledger, some, audience={"not": CUSTOMER})
    await happens(ledger, some[0], "lead_changed", stage="Customer")
    await release_one(ledger, version)
    assert await ask_in(ledger, version) == ["not in the audience of the automation", ""]
    assert await counts(ledger) == {"refused": 1, "entered": 1}


async def test_a_second_record_of_a_person_is_excluded_until_it_is_asked_for_again(
    ledger: Ledger,
) -> None:
    first = a_lead(ledger, 1, "ada@example.com")
    second = a_lead(ledger, 2, "Ada@Example.com", stage="New")
    await launch(ledger, [first, second])
    assert await counts(ledger) == {"waiting": 1, "excluded": 1}
    known, excluded = await launch_again(ledger, [first, second], again=True)
    assert (known.fate, excluded.reason) == ("known", f"same person as {first.lead}")


async def test_a_lead_that_was_excluded_is_judged_anew_by_again_alone(ledger: Ledger) -> None:
    await launch(ledger, [a_lead(ledger, 1, None)])
    mended = [a_lead(ledger, 1)]
    (known,) = await launch_again(ledger, mended)
    assert (known.fate, "no e-mail address" in known.reason) == ("known", True)
    (selected_now,) = await launch_again(ledger, mended, again=True)
    assert selected_now.fate == "selected"


async def test_a_preview_writes_nothing_and_says_the_same(ledger: Ledger) -> None:
    await make(ledger, campaign={"waves": OFTEN})
    fields = {"email": "lead1@example.com", "consent_newsletter": "yes 2026-01-05"}
    agreed = new_lead(ledger, "default", fields, "crm-1")
    some = [agreed, a_lead(ledger, 2, None), a_lead(ledger, 3, "lead1@example.com")]
    shown = await launch_again(ledger, some, keep=False)
    assert [one.fate for one in shown] == ["selected", "excluded", "excluded"]
    assert await counts(ledger) == NOBODY
    assert (await rows(ledger, leads), await rows(ledger, consents)) == ([], [])
    assert await launch_again(ledger, some) == shown


async def test_no_wave_is_released_while_something_is_against_it(ledger: Ledger) -> None:
    version = await launch(ledger, some_leads(ledger, 3), {"sizes": [1]})
    why = ("Ada", "wrong prices")
    await halt(ledger, "default", "spring", why)
    assert "halted by Ada" in await release_one(ledger, version)
    await lift(ledger, "default", "spring", why)
    await set_state(ledger, "spring", "disabled", "Ada")
    assert await release_one(ledger, version) == "the automation is disabled"
    await set_state(ledger, "spring", "enabled", "Ada")
    by_hand = OFTEN | {"release": "by_hand"}
    await make(ledger, campaign={"waves": by_hand})
    version = await launch(ledger, [], by_hand)
    assert await release_one(ledger, version) == ""  # the first comes with the launch
    await ask_in(ledger, version)
    await spaced(ledger)
    assert await release_one(ledger, version) == "dripstone release spring --wave 2"


async def test_a_wave_waits_for_its_window(ledger: Ledger) -> None:
    """A window of one minute, in a zone where that minute is hours away."""
    async with ledger.reading() as tx:
        now = await ledger.now(tx)
    opens = f"{(now.hour + 6) % 24:02}:00"
    closes = f"{(now.hour + 6) % 24:02}:01"
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    window = {"opens": opens, "closes": closes, "days": days, "zone": "UTC"}
    version = await launch(ledger, some_leads(ledger, 1), {"window": window})
    assert f"T{opens}" in await release_one(ledger, version)


async def test_a_worker_that_dies_between_an_entry_and_its_note_lets_nobody_in_twice(
    ledger: Ledger,
) -> None:
    some = some_leads(ledger, 2)
    version = await launch(ledger, some)
    await release_one(ledger, version)
    cause = cause_of("spring", 1, some[0].lead)
    done = await enroll(ledger, None, Request("spring", some[0], cause), ACCOUNTS)
    # It died here: the audience does not know of the entry.
    assert (await counts(ledger), (await figures(ledger))[0].entered) == ({"released": 2}, 1)
    assert await ask_in(ledger, version) == ["", ""]
    entries = await rows(ledger, admissions)
    assert [row["enrollment"] for row in entries].count(done.enrollment) == 1
    assert await counts(ledger) == {"entered": 2}


async def test_whom_a_disabled_campaign_turned_away_is_asked_again_later(ledger: Ledger) -> None:
    version = await launch(ledger, some_leads(ledger, 1))
    await release_one(ledger, version)
    async with ledger.reading() as tx:
        (one,) = await next_to_ask(tx, "spring", 9)
    await note_asked(ledger, "spring", [Asked(one.lead, "is disabled", put_off=True)])
    async with ledger.reading() as tx:
        (again,) = await next_to_ask(tx, "spring", 9)
    assert (again.lead, again.turn) == (one.lead, one.turn + 1)
    assert await ask_in(ledger, version) == [""]
