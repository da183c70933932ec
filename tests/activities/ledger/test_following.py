"""Follow-ups: who has left a campaign goes on in the one it names, once, and never round."""

from __future__ import annotations

from typing import Any

import pytest

from activities.dispatch import follow_up_due
from activities.ledger import Ledger
from activities.ledger.publishing import publish
from activities.ledger.tables import admissions, inbox, refusals
from tests.activities.ledger.scenes import ACCOUNTS, INTRO, a_lead, enter, leave, make, rows
from workflows.engine.automation import Automation
from workflows.engine.exits import ExitReason


def then(enroll_in: str, *on: str) -> dict[str, Any]:
    """A campaign block with a follow-up."""
    return {"follow_up": {"on": on or ("completed",), "enroll_in": enroll_in}}


async def inside(ledger: Ledger) -> list[tuple[str, int]]:
    """(automation, entry) of every entry that is open."""
    open_rows = [row for row in await rows(ledger, admissions) if row["state"] != "CLOSED"]
    return sorted((row["automation"], row["entry"]) for row in open_rows)


async def refused(ledger: Ledger) -> list[str]:
    """Why leads were refused."""
    return [str(row["reason"]) for row in await rows(ledger, refusals)]


@pytest.mark.parametrize(
    ("reason", "follows"),
    [(ExitReason.ENGAGEMENT_WINDOW_ENDED, True), (ExitReason.REPLY_RECEIVED, False)],
)
async def test_a_lead_goes_on_after_the_chosen_exits_and_once(
    ledger: Ledger, reason: ExitReason, follows: bool
) -> None:
    await make(ledger, campaign=then("nurture", "engagement_window_ended", "completed"))
    await make(ledger, "nurture")
    enrollment = await enter(ledger, a_lead(ledger))
    for _ in range(2):
        await leave(ledger, enrollment, reason)
        await follow_up_due(ledger, None, ACCOUNTS)
    assert await inside(ledger) == ([("nurture", 1)] if follows else [])
    causes = [row["cause"] for row in await rows(ledger, admissions)]
    assert causes.count(f"follow-up:{enrollment}/1") == follows


async def test_a_crash_between_the_admission_and_its_note_admits_nobody_twice(
    ledger: Ledger,
) -> None:
    await make(ledger, campaign=then("nurture"))
    await make(ledger, "nurture", campaign={"re_entry": {"rule": "after_exit"}})
    enrollment = await enter(ledger, a_lead(ledger))
    await leave(ledger, enrollment, ExitReason.COMPLETED)
    await follow_up_due(ledger, None, ACCOUNTS)
    follower = f"enrollment:nurture:{a_lead(ledger).lead}"
    await leave(ledger, follower, ExitReason.COMPLETED)
    async with ledger.transaction() as tx:
        left = admissions.c.enrollment == enrollment
        await tx.execute(admissions.update().where(left).values(follow_up="nurture"))
    (again,) = await follow_up_due(ledger, None, ACCOUNTS)
    assert (again.is_new, again.entry) == (False, 1)
    assert await inside(ledger) == []


async def test_follow_ups_that_come_round_end_where_they_began(ledger: Ledger) -> None:
    freely = {"re_entry": {"rule": "after_exit"}}
    for name, follower in (("a", "b"), ("b", "c"), ("c", "a")):
        await make(ledger, name, campaign=then(follower) | freely)
    lead = a_lead(ledger)
    await enter(ledger, lead, "a")
    for name in ("a", "b", "c"):
        await leave(ledger, f"enrollment:{name}:{lead.lead}", ExitReason.COMPLETED)
        await follow_up_due(ledger, None, ACCOUNTS)
    assert await inside(ledger) == []
    assert await refused(ledger) == ["loop of follow-ups: a -> b -> c -> a"]
    told = [row["data"] for row in await rows(ledger, inbox) if row["kind"] == "campaign_exited"]
    assert sorted(told, key=len)[-1]["caused_by"][0] == "a"
    assert {tuple(data["caused_by"]) for data in told} == {("a",), ("a", "b"), ("a", "b", "c")}


async def test_the_automation_that_follows_decides_itself_who_enters(ledger: Ledger) -> None:
    await make(ledger, campaign=then("nurture"))
    await make(ledger, "nurture", audience={"field": "stage", "op": "equals", "value": "Won"})
    enrollment = await enter(ledger, a_lead(ledger, stage="Open"))
    await leave(ledger, enrollment, ExitReason.COMPLETED)
    (done,) = await follow_up_due(ledger, None, ACCOUNTS)
    assert "not in the audience" in done.refused
    assert await follow_up_due(ledger, None, ACCOUNTS) == []


async def test_nothing_crosses_a_center(ledger: Ledger) -> None:
    steps = [{"id": "a", "kind": "wait", "for": "1 day"}]
    await make(ledger, campaign=then("nurture"))
    await make(ledger, "nurture", center="elsewhere", steps=steps)
    enrollment = await enter(ledger, a_lead(ledger))
    await leave(ledger, enrollment, ExitReason.COMPLETED)
    (done,) = await follow_up_due(ledger, None, ACCOUNTS)
    assert done.refused == "automation 'nurture' belongs to center 'elsewhere'"
    base = {"id": "later", "name": "x", "trigger": {"kind": "manual"}, "steps": steps}
    campaign = {"campaign": {"engagement_window": "30 days"} | then("nurture")}
    with pytest.raises(ValueError, match="nothing crosses a center"):
        await publish(ledger, Automation.model_validate(base | campaign), "", [INTRO], "a test")
    with pytest.raises(ValueError, match="enrolls leads in 'nurture' itself"):
        Automation.model_validate(base | campaign | {"id": "nurture"})
