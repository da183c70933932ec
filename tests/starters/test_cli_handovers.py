"""handovers: who is left to Smartlead, and which stops are open."""

from __future__ import annotations

import asyncio

from activities.ledger import Ledger
from activities.ledger.handovers import change_handover, open_handover, take, want
from tests.starters.commands import Commands

KEY = "enrollment:calm:a-1/1/hand/1"


async def lend(url: str) -> None:
    ledger = await Ledger.open(url)
    row = {
        **{"center": "default", "key": KEY, "enrollment": "enrollment:calm:a-1", "entry": 1},
        **{"step": "hand", "visit": 1, "automation": "calm", "lead": "a-1", "person": "p"},
        **{"domain": "example.com", "token": "a-secret-token", "campaign": 7},
    }
    async with ledger.transaction() as tx:
        await open_handover(ledger, tx, row)
        await change_handover(tx, KEY, state="ACTIVE", vendor_lead="101")
    await ledger.close()


async def stop(url: str) -> None:
    ledger = await Ledger.open(url)
    async with ledger.transaction() as tx:
        await want(ledger, tx, KEY, "end", 1)
        assert await take(ledger, tx, KEY, "one")
        await change_handover(tx, KEY, problem="smartlead: http_503: the call was refused")
    await ledger.close()


def test_stops_that_are_not_confirmed_are_listed_and_end_with_one(cut_off: Commands) -> None:
    cut_off.enabled("calm")
    assert cut_off("enroll", "calm", "--lead", "a-1", "--email", "ada@example.com").status == 0
    url = cut_off.environment["DRIPSTONE_LEDGER_URL"]
    assert cut_off("handovers").out == "none\n"
    asyncio.run(lend(url))
    assert cut_off("handovers", "--unconfirmed").status == 0
    (lent,) = cut_off("handovers", "--json").document["handovers"]
    assert (lent["lead"], lent["state"], lent["target"]) == ("a-1", "ACTIVE", "go")
    assert "token" not in lent
    asyncio.run(stop(url))
    listed = cut_off("handovers", "--unconfirmed")
    assert listed.status == 1
    for said in ("enrollment:calm:a-1", "active", "end", "http_503"):
        assert said in listed.out, said
