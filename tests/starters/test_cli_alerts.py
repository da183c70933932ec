"""``dripstone alerts``: listed until somebody acknowledges them, once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from activities.ledger import Ledger
from activities.ledger.alerts import Alert, alert_id, put_alert
from tests.starters.commands import Commands

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
KEYS = ("enrollment:spring:x-1/1/a/1/notify", "enrollment:spring:x-2/1/a/1/notify")


def put(commands: Commands, keys: Sequence[str], center: str = "default") -> list[str]:
    """Put an alert down for each key, twice; their ids."""

    async def work() -> None:
        ledger = await Ledger.open(commands.environment["DRIPSTONE_LEDGER_URL"])
        async with ledger.transaction() as tx:
            for key in (*keys, *keys):
                enrollment = key.split("/")[0]
                lead = enrollment.rsplit(":", 1)[1]
                alert = Alert(alert_id(key), center, enrollment, lead, f"look at {lead}", AT)
                await put_alert(tx, key, alert)
        await ledger.close()

    asyncio.run(work())
    return [alert_id(key) for key in keys]


def test_an_alert_is_listed_once_until_it_is_acknowledged(cut_off: Commands) -> None:
    assert cut_off("alerts").out == "none\n"
    first, second = put(cut_off, KEYS)
    elsewhere = put(cut_off, ["enrollment:autumn:x-3/1/a/1/notify"], "north")[0]
    listed = cut_off("alerts", "--json").document["alerts"]
    assert {one["id"] for one in listed} == {first, second, elsewhere}
    assert "look at x-1" in cut_off("alerts", "--center", "default").out

    done = cut_off("alerts", "--ack", first, "--by", "kim", "--json")
    assert done.document == {"acknowledged": [first], "by": "kim"}
    again = cut_off("alerts", "--ack", first, "--ack", second, "--by", "lee")
    assert again.out.splitlines() == [
        f"{first}: was acknowledged before",
        f"{second}: acknowledged",
    ]
    left = cut_off("alerts", "--json").document["alerts"]
    assert [one["id"] for one in left] == [elsewhere]
    everything = cut_off("alerts", "--all", "--json").document["alerts"]
    by = {one["id"]: one["acknowledged_by"] for one in everything}
    assert by == {first: "kim", second: "lee", elsewhere: None}


def test_an_alert_that_is_not_there_is_refused_and_nothing_is_acknowledged(
    cut_off: Commands,
) -> None:
    (known,) = put(cut_off, KEYS[:1])
    refused = cut_off("alerts", "--ack", known, "--ack", "nothing")
    assert (refused.status, refused.out) == (1, "")
    assert "nothing: no such alert" in refused.err
    assert len(cut_off("alerts", "--json").document["alerts"]) == 1
