"""Lists of suppressions, written out and read in: each row keeps its reason and its center."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.leads import Lead, put_lead
from activities.ledger.suppressions import (
    phone_key,
    suppress_lead,
    suppress_person,
    suppress_phone,
)
from activities.ledger.tables import effects, leads, suppressions
from config.settings import Settings
from starters.commands.opened import Opened
from starters.commands.suppressing import Said
from starters.commands.suppression_files import read_in
from starters.commands.suppression_lists import write_out
from tests.activities.ledger.scenes import ACCOUNTS, AT, a_lead, rows

HERE = ACCOUNTS.centers["default"]
TWO_CENTERS = Connections(centers={"default": HERE, "west": HERE})
BY = Said("Ada", "a list")


async def a_bounced_lead(ledger: Ledger) -> Lead:
    lead = a_lead(ledger)
    number = phone_key(ledger, "default", "+12025550123")
    async with ledger.transaction() as tx:
        await put_lead(ledger, tx, lead)
        await suppress_person(tx, "default", lead.person, ("bounced", "a bounce", AT))
        await suppress_lead(tx, "default", lead.lead, ("declined", "a reply", AT))
        await suppress_phone(tx, "default", number, ("undeliverable", "a report", AT))
    return lead


async def held(ledger: Ledger) -> list[tuple[Any, ...]]:
    names = ("center", "scope", "subject", "channel", "reason")
    return sorted(tuple(row[name] for name in names) for row in await rows(ledger, suppressions))


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize("is_known", [False, True])
async def test_what_was_no_opt_out_is_none_when_it_comes_back(
    ledger: Ledger, tmp_path: Path, is_lost: bool, is_known: bool
) -> None:
    await a_bounced_lead(ledger)
    here, path = Opened(Settings(), ledger, ACCOUNTS), tmp_path / "all.csv"
    before = await held(ledger)
    await write_out(here, "default", path)
    async with ledger.transaction() as tx:
        if is_lost:
            await tx.execute(suppressions.delete())
        if not is_known:
            await tx.execute(leads.delete())
    done = (await read_in(here, path, "default", BY)).counts
    fates = (done["suppressed"], done["was_suppressed"], done["rejected"])
    assert fates == ((3, 0, 0) if is_lost else (0, 3, 0))
    assert await held(ledger) == before
    assert await rows(ledger, effects) == []  # the CRM is told of no opt-out


async def test_a_bounce_of_a_list_takes_the_place_of_no_opt_out(
    ledger: Ledger, tmp_path: Path
) -> None:
    lead = await a_bounced_lead(ledger)
    here, path = Opened(Settings(), ledger, ACCOUNTS), tmp_path / "all.csv"
    await write_out(here, "default", path)
    async with ledger.transaction() as tx:
        await suppress_person(tx, "default", lead.person, ("unsubscribed", "a click", AT))
    before = await held(ledger)
    await read_in(here, path, "default", BY)
    assert await held(ledger) == before


async def test_a_row_is_of_the_center_that_it_names(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "block.csv"
    path.write_text("email,center\na@x.example,west\nb@x.example,\nc@x.example,east\n")
    here = Opened(Settings(), ledger, TWO_CENTERS)
    done = await read_in(here, path, "default", BY)
    assert (done.counts["suppressed"], done.counts["rejected"]) == (2, 1)
    assert [row[0] for row in await held(ledger)] == ["default", "west"]
    with path.with_name("block.rejected.csv").open(newline="") as text:
        (rejected,) = csv.DictReader(text)
    assert (rejected["line"], rejected["center"]) == ("4", "east")
    assert "center 'east' is not in the connections file, which has default, west" in str(
        rejected["reason"]
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("person,ada@example.com,email,bounced", "no key of a person"),
        ("lead,ada@example.com,email,declined", "lead"),
        ("phone,0123456789abcdef01234567,fax,undeliverable", "'fax' is not one of email, sms"),
    ],
)
async def test_a_row_that_no_list_of_ours_has_is_rejected_and_says_why(
    ledger: Ledger, tmp_path: Path, row: str, said: str
) -> None:
    path = tmp_path / "all.csv"
    path.write_text(f"scope,subject,channel,reason\n{row}\n")
    here = Opened(Settings(), ledger, ACCOUNTS)
    assert (await read_in(here, path, "default", BY)).counts["rejected"] == 1
    with path.with_name("all.rejected.csv").open(newline="") as text:
        columns, (_, why, *_) = csv.reader(text)
    assert columns[1] == "reason"
    assert said in why
