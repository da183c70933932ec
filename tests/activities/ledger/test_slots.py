"""Slots of mails: each given once, in order, however many ask at once; and free again."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.ledger import Ledger
from activities.ledger.connections import Mailbox
from activities.ledger.gate_tables import slots
from activities.ledger.pacing import ONE_BY_ONE, Daily, Pace, Room
from activities.ledger.slots import forget_old_slots, give_back_slots, take_slot
from activities.ledger.tables import effects
from tests.activities.ledger.scenes import rows
from workers.rehearsal.limits import Limits
from workflows.engine.campaign import SendWindow
from workflows.engine.caps import read_rate

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALWAYS = SendWindow(always=True)


def pace(number: int, *, per_day: int = 0, automation: str = "spring", **more: Any) -> Pace:
    """The pace of the first mail of one lead, from the mailbox ``ada``."""
    enrollment = f"enrollment:{automation}:crm-{number}"
    about = {
        "center": "default",
        "key": f"{enrollment}/1/a/1/send_email",
        "enrollment": enrollment,
        "entry": 1,
        "automation": automation,
        "mailbox": "ada",
        "company": "acme",
        "person": f"person-{number}",
    }
    daily = (Daily("mailbox", "ada", per_day, "full"),) if per_day else ()
    return replace(Pace(about, "UTC", daily=daily, window=ALWAYS), **more)


async def take(ledger: Ledger, one: Pace, now: datetime = NOON, locked: bool = True) -> Room | None:
    async with ledger.transaction(*(one.locks if locked else ())) as tx:
        return await take_slot(tx, one, now)


async def at_once(ledger: Ledger, count: int, locked: bool = True, **more: Any) -> list[datetime]:
    """That many mails ask for a slot at the same time; when each may leave, in order."""
    asked = (take(ledger, pace(number, **more), locked=locked) for number in range(count))
    rooms = await asyncio.gather(*asked)
    return sorted(room.at if room else NOON for room in rooms)


async def test_many_at_once_each_get_a_slot_of_their_own(ledger: Ledger) -> None:
    given = await at_once(ledger, 25, per_day=10, gap=HOUR)
    assert given[:10] == [NOON + number * HOUR for number in range(10)]
    assert len(set(given)) == 25
    days = Counter(one.date().isoformat() for one in given)
    assert days == {"2026-06-01": 10, "2026-06-02": 10, "2026-06-03": 5}
    # Each of them finds its slot again, and it is the same one.
    again = await at_once(ledger, 25, per_day=10, gap=HOUR)
    assert again == given


async def test_without_the_lock_slots_are_given_twice(ledger: Ledger) -> None:
    """The control: SQLite has one writer anyway, on PostgreSQL the lock is what keeps it."""
    given = await at_once(ledger, 12, locked=False, gap=HOUR)
    assert (len(set(given)) == 12) is ledger.is_sqlite


async def test_a_mail_leaves_at_its_slot_and_has_it_when_it_is_tried_again_at_once(
    ledger: Ledger,
) -> None:
    first, second, third = (pace(number, gap=HOUR) for number in (1, 2, 3))
    assert await take(ledger, first) is None
    room = await take(ledger, second)
    assert room
    assert room.at == NOON + HOUR
    assert await take(ledger, second, room.at) is None
    assert await take(ledger, third, room.at) == Room(room.at + HOUR, ONE_BY_ONE)
    assert await take(ledger, second, room.at + HOUR / 2) is None


async def test_a_mail_that_is_tried_again_later_is_asked_anew_when_it_may_leave(
    ledger: Ledger,
) -> None:
    hours = SendWindow(opens="12:00", closes="13:00")
    more: dict[str, Any] = {"per_day": 1, "window": hours}
    first, second = pace(1, **more), pace(2, **more)
    assert await take(ledger, first) is None
    # The window is shut by then; the day's only place stays its own.
    shut = await take(ledger, first, NOON + 9 * HOUR)
    assert shut
    assert shut.at == NOON + 24 * HOUR
    # Another one has the second day, so the first waits for the third.
    async with ledger.transaction() as tx:
        await give_back_slots(tx, first.about["enrollment"], 1)
    assert await take(ledger, second, NOON + 24 * HOUR) is None
    later = await take(ledger, first, NOON + 24 * HOUR)
    assert later
    assert later.at == NOON + 48 * HOUR
    assert later.cause == "full"
    assert await take(ledger, first, later.at) is None


async def test_a_slot_that_nobody_came_for_lapses_and_the_late_keep_their_distance(
    ledger: Ledger,
) -> None:
    await at_once(ledger, 6, gap=HOUR)
    back = NOON + timedelta(hours=3, minutes=40)  # of five mails three are overdue by then
    late = [await take(ledger, pace(number, gap=HOUR), back) for number in range(1, 6)]
    # Two slots were still to come; who is overdue goes behind them, and not all at once.
    leaving = sorted(room.at if room else back for room in late)
    assert leaving == [NOON + number * HOUR for number in range(4, 9)]


async def test_the_slot_of_a_lead_that_left_is_given_to_the_next(ledger: Ledger) -> None:
    await at_once(ledger, 4, gap=HOUR)
    async with ledger.transaction() as tx:
        for number in range(4):
            if (await take_slot(tx, pace(number, gap=HOUR), NOON)) == Room(NOON + HOUR, TURN):
                await give_back_slots(tx, f"enrollment:spring:crm-{number}", 1)
    room = await take(ledger, pace(9, gap=HOUR))
    assert room
    assert room.at == NOON + HOUR


TURN = "its turn is then: mails leave one after the other"


async def test_a_step_that_the_lead_has_left_gives_its_slot_back(ledger: Ledger) -> None:
    assert await take(ledger, pace(1, gap=HOUR)) is None
    waiting = pace(2, gap=HOUR)
    assert await take(ledger, waiting)
    key = waiting.about["key"].replace("/a/", "/b/")
    skipped = replace(waiting, about={**waiting.about, "key": key})
    room = await take(ledger, skipped)
    assert room
    assert room.at == NOON + HOUR
    assert len(await rows(ledger, slots)) == 2


@pytest.mark.parametrize(
    ("daily", "same", "other"),
    [
        (Daily("automation", "spring", 1, "campaign"), {}, {"automation": "autumn"}),
        (Daily("company", "acme", 1, "company"), {}, {"company": "other"}),
        (Daily("mailbox", "ada", 1, "mailbox"), {}, {"mailbox": "bob"}),
    ],
)
async def test_each_daily_cap_counts_its_own(
    ledger: Ledger, daily: Daily, same: dict[str, str], other: dict[str, str]
) -> None:
    def asking(number: int, changes: dict[str, str]) -> Pace:
        plain = pace(number)
        about = {**plain.about, **changes}
        own = replace(daily, value=about[daily.column])
        return replace(plain, about=about, daily=(own,))

    assert await take(ledger, asking(1, same)) is None
    room = await take(ledger, asking(2, same))
    assert room == Room(datetime(2026, 6, 2, tzinfo=UTC), daily.cause)
    assert await take(ledger, asking(3, other)) is None


async def test_a_person_is_not_written_to_more_often_than_the_frequency_cap(
    ledger: Ledger,
) -> None:
    rates = (read_rate("2 per 7 days"),)
    async with ledger.transaction() as tx:
        for days in (1, 3):
            sent = _sent("person-1", NOON - timedelta(days=days), f"autumn/{days}")
            await tx.execute(effects.insert().values(sent))
    room = await take(ledger, pace(1, rates=rates))
    assert room
    assert room.at == NOON + timedelta(days=4)
    assert "frequency cap of 2 per 1 week" in room.cause
    assert await take(ledger, pace(1)) is None  # the control: without the cap it leaves
    assert await take(ledger, pace(2, rates=rates)) is None


def _sent(person: str, at: datetime, key: str) -> dict[str, Any]:
    return {
        "center": "default",
        "key": key,
        "activity": "send_email",
        "connection": "smtp",
        "person": person,
        "state": "SENT",
        "payload": {},
        "payload_hash": "",
        "planned_at": at,
        "intent_at": at,
    }


async def test_no_slot_is_kept_for_after_the_engagement_window(ledger: Ledger) -> None:
    assert await take(ledger, pace(1, per_day=1)) is None
    ending = pace(2, per_day=1, not_after=NOON + HOUR)
    assert await take(ledger, ending) == Room(datetime(2026, 6, 2, tzinfo=UTC), "full")
    assert len(await rows(ledger, slots)) == 1


async def test_a_rehearsal_gives_the_same_slots(ledger: Ledger) -> None:
    rehearsed = Limits()
    more: Any = {"per_day": 3, "gap": HOUR, "window": SendWindow(opens="09:00", closes="15:00")}

    async def both(number: int) -> datetime | None:
        room = await take(ledger, pace(number, **more))
        assert rehearsed.take_slot(pace(number, **more), NOON) == room
        return room.at if room else None

    first = [await both(number) for number in range(8)]
    rehearsed.give_back("enrollment:spring:crm-4", 1)
    async with ledger.transaction() as tx:
        await give_back_slots(tx, "enrollment:spring:crm-4", 1)
    assert await both(8) == first[4]
    later = [at for at in first if at]
    assert later == sorted(later)
    assert len(set(later)) == 7


async def test_what_limits_nothing_any_more_is_forgotten(ledger: Ledger) -> None:
    async with ledger.reading() as tx:
        now = await ledger.now(tx)
    assert await take(ledger, pace(1), now - timedelta(days=4)) is None
    assert await take(ledger, pace(2), now - timedelta(days=2)) is None
    async with ledger.transaction() as tx:
        await forget_old_slots(ledger, tx)
    assert [row["person"] for row in await rows(ledger, slots)] == ["person-2"]


async def test_mails_without_a_cap_leave_and_count_for_a_cap_that_is_set_later(
    ledger: Ledger,
) -> None:
    assert await at_once(ledger, 3) == [NOON] * 3
    room = await take(ledger, pace(9, per_day=3))
    assert room
    assert room.cause == "full"


def test_a_gap_longer_than_slots_are_kept_is_refused() -> None:
    box = {"name": "Ada", "address": "a@q.example", "postal_address": "1 Quarry Lane"}
    assert Mailbox.model_validate(box | {"min_gap": "1 day"}).min_gap == timedelta(days=1)
    with pytest.raises(ValueError, match="less than or equal to"):
        Mailbox.model_validate(box | {"min_gap": "25 hours"})
