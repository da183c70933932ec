"""Campaign settings: edited while leads are inside, for those whom the edit concerns."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import JsonValue, ValidationError
from sqlalchemy import update

from activities.ledger import Ledger
from activities.ledger.editing import (
    AT_ONCE,
    NoCampaign,
    edit_settings,
    preview_edit,
    reach_leads,
)
from activities.ledger.lifecycle import find_obstacle, log_of
from activities.ledger.settings import Change, settings_of
from activities.ledger.tables import admissions, campaign_settings, deliveries
from tests.activities.ledger.scenes import ACCOUNTS, a_lead, ask, enter, entry_of, make, rows

ADA = Change("ada", "a test")
MET = "custom_exit_criteria_met"


def stage_is(stage: str) -> dict[str, JsonValue]:
    """Exit criteria."""
    return {"when": {"field": "stage", "op": "equals", "value": stage}}


async def test_edited_criteria_take_out_at_once_those_whom_they_concern(ledger: Ledger) -> None:
    await make(ledger)
    leads = [a_lead(ledger, n, stage=stage) for n, stage in enumerate(("Won", "Open", "Won"))]
    for lead in leads:
        await enter(ledger, lead)
    edited, leaving = await preview_edit(ledger, "spring", {"exits": stage_is("Won")})
    assert (edited.number, leaving, len(await rows(ledger, deliveries))) == (None, 2, 0)
    done = await edit_settings(ledger, "spring", {"exits": stage_is("Won")}, ADA)
    events = await reach_leads(ledger, ACCOUNTS)
    assert done.number == 2
    assert [(await entry_of(ledger, lead))["stop_reason"] for lead in leads] == [MET, None, MET]
    told = sorted(str(row["event"]) for row in await rows(ledger, deliveries))
    assert (
        told == sorted(events) == [f"enrollment:spring:{leads[n].lead}/1/criteria" for n in (0, 2)]
    )
    assert await reach_leads(ledger, ACCOUNTS) == []


async def test_the_walk_over_the_leads_goes_on_where_it_was_cut_off(ledger: Ledger) -> None:
    await make(ledger)
    leads = [a_lead(ledger, number, stage="Won") for number in range(AT_ONCE + 5)]
    for lead in leads:
        await enter(ledger, lead)
    await edit_settings(ledger, "spring", {"exits": stage_is("Won")}, ADA)
    reached = f"enrollment:spring:{leads[AT_ONCE].lead}"
    async with ledger.transaction() as tx:
        newest = campaign_settings.c.number == 2
        await tx.execute(update(campaign_settings).where(newest).values(reached_to=reached))
    events = await reach_leads(ledger, ACCOUNTS, "spring")
    assert events == [f"enrollment:spring:{lead.lead}/1/criteria" for lead in leads[AT_ONCE + 1 :]]
    assert [row["reached_at"] is None for row in await rows(ledger, campaign_settings)] == [
        False
    ] * 2


async def test_only_the_newest_of_two_edits_counts(ledger: Ledger) -> None:
    await make(ledger)
    lead = a_lead(ledger, stage="Won")
    await enter(ledger, lead)
    await edit_settings(ledger, "spring", {"exits": stage_is("Won")}, ADA)
    await edit_settings(ledger, "spring", {"exits": stage_is("Lost")}, ADA)
    assert await reach_leads(ledger, ACCOUNTS) == []
    assert (await entry_of(ledger, lead))["stop_reason"] is None


async def test_an_edit_of_another_setting_does_not_make_a_waiting_walk_forgotten(
    ledger: Ledger,
) -> None:
    await make(ledger)
    await enter(ledger, a_lead(ledger, stage="Won"))
    await edit_settings(ledger, "spring", {"exits": stage_is("Won")}, ADA)
    await edit_settings(ledger, "spring", {"priority": 3}, ADA)
    assert len(await reach_leads(ledger, ACCOUNTS)) == 1


async def test_an_edited_priority_counts_for_who_is_inside_and_for_who_comes(
    ledger: Ledger,
) -> None:
    await make(ledger, campaign={"lane": "one", "priority": 5})
    await make(ledger, "summer", campaign={"lane": "one", "priority": 6})
    lead = a_lead(ledger)
    await enter(ledger, lead)
    await edit_settings(ledger, "spring", {"priority": 7}, ADA)
    assert (await ask(ledger, lead, "summer")).refused.endswith("priority 7")
    await edit_settings(ledger, "summer", {"priority": 8}, ADA)
    assert (await ask(ledger, lead, "summer", "again")).start is not None
    assert sorted(row["priority"] for row in await rows(ledger, admissions)) == [7, 8]


async def test_an_edited_end_holds_from_its_commit_on_and_null_takes_it_back(
    ledger: Ledger,
) -> None:
    await make(ledger)
    for until, obstacle in (("2026-01-01T00:00:00Z", True), (None, False)):
        await edit_settings(ledger, "spring", {"active_until": until}, ADA)
        async with ledger.reading() as tx:
            assert (await find_obstacle(ledger, tx, "spring") is not None) is obstacle


async def test_an_edit_is_in_the_log_and_one_that_changes_nothing_is_none(ledger: Ledger) -> None:
    await make(ledger)
    for _ in range(2):
        await edit_settings(ledger, "spring", {"priority": 2}, ADA)
    async with ledger.reading() as tx:
        log = await log_of(tx, "default", "spring")
    assert [(line["act"], line["done_by"], line["reason"]) for line in log[2:]] == [
        ("settings edited", "ada", "a test")
    ]
    assert len(await rows(ledger, campaign_settings)) == 2


async def test_publishing_changes_what_the_author_changed_and_keeps_what_was_edited(
    ledger: Ledger,
) -> None:
    await make(ledger, campaign={"priority": 1})
    await edit_settings(ledger, "spring", {"exits": stage_is("Won"), "priority": 9}, ADA)
    await make(ledger, campaign={"priority": 1, "active_until": "2035-01-01T00:00:00Z"})
    async with ledger.reading() as tx:
        settings = await settings_of(tx, "spring")
    assert settings.written() == {
        "priority": 9,
        "active_until": "2035-01-01T00:00:00Z",
        "exits": stage_is("Won"),
    }


@pytest.mark.parametrize(
    "patch",
    [
        {"priority": 1001},
        {"priority": "high"},
        {"active_until": "2035-01-01"},
        {"lane": "other"},
        {"exits": {"on": ["reply"]}},
        {"exits": {"when": {"any": [], "field": "x"}}},
    ],
    ids=str,
)
async def test_what_is_no_setting_changes_nothing(ledger: Ledger, patch: dict[str, Any]) -> None:
    await make(ledger)
    with pytest.raises(ValidationError):
        await edit_settings(ledger, "spring", patch, ADA)
    assert len(await rows(ledger, campaign_settings)) == 1


async def test_exit_criteria_that_ask_for_events_are_refused_where_they_are_new(
    ledger: Ledger,
) -> None:
    for name, exits in (("spring", {}), ("old", {"when": {"event": "clicked"}})):
        await make(ledger, name, campaign={"exits": exits, "lane": name})
        with pytest.raises(ValueError, match="an 'event:' test never holds"):
            await edit_settings(ledger, name, {"exits": {"when": {"event": "opened"}}}, ADA)
        await edit_settings(ledger, name, {"priority": 3}, ADA)


async def test_an_automation_without_a_campaign_has_no_settings(ledger: Ledger) -> None:
    await make(ledger, campaign=None)
    with pytest.raises(NoCampaign, match="has no campaign block"):
        await edit_settings(ledger, "spring", {"priority": 1}, ADA)
